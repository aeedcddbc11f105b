// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

// Package openapi describes Go types as JSON Schema, as an OpenAPI 3.1 file
// uses it, and holds JSON against such a description. It knows the part of JSON
// Schema that it writes and no more, and serves nothing.
package openapi

import (
	"encoding"
	"encoding/json"
	"path"
	"reflect"
	"strings"
	"time"
)

// Schema is the part of JSON Schema (2020-12) that Go types need.
type Schema struct {
	Ref         string             `json:"$ref,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        string             `json:"type,omitempty"`
	Format      string             `json:"format,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Minimum     *float64           `json:"minimum,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	AnyOf       []*Schema          `json:"anyOf,omitempty"`
	// Values is the schema of a map's values.
	Values *Schema `json:"-"`
	// Closed says that there are no properties beside Properties.
	Closed bool `json:"-"`
}

// MarshalJSON writes Values and Closed as additionalProperties.
func (s *Schema) MarshalJSON() ([]byte, error) {
	type plain Schema
	out := struct {
		*plain
		Additional any `json:"additionalProperties,omitempty"`
	}{plain: (*plain)(s)}
	switch {
	case s.Values != nil:
		out.Additional = s.Values
	case s.Closed:
		out.Additional = false
	}
	return json.Marshal(out)
}

// refPrefix is where named schemas are in the file.
const refPrefix = "#/components/schemas/"

// Types gathers the schemas of named types.
type Types map[string]*Schema

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
	textType = reflect.TypeFor[encoding.TextMarshaler]()
	jsonType = reflect.TypeFor[json.Marshaler]()
)

// Of returns the schema of a type, and adds it and the named structs in it to
// the types.
func (ts Types) Of(t reflect.Type) *Schema {
	switch {
	case t == timeType:
		return &Schema{Type: "string", Format: "date-time"}
	case t == rawType, t.Kind() == reflect.Interface:
		return &Schema{} // anything
	case t.Implements(textType) || reflect.PointerTo(t).Implements(textType):
		return &Schema{Type: "string"}
	case t.Implements(jsonType) || reflect.PointerTo(t).Implements(jsonType):
		return &Schema{}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return ts.Of(t.Elem())
	case reflect.Struct:
		return ts.named(t)
	case reflect.Map:
		return &Schema{Type: "object", Values: ts.Of(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return &Schema{Type: "string", Format: "byte"}
		}
		return &Schema{Type: "array", Items: ts.Of(t.Elem())}
	case reflect.Array:
		return &Schema{Type: "array", Items: ts.Of(t.Elem())}
	}
	return scalar(t)
}

func scalar(t reflect.Type) *Schema {
	zero := 0.0
	switch t.Kind() {
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Float32, reflect.Float64:
		return &Schema{Type: "number"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return &Schema{Type: "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &Schema{Type: "integer", Minimum: &zero}
	}
	return &Schema{}
}

// named puts a struct among the types. One without a name stands where it is
// used.
func (ts Types) named(t reflect.Type) *Schema {
	if t.Name() == "" {
		return ts.object(t)
	}
	name := path.Base(t.PkgPath()) + "." + t.Name()
	if _, ok := ts[name]; !ok {
		ts[name] = nil // a type may hold itself
		ts[name] = ts.object(t)
	}
	return &Schema{Ref: refPrefix + name}
}

func (ts Types) object(t reflect.Type) *Schema {
	s := &Schema{Type: "object", Properties: make(map[string]*Schema), Closed: true}
	ts.fields(t, s)
	return s
}

// fields adds the fields as encoding/json writes them; those of an embedded
// struct are the outer one's.
func (ts Types) fields(t reflect.Type, s *Schema) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			ts.fields(f.Type, s)
			continue
		case !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		p := ts.Of(f.Type)
		optional := strings.Contains(options, "omit")
		if f.Type.Kind() == reflect.Pointer && !optional {
			p = &Schema{AnyOf: []*Schema{p, {Type: "null"}}}
		}
		s.Properties[name] = p
		if !optional {
			s.Required = append(s.Required, name)
		}
	}
}
