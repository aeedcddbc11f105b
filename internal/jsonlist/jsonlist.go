// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonlist walks a JSON list part by part. A slice of the parts would be
// many times longer than a hostile text of empty ones.
package jsonlist

import (
	"bytes"
	"encoding/json"
	"errors"
)

var (
	// ErrNoList is returned for a JSON value that is no list.
	ErrNoList = errors.New("not a JSON list")
	// ErrTooMany is returned for a list with more parts than the caller takes.
	ErrTooMany = errors.New("list has too many parts")
)

// Each calls fn with each part of a list, in order and good until fn returns, but
// with no more than limit. It stops at the first error, of the text or of fn.
func Each(list json.RawMessage, limit int, fn func(part json.RawMessage) error) error {
	d := json.NewDecoder(bytes.NewReader(list))
	open, err := d.Token()
	if err != nil {
		return err
	}
	if open != json.Delim('[') {
		return ErrNoList
	}
	var part json.RawMessage
	for n := 0; d.More(); n++ {
		if n == limit {
			return ErrTooMany
		}
		if err := d.Decode(&part); err != nil {
			return err
		}
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}
