// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// otherWords are functions whose words look like codes of refusal and are none:
// those of the view's store_problem, and why a partner's record was refused.
var otherWords = []string{"storeCode", "refusalCode"}

// What is said as a code is one; what a function returns may be a word of
// another kind, so that there only words with a hyphen and these count.
var (
	codePattern = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	oneWord     = []string{"forbidden", "locked", "past", "stopping", "timeout", "withheld"}
)

// errorCodes reads the codes with which the node refuses out of its sources:
// what the engine's acts return or map errors to, what the console answers
// with, and what the node's own loop replies.
func errorCodes(t *testing.T) []string {
	t.Helper()
	codes := make(map[string]bool)
	add := func(e ast.Expr, returned bool) {
		l, ok := e.(*ast.BasicLit)
		if !ok || l.Kind != token.STRING {
			return
		}
		if s, err := strconv.Unquote(l.Value); err == nil && codePattern.MatchString(s) &&
			(!returned || strings.Contains(s, "-") || slices.Contains(oneWord, s)) {
			codes[s] = true
		}
	}
	for _, pkg := range []string{"engine", "console", "node"} {
		files, err := filepath.Glob("../internal/" + pkg + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no sources of %s: %v", pkg, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil && !slices.Contains(otherWords, fn.Name.Name) {
					ast.Inspect(fn.Body, func(n ast.Node) bool { return codesIn(n, add) })
				}
			}
		}
	}
	list := make([]string, 0, len(codes))
	for c := range codes {
		list = append(list, c)
	}
	slices.Sort(list)
	return list
}

// codesIn adds what one node of a function says as a code; it reports whether
// to look further inside.
func codesIn(n ast.Node, add func(e ast.Expr, returned bool)) bool {
	isCode := func(e ast.Expr) bool {
		switch x := e.(type) {
		case *ast.Ident:
			return strings.EqualFold(x.Name, "code")
		case *ast.SelectorExpr:
			return x.Sel.Name == "Code"
		}
		return false
	}
	switch x := n.(type) {
	case *ast.ReturnStmt:
		for _, e := range x.Results {
			add(e, true)
		}
	case *ast.CallExpr: // refuse(w, code), refuseWith(w, status, code, params)
		if f, ok := x.Fun.(*ast.Ident); ok && (f.Name == "refuse" || f.Name == "refuseWith") {
			for _, e := range x.Args {
				add(e, false)
			}
		}
	case *ast.AssignStmt: // code = "…", reply.Code = "…"
		for i, e := range x.Rhs {
			if i < len(x.Lhs) && isCode(x.Lhs[i]) {
				add(e, false)
			}
		}
	case *ast.KeyValueExpr: // Reply{Code: "…"}
		if isCode(x.Key) {
			add(x.Value, false)
		}
	case *ast.CompositeLit: // {support.ErrQuota, "quota-exceeded"}
		if x.Type == nil && len(x.Elts) == 2 {
			add(x.Elts[1], true)
		}
	}
	return true
}

// The search of the sources finds what it must find, one of each form, and
// takes no other word for a code.
func TestErrorCodesAreFound(t *testing.T) {
	codes := errorCodes(t)
	if len(codes) < 60 {
		t.Errorf("only %d codes are found: %q", len(codes), codes)
	}
	for _, want := range []string{"no-such-track", "unauthenticated", "locked", "store-failed", "quota-exceeded", "withheld-kept", "bad-request", "second-person", "withheld"} {
		if !slices.Contains(codes, want) {
			t.Errorf("%s is not found", want)
		}
	}
	for _, other := range []string{"held", "recalled", "record", "refused", "kind", "outbox-full"} {
		if slices.Contains(codes, other) {
			t.Errorf("%s is taken for a code", other)
		}
	}
}
