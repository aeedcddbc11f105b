// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Arg is one argument of a command as a person or a scenario writes it: the
// field's name in JSON, with dots into what it holds ("message.code"), and its
// value. A list is written with commas.
type Arg struct {
	Key, Value string
}

// Compose makes the command that the arguments describe. It refuses names that
// the command does not have and values that do not fit; who acts is the
// session's to say.
func Compose(verb string, args []Arg) (Command, error) {
	c := Command{Verb: verb}
	for _, a := range args {
		if a.Key == "verb" {
			return Command{}, fmt.Errorf("argument %q: the verb stands apart", a.Key)
		}
		if err := setArg(&c, a); err != nil {
			return Command{}, fmt.Errorf("argument %q: %w", a.Key, err)
		}
	}
	return c, nil
}

// setArg puts an argument into what v points to.
func setArg(v any, a Arg) error {
	return set(reflect.ValueOf(v).Elem(), strings.Split(a.Key, "."), a.Value)
}

// set puts a value into the field that the path names, and makes what lies on
// the way.
func set(v reflect.Value, path []string, s string) error {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	if len(path) == 0 {
		return assign(v, s)
	}
	if v.Kind() == reflect.Slice {
		return setElement(v, path, s)
	}
	if v.Kind() != reflect.Struct {
		return fmt.Errorf("nothing is called %q there", path[0])
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			if set(v.Field(i), path, s) == nil {
				return nil
			}
			continue
		}
		if name == path[0] && name != "-" {
			return set(v.Field(i), path[1:], s)
		}
	}
	return fmt.Errorf("nothing is called %q; there are %s", path[0], strings.Join(names(v.Type()), ", "))
}

// maxElements bounds a list that is written element by element.
const maxElements = 64

// setElement goes into the element whose number, from 0, the path names; it
// may be the one behind the last.
func setElement(v reflect.Value, path []string, s string) error {
	i, err := strconv.Atoi(path[0])
	if err != nil || i < 0 || i > v.Len() || i >= maxElements {
		return fmt.Errorf("element %q: want the next number of the list, from 0", path[0])
	}
	if i == v.Len() {
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	}
	return set(v.Index(i), path[1:], s)
}

// names lists what a struct's fields are called.
func names(t reflect.Type) []string {
	var list []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" && name != "-" {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// assign reads s as the kind of v.
func assign(v reflect.Value, s string) (err error) {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(s))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		var b bool
		if b, err = yes(s); err == nil {
			v.SetBool(b)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		if n, err = strconv.ParseInt(s, 10, v.Type().Bits()); err == nil {
			v.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		var n uint64
		if n, err = strconv.ParseUint(s, 10, v.Type().Bits()); err == nil {
			v.SetUint(n)
		}
	case reflect.Float64:
		var x float64
		if x, err = strconv.ParseFloat(s, 64); err == nil {
			v.SetFloat(x)
		}
	case reflect.Slice:
		for part := range strings.SplitSeq(s, ",") {
			element := reflect.New(v.Type().Elem()).Elem()
			if err := assign(element, strings.TrimSpace(part)); err != nil {
				return err
			}
			v.Set(reflect.Append(v, element))
		}
	default:
		return fmt.Errorf("has parts: %s", strings.Join(names(v.Type()), ", "))
	}
	if err != nil {
		return fmt.Errorf("%q: want %s", s, v.Kind())
	}
	return nil
}

func yes(s string) (bool, error) {
	switch s {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return strconv.ParseBool(s)
}
