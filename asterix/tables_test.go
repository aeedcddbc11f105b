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
	"github.com/kuroshio-watch/kuroshio/asterix/cat034"
	"github.com/kuroshio-watch/kuroshio/asterix/cat048"
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

func categories(t testing.TB) map[byte]category {
	t.Helper()
	return map[byte]category{
		34: {load(t, "spec/cat034.def"), func() record { return new(cat034.Record) }},
		48: {load(t, "spec/cat048.def"), func() record { return new(cat048.Record) }},
		// Made up, with every form that an item can have.
		254: {load(t, "internal/cat254/cat254.def"), func() record { return new(cat254.Record) }},
	}
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
func physical(v reflect.Value, f *spec.Field) float64 {
	n := new(big.Rat)
	if f.Kind == spec.Signed {
		n.SetInt64(v.Int())
	} else {
		n.SetInt(new(big.Int).SetUint64(v.Uint()))
	}
	x, _ := n.Mul(n, f.LSB).Float64()
	return x
}

// checkMethod compares the generated conversion of a quantity with the product.
func checkMethod(item reflect.Value, f *spec.Field) error {
	if f.LSB == nil {
		return nil
	}
	got := item.MethodByName(f.Method).Call(nil)[0].Float()
	if want := physical(goField(item, f), f); !within1ULP(got, want) {
		return fmt.Errorf("%s() = %v, want %v", f.Method, got, want)
	}
	return nil
}
