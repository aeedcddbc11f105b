// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package call

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kuroshio-watch/kuroshio/internal/openapi"
)

// Body makes a request's body of "key=value" arguments. Keys go into objects by
// dots, and into a list of objects by the element's number, from 0; a list's
// elements are separated by commas; an object, or a list of objects, may be JSON;
// "key=@FILE" takes the value from a file.
func Body(types openapi.Types, s *openapi.Schema, args []string, file func(name string) ([]byte, error)) (map[string]any, error) {
	body := make(map[string]any)
	for _, arg := range args {
		key, text, ok := strings.Cut(arg, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("argument %q: want key=value", arg)
		}
		if name, from := strings.CutPrefix(text, "@"); from {
			b, err := file(name)
			if err != nil {
				return nil, fmt.Errorf("argument %s: %w", key, err)
			}
			text = strings.TrimRight(string(b), "\r\n")
		}
		if err := put(types, s, body, strings.Split(key, "."), key, text); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func put(types openapi.Types, ref *openapi.Schema, into map[string]any, path []string, key, text string) error {
	s := types.Find(ref)
	if s == nil {
		return fmt.Errorf("argument %s: the node's description is incomplete", key)
	}
	p := s.Properties[path[0]]
	if p == nil {
		return fmt.Errorf("argument %s: %q is not taken here; there are %s", key, path[0], strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", "))
	}
	if list := types.Find(p); len(path) > 2 && list != nil && list.Type == "array" {
		return putElement(types, list, into, path, key, text)
	}
	if len(path) > 1 {
		below, ok := into[path[0]].(map[string]any)
		if !ok {
			if into[path[0]] != nil {
				return fmt.Errorf("argument %s: %s has a value already", key, path[0])
			}
			below = make(map[string]any)
			into[path[0]] = below
		}
		return put(types, p, below, path[1:], key, text)
	}
	if into[path[0]] != nil {
		return fmt.Errorf("argument %s: given twice", key)
	}
	v, err := value(types, p, text)
	if err != nil {
		return fmt.Errorf("argument %s: %w", key, err)
	}
	into[path[0]] = v
	return nil
}

// maxElements bounds a list that is written element by element.
const maxElements = 64

// putElement goes into the element whose number the path names; it may be the
// one behind the last.
func putElement(types openapi.Types, list *openapi.Schema, into map[string]any, path []string, key, text string) error {
	have, ok := into[path[0]].([]any)
	if !ok && into[path[0]] != nil {
		return fmt.Errorf("argument %s: %s has a value already", key, path[0])
	}
	i, err := strconv.Atoi(path[1])
	if err != nil || i < 0 || i > len(have) || i >= maxElements {
		return fmt.Errorf("argument %s: element %q: want the next number of the list, from 0", key, path[1])
	}
	if i == len(have) {
		have = append(have, make(map[string]any))
		into[path[0]] = have
	}
	element, ok := have[i].(map[string]any)
	if !ok {
		return fmt.Errorf("argument %s: %s has a value already", key, path[0])
	}
	return put(types, list.Items, element, path[2:], key, text)
}

// value reads one value in the type that the schema says.
func value(types openapi.Types, ref *openapi.Schema, text string) (any, error) {
	s := types.Find(ref)
	if s != nil && len(s.AnyOf) > 0 {
		s = types.Find(s.AnyOf[0])
	}
	if s == nil {
		return nil, fmt.Errorf("%q has no type", text)
	}
	switch s.Type {
	case "string":
		return text, nil
	case "boolean":
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, fmt.Errorf("%q: want true or false", text)
		}
		return b, nil
	case "integer", "number":
		var n json.Number
		if err := json.Unmarshal([]byte(text), &n); err != nil || strings.HasPrefix(text, `"`) || text == "null" {
			return nil, fmt.Errorf("%q: want a number", text)
		}
		return n, nil
	case "array":
		return elements(types, s, text)
	}
	var v json.RawMessage
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("%q: want JSON", text)
	}
	return v, nil
}

func elements(types openapi.Types, s *openapi.Schema, text string) (any, error) {
	if strings.HasPrefix(text, "[") {
		var v json.RawMessage
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return nil, fmt.Errorf("%q: want JSON", text)
		}
		return v, nil
	}
	list := []any{}
	if text == "" {
		return list, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		v, err := value(types, s.Items, strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// Pick returns what is at a path such as "incidents.0.lead" in a JSON text.
func Pick(b json.RawMessage, path string) (json.RawMessage, error) {
	path = strings.NewReplacer("[", ".", "]", "").Replace(path)
	for step := range strings.SplitSeq(path, ".") {
		if step == "" || step == "$" {
			continue
		}
		var o map[string]json.RawMessage
		var l []json.RawMessage
		switch {
		case json.Unmarshal(b, &l) == nil && l != nil:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(l) {
				return nil, fmt.Errorf("path %s: %q is no place in a list of %d", path, step, len(l))
			}
			b = l[i]
		case json.Unmarshal(b, &o) == nil && o[step] != nil:
			b = o[step]
		default:
			return nil, fmt.Errorf("path %s: there is no %q", path, step)
		}
	}
	return b, nil
}
