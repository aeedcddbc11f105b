// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package asterix_test

import (
	"fmt"
	"math/big"
	"os"
	"reflect"
	"testing"

	"github.com/kuroshio-watch/kuroshio/asterix"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001plot"
	"github.com/kuroshio-watch/kuroshio/asterix/cat001track"
	"github.com/kuroshio-watch/kuroshio/asterix/cat002"
	"github.com/kuroshio-watch/kuroshio/asterix/cat004"
	"github.com/kuroshio-watch/kuroshio/asterix/cat010"
	"github.com/kuroshio-watch/kuroshio/asterix/cat015"
	"github.com/kuroshio-watch/kuroshio/asterix/cat016"
	"github.com/kuroshio-watch/kuroshio/asterix/cat019"
	"github.com/kuroshio-watch/kuroshio/asterix/cat020"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021re"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v023"
	"github.com/kuroshio-watch/kuroshio/asterix/cat021v026"
	"github.com/kuroshio-watch/kuroshio/asterix/cat023"
	"github.com/kuroshio-watch/kuroshio/asterix/cat025"
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048re"
	"github.com/kuroshio-watch/kuroshio/asterix/cat062"
	"github.com/kuroshio-watch/kuroshio/asterix/cat062re"
	"github.com/kuroshio-watch/kuroshio/asterix/cat063"
	"github.com/kuroshio-watch/kuroshio/asterix/cat065"
	"github.com/kuroshio-watch/kuroshio/asterix/cat129"
	"github.com/kuroshio-watch/kuroshio/asterix/internal/cat254"
	"github.com/kuroshio-watch/kuroshio/asterix/spec"
)

// record is what every generated category offers.
type record interface {
	asterix.Decoder
	Append(dst []byte) ([]byte, error)
	Items(yield func(item string, raw []byte) bool)
}

// category joins a generated package with its table, so that every check runs
// on every category.
type category struct {
	table *spec.Category
	fresh func() record
}

// categories returns every generated package by its name.
func categories(t testing.TB) map[string]category {
	t.Helper()
	plots := load(t, "spec/cat001.def")
	return map[string]category{
		"cat001plot":  {plots.Of("plot"), func() record { return new(cat001plot.Record) }},
		"cat001track": {plots.Of("track"), func() record { return new(cat001track.Record) }},
		"cat002":      {load(t, "spec/cat002.def"), func() record { return new(cat002.Record) }},
		"cat004":      {load(t, "spec/cat004.def"), func() record { return new(cat004.Record) }},
		"cat010":      {load(t, "spec/cat010.def"), func() record { return new(cat010.Record) }},
		"cat015":      {load(t, "spec/cat015.def"), func() record { return new(cat015.Record) }},
		"cat016":      {load(t, "spec/cat016.def"), func() record { return new(cat016.Record) }},
		"cat019":      {load(t, "spec/cat019.def"), func() record { return new(cat019.Record) }},
		"cat020":      {load(t, "spec/cat020.def"), func() record { return new(cat020.Record) }},
		"cat021":      {load(t, "spec/cat021.def"), func() record { return new(cat021.Record) }},
		"cat021re":    {load(t, "spec/cat021re.def"), func() record { return new(cat021re.Record) }},
		"cat021v023":  {load(t, "spec/cat021v023.def"), func() record { return new(cat021v023.Record) }},
		"cat021v026":  {load(t, "spec/cat021v026.def"), func() record { return new(cat021v026.Record) }},
		"cat023":      {load(t, "spec/cat023.def"), func() record { return new(cat023.Record) }},
		"cat025":      {load(t, "spec/cat025.def"), func() record { return new(cat025.Record) }},
		"cat034":      {load(t, "spec/cat034.def"), func() record { return new(cat034.Record) }},
		"cat048":      {load(t, "spec/cat048.def"), func() record { return new(cat048.Record) }},
		"cat048re":    {load(t, "spec/cat048re.def"), func() record { return new(cat048re.Record) }},
		"cat062":      {load(t, "spec/cat062.def"), func() record { return new(cat062.Record) }},
		"cat062re":    {load(t, "spec/cat062re.def"), func() record { return new(cat062re.Record) }},
		"cat063":      {load(t, "spec/cat063.def"), func() record { return new(cat063.Record) }},
		"cat065":      {load(t, "spec/cat065.def"), func() record { return new(cat065.Record) }},
		"cat129":      {load(t, "spec/cat129.def"), func() record { return new(cat129.Record) }},
		// Made up, with every form that an item can have.
		"cat254": {load(t, "internal/cat254/cat254.def"), func() record { return new(cat254.Record) }},
	}
}

// byNumber returns the packages that read a category where no edition is named.
func byNumber(t testing.TB) map[byte]category {
	t.Helper()
	out := map[byte]category{}
	for name, c := range categories(t) {
		if len(name) == len("cat000") {
			out[byte(c.table.Number)] = c
		}
	}
	return out
}

func load(t testing.TB, name string) *spec.Category {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := spec.Parse(f)
	if err != nil {
		t.Fatalf("parse %s: %v", name, err)
	}
	return c
}

// elem returns the struct behind a record.
func elem(r record) reflect.Value { return reflect.ValueOf(r).Elem() }

func rawOf(r record) []byte { return elem(r).FieldByName("Raw").Bytes() }

func fspecLen(r record) int { return int(elem(r).FieldByName("FSPECLen").Uint()) }

func slot(i int) uint64 { return 1 << (63 - i) }

// goField returns the Go value of a field of an item, or the item for a scalar.
func goField(item reflect.Value, f *spec.Field) reflect.Value {
	if f.Name == "." {
		return item
	}
	return item.FieldByName(f.GoName)
}

// physical returns raw x LSB, exact and then rounded once.
func physical(v reflect.Value, f *spec.Field) float64 { return product(v, f, f.LSB) }

func product(v reflect.Value, f *spec.Field, lsb *big.Rat) float64 {
	n := new(big.Rat)
	if f.Kind == spec.Signed {
		n.SetInt64(v.Int())
	} else {
		n.SetInt(new(big.Int).SetUint64(v.Uint()))
	}
	x, _ := n.Mul(n, lsb).Float64()
	return x
}

// checkMethod compares the generated conversions of a quantity with the product.
func checkMethod(item reflect.Value, f *spec.Field) error {
	if f.LSB == nil {
		return nil
	}
	readings := append([]spec.Reading{{LSB: f.LSB, Method: f.Method}}, f.Others...)
	for _, q := range readings {
		got := item.MethodByName(q.Method).Call(nil)[0].Float()
		if want := product(goField(item, f), f, q.LSB); !within1ULP(got, want) {
			return fmt.Errorf("%s() = %v, want %v", q.Method, got, want)
		}
	}
	return nil
}
