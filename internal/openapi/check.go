// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Check says where a JSON text is not as the schema says; nil where it is.
func (ts Types) Check(s *Schema, body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return ts.check("$", s, v)
}

// Find follows a reference.
func (ts Types) Find(s *Schema) *Schema {
	for s != nil && s.Ref != "" {
		s = ts[strings.TrimPrefix(s.Ref, refPrefix)]
	}
	return s
}

func (ts Types) check(at string, ref *Schema, v any) error {
	s := ts.Find(ref)
	if s == nil {
		return fmt.Errorf("%s: no schema is called %s", at, ref.Ref)
	}
	if len(s.AnyOf) > 0 {
		var err error
		for _, one := range s.AnyOf {
			if err = ts.check(at, one, v); err == nil {
				return nil
			}
		}
		return err
	}
	switch s.Type {
	case "":
		return nil
	case "object":
		return ts.checkObject(at, s, v)
	case "array":
		l, ok := v.([]any)
		if !ok {
			return wrong(at, s, v)
		}
		for i, x := range l {
			if err := ts.check(at+"["+strconv.Itoa(i)+"]", s.Items, x); err != nil {
				return err
			}
		}
		return nil
	}
	return checkScalar(at, s, v)
}

func wrong(at string, s *Schema, v any) error {
	return fmt.Errorf("%s: want %s, got %T", at, strings.TrimSpace(s.Type+" "+s.Format), v)
}

func (ts Types) checkObject(at string, s *Schema, v any) error {
	o, ok := v.(map[string]any)
	if !ok {
		return wrong(at, s, v)
	}
	for _, name := range s.Required {
		if _, ok := o[name]; !ok {
			return fmt.Errorf("%s: %s is missing", at, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o)) {
		p := s.Properties[name]
		if p == nil {
			p = s.Values
		}
		if p == nil {
			if s.Closed {
				return fmt.Errorf("%s: %s is not described", at, name)
			}
			continue
		}
		if err := ts.check(at+"."+name, p, o[name]); err != nil {
			return err
		}
	}
	return nil
}

func checkScalar(at string, s *Schema, v any) error {
	ok := false
	switch s.Type {
	case "null":
		ok = v == nil
	case "boolean":
		_, ok = v.(bool)
	case "string":
		var text string
		if text, ok = v.(string); ok && s.Format == "date-time" {
			_, err := time.Parse(time.RFC3339Nano, text)
			ok = err == nil
		}
		ok = ok && (len(s.Enum) == 0 || slices.Contains(s.Enum, text))
	case "number", "integer":
		n, is := v.(json.Number)
		f, err := n.Float64()
		ok = is && err == nil && (s.Type == "number" || f == math.Trunc(f)) && (s.Minimum == nil || f >= *s.Minimum)
	}
	if !ok {
		if len(s.Enum) > 0 {
			return fmt.Errorf("%s: %v is none of %q", at, v, s.Enum)
		}
		return wrong(at, s, v)
	}
	return nil
}
