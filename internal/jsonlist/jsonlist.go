// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package jsonlist walks a JSON list part by part, and finds one in an object. A slice of the parts would be
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
	// ErrNoObject is returned for a JSON value that is no object.
	ErrNoObject = errors.New("not a JSON object")
	// ErrTooMany is returned for a list with more parts than the caller takes.
	ErrTooMany = errors.New("list has too many parts")
)

// Each calls fn with each part of a list, in order and good until fn returns, but
// with no more than limit. It stops at the first error, of the text or of fn.
func Each(list json.RawMessage, limit int, fn func(part json.RawMessage) error) error {
	return EachAt(list, limit, func(_ int, part json.RawMessage) error { return fn(part) })
}

// EachAt is Each that also says how many octets of the list stand before a part.
func EachAt(list json.RawMessage, limit int, fn func(offset int, part json.RawMessage) error) error {
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
		if err := fn(int(d.InputOffset())-len(part), part); err != nil {
			return err
		}
	}
	return nil
}

// Walk is EachAt that also ends, with all false, where fn wants no more.
func Walk(list json.RawMessage, limit int, fn func(offset int, part json.RawMessage) (more bool, err error)) (all bool, err error) {
	err = EachAt(list, limit, func(offset int, part json.RawMessage) error {
		more, err := fn(offset, part)
		if err == nil && !more {
			return errEnough
		}
		return err
	})
	if errors.Is(err, errEnough) {
		return false, nil
	}
	return true, err
}

var errEnough = errors.New("enough")

// Field returns the value of a key of a JSON object, of several the last, and how
// many octets stand before it; nil where there is none. What follows the object
// is not looked at.
func Field(object json.RawMessage, key string) (value json.RawMessage, offset int, err error) {
	d := json.NewDecoder(bytes.NewReader(object))
	open, err := d.Token()
	if err != nil {
		return nil, 0, err
	}
	if open != json.Delim('{') {
		return nil, 0, ErrNoObject
	}
	var v json.RawMessage
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, 0, err
		}
		if err := d.Decode(&v); err != nil {
			return nil, 0, err
		}
		if name == key {
			value, offset = object[int(d.InputOffset())-len(v):d.InputOffset()], int(d.InputOffset())-len(v)
		}
	}
	_, err = d.Token()
	return value, offset, err
}
