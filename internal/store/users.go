// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"
)

// User is a person who may log in.
type User struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	Hash     string `json:"-"` // argon2id, PHC string
	Lang     string `json:"lang"`
	Disabled bool   `json:"disabled,omitempty"`
}

// Users lists all users by name.
func (s *Store) Users(ctx context.Context) ([]User, error) {
	var list []User
	err := each(ctx, s.r, func(r rows) error {
		var u User
		err := r.Scan(&u.Name, &u.Role, &u.Hash, &u.Lang, &u.Disabled)
		list = append(list, u)
		return storeError(err)
	}, `SELECT name, role, hash, lang, disabled FROM users ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return list, nil
}

// User returns the user of that name, or ErrNotFound.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	u := User{Name: name}
	ok, err := one(ctx, s.r, []any{&u.Role, &u.Hash, &u.Lang, &u.Disabled},
		`SELECT role, hash, lang, disabled FROM users WHERE name = $1`, name)
	if err == nil && !ok {
		err = ErrNotFound
	}
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// PutUser adds a user or changes the one of that name.
func (s *Store) PutUser(ctx context.Context, u User) error {
	if u.Name == "" || u.Role == "" || u.Hash == "" {
		return errors.New("write user: name, role or hash is missing")
	}
	return s.update(ctx, "write user", func(t *txn) error {
		_, err := t.exec(ctx, "user", `INSERT INTO users (name, role, hash, lang, disabled) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (name) DO UPDATE SET role = excluded.role, hash = excluded.hash,
			lang = excluded.lang, disabled = excluded.disabled`, u.Name, u.Role, u.Hash, u.Lang, u.Disabled)
		return err
	})
}

// DeleteUser removes the user of that name, or returns ErrNotFound. The audit
// log keeps the name.
func (s *Store) DeleteUser(ctx context.Context, name string) error {
	return s.update(ctx, "delete user", func(t *txn) error {
		n, err := t.exec(ctx, "user", `DELETE FROM users WHERE name = $1`, name)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}
