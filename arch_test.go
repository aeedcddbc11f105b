// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package kuroshio_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/kuroshio-watch/kuroshio"

// libraries are usable alone: they import the standard library and each other
// only.
var libraries = []string{
	"geo", "mtt", "gospa", "remoteid", "cot",
	"asterix", "asterix/cat001", "asterix/cat001plot", "asterix/cat001track", "asterix/cat002", "asterix/cat004", "asterix/cat010",
	"asterix/cat015", "asterix/cat016", "asterix/cat019", "asterix/cat020", "asterix/cat021", "asterix/cat021re", "asterix/cat021v023",
	"asterix/cat021v026", "asterix/cat023", "asterix/cat025", "asterix/cat034", "asterix/cat048", "asterix/cat048re", "asterix/cat062",
	"asterix/cat062re", "asterix/cat063", "asterix/cat065", "asterix/cat129",
	"asterix/inspect", "asterix/pcap", "asterix/spec", "asterix/internal/wire", "asterix/internal/cat254",
	"modes", "modes/beast", "modes/avr", "modes/readsb", "modes/sbs", "ais", "ais/catcher", "ais/nmea", "ais/signalk", "internal/jsonread",
}

// ranks lists our packages from the sea to the screen. A package imports only
// packages of a lower rank. A new package is put here in the same commit: that
// is the moment to ask where it belongs. Rank 0 is libraries.
var ranks = [][]string{
	1:  {"internal/drawing", "internal/party", "internal/strict"},
	2:  {"internal/frame", "internal/fuse", "internal/plot", "internal/record"},
	3:  {"internal/decode", "internal/track", "internal/zone"},
	4:  {"internal/watch"},
	5:  {"internal/incident"},
	6:  {"internal/activity", "internal/message", "internal/plan", "internal/recall", "internal/response", "internal/search", "internal/support"},
	7:  {"internal/card", "internal/release"},
	8:  {"internal/engine"},
	9:  {"internal/journal", "packs", "packs/agreements", "packs/phrasebook", "packs/plans", "packs/policies"},
	10: {"internal/keystore"},
	11: {"internal/store", "internal/tape"},
	12: {"internal/feed", "internal/link", "internal/store/storetest", "internal/tape/reel"},
	13: {"internal/dump", "internal/link/linktest", "internal/link/pairing", "internal/openapi", "internal/replay", "internal/trial", "sim", "scenarios", "web"},
	14: {"internal/config", "internal/console"},
	15: {"internal/node"},
	16: {"internal/call", "internal/demo"},
	17: {"cmd/kuroshio"},
}

// tools are programs and helpers that only people and tests run.
var tools = []string{"bench/peers", ".", "internal/corpustest", "internal/cputime", "internal/leaktest", "e2e", "tools/asterixgen", "tools/zonepack", "tools/notices", "tools/openapi"}

const lastPureRank = 8

var impureImports = []string{
	"net", "os", "database", "log", "sync", "syscall", "crypto/rand", "embed", "context", "io/fs", "runtime",
}

var impureTime = []string{"Now", "Since", "Until", "Sleep", "After", "NewTimer", "NewTicker", "Tick", "AfterFunc"}

type file struct {
	name string
	ast  *ast.File
}

// parse returns the non-test files by package directory.
func parse(t *testing.T) (*token.FileSet, map[string][]file) {
	t.Helper()
	fset := token.NewFileSet()
	pkgs := make(map[string][]file)
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != "." && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name()[0] == '.') {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(p) != ".go" || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		f, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err == nil {
			pkgs[path.Dir(p)] = append(pkgs[path.Dir(p)], file{p, f})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return fset, pkgs
}

// rankOf returns the rank of a package, 0 for libraries, -1 for unknown ones
// and 99 for tools, which nothing may import.
func rankOf(pkg string) int {
	if slices.Contains(libraries, pkg) {
		return 0
	}
	if slices.Contains(tools, pkg) {
		return 99
	}
	r := slices.IndexFunc(ranks, func(l []string) bool { return slices.Contains(l, pkg) })
	return r
}

func imports(t *testing.T, f file) []string {
	t.Helper()
	var list []string
	for _, imp := range f.ast.Imports {
		ip, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, ip)
	}
	return list
}

func TestImportsPointUpstreamOnly(t *testing.T) {
	_, pkgs := parse(t)
	for pkg, files := range pkgs {
		from := rankOf(pkg)
		if from < 0 {
			t.Errorf("%s has no rank; put it in ranks in arch_test.go", pkg)
			continue
		}
		for _, f := range files {
			for _, ip := range imports(t, f) {
				own, found := strings.CutPrefix(ip, module+"/")
				if !found || from == 99 {
					continue
				}
				to := rankOf(own)
				if from == 0 && to == 0 {
					continue
				}
				if to < 0 || to >= from {
					t.Errorf("%s (rank %d) imports %s (rank %d), which is not upstream of it", f.name, from, own, to)
				}
			}
		}
	}
}

// TestReleaseIsTheOnlyWayOut holds what ARCHITECTURE.md promises: decisions
// know no link, and nothing but release builds what a link can send.
func TestReleaseIsTheOnlyWayOut(t *testing.T) {
	_, pkgs := parse(t)
	for _, f := range pkgs["internal/link"] {
		for _, ip := range imports(t, f) {
			if ip == module+"/internal/release" || ip == module+"/internal/engine" {
				t.Errorf("%s imports %s: the link sends what the outbox holds and decides nothing", f.name, ip)
			}
		}
	}
	for pkg, files := range pkgs {
		if pkg == "internal/release" {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok {
					return true
				}
				if sel, ok := lit.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sealed" && len(lit.Elts) > 0 {
					t.Errorf("%s builds a Sealed; only release may", f.name)
				}
				return true
			})
		}
	}
}

// TestTheFusedPictureIsForTheScreen holds that what everybody's evidence says
// together goes into the View and nowhere else: no rule, no incident and no
// release rests on it.
func TestTheFusedPictureIsForTheScreen(t *testing.T) {
	_, pkgs := parse(t)
	used := 0
	for pkg, files := range pkgs {
		for _, f := range files {
			for _, ip := range imports(t, f) {
				if ip == module+"/internal/fuse" && pkg != "internal/track" {
					t.Errorf("%s imports internal/fuse; only internal/track may", f.name)
				}
			}
			ast.Inspect(f.ast, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Fuse" {
					used++
					if f.name != "internal/engine/picture.go" {
						t.Errorf("%s asks for the fused picture; only the View may show it", f.name)
					}
				}
				return true
			})
		}
	}
	if used == 0 {
		t.Error("nobody asks for the fused picture")
	}
}

func TestLibrariesStandAlone(t *testing.T) {
	_, pkgs := parse(t)
	for _, lib := range libraries {
		for _, f := range pkgs[lib] {
			for _, ip := range imports(t, f) {
				own, found := strings.CutPrefix(ip, module+"/")
				if found && slices.Contains(libraries, own) {
					continue
				}
				if found || strings.Contains(strings.Split(ip, "/")[0], ".") {
					t.Errorf("%s imports %s; a public library imports the standard library and other libraries only", f.name, ip)
				}
			}
		}
	}
}

func TestPurePackages(t *testing.T) {
	fset, pkgs := parse(t)
	pure := slices.Clone(libraries)
	for _, l := range ranks[:lastPureRank+1] {
		pure = append(pure, l...)
	}
	for _, pkg := range pure {
		for _, f := range pkgs[pkg] {
			for _, ip := range imports(t, f) {
				for _, bad := range impureImports {
					if ip == bad || strings.HasPrefix(ip, bad+"/") {
						t.Errorf("%s imports %s; %s is pure", f.name, ip, pkg)
					}
				}
			}
			inspectPurity(t, fset, f)
		}
	}
}

func inspectPurity(t *testing.T, fset *token.FileSet, f file) {
	t.Helper()
	ast.Inspect(f.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			t.Errorf("%v: goroutine in a pure package", fset.Position(n.Pos()))
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if ok && x.Name == "time" && slices.Contains(impureTime, n.Sel.Name) {
				t.Errorf("%v: time.%s in a pure package; take the time as an argument", fset.Position(n.Pos()), n.Sel.Name)
			}
			if ok && x.Name == "rand" && n.Sel.Name != "Rand" && n.Sel.Name != "New" && n.Sel.Name != "NewPCG" {
				t.Errorf("%v: rand.%s in a pure package; take a *rand.Rand", fset.Position(n.Pos()), n.Sel.Name)
			}
		}
		return true
	})
}

func TestEveryPackageIsDocumentedAndLicensed(t *testing.T) {
	_, pkgs := parse(t)
	for pkg, files := range pkgs {
		if !slices.ContainsFunc(files, func(f file) bool { return f.ast.Doc != nil }) {
			t.Errorf("%s has no package comment", pkg)
		}
		for _, f := range files {
			generated := ast.IsGenerated(f.ast)
			if generated != strings.HasSuffix(f.name, "_gen.go") {
				t.Errorf("%s: generated code, and only that, ends in _gen.go", f.name)
			}
			if !licensed(f) {
				t.Errorf("%s does not start with the licence header", f.name)
			}
		}
	}
}

// licensed reports whether the licence stands before the package clause.
func licensed(f file) bool {
	return slices.ContainsFunc(f.ast.Comments, func(c *ast.CommentGroup) bool {
		return c.Pos() < f.ast.Package && strings.Contains(c.Text(), "SPDX-License-Identifier: Apache-2.0")
	})
}

// The mission forbids weapon assignment, targeting and fire control, and
// software that sets "hostile": no identifier and no text literal for it
// exists.
var forbidden = regexp.MustCompile(`(?i)\b(hostile|faker|fire[- _]?control|weapon[- _]?assign\w*|engage(ment)?[- _]?order|target(ing)?[- _]?solution)\b`)

func TestNoWordForWeaponsOrHostile(t *testing.T) {
	_, pkgs := parse(t)
	for _, files := range pkgs {
		for _, f := range files {
			ast.Inspect(f.ast, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Ident:
					if forbidden.MatchString(n.Name) {
						t.Errorf("%s: identifier %s", f.name, n.Name)
					}
				case *ast.BasicLit:
					if n.Kind == token.STRING && forbidden.MatchString(n.Value) {
						t.Errorf("%s: text %s", f.name, n.Value)
					}
				}
				return true
			})
		}
	}
}

// maxLines is the length at which a file needs a split or an entry below with
// its reason.
const maxLines = 800

func TestFilesStayReadable(t *testing.T) {
	fset, pkgs := parse(t)
	for _, files := range pkgs {
		for _, f := range files {
			if n := fset.Position(f.ast.End()).Line; n > maxLines && !ast.IsGenerated(f.ast) {
				t.Errorf("%s has %d lines; split it", f.name, n)
			}
		}
	}
}

// TestNoConflictMarkers finds what a merge left behind in any text.
func TestNoConflictMarkers(t *testing.T) {
	marker := regexp.MustCompile(`(?m)^(<{7}|>{7}|\|{7}) `)
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.Name() == "node_modules" || d.Name() == "dist" || (p != "." && d.Name()[0] == '.' && d.IsDir()) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() || !slices.Contains([]string{".go", ".md", ".toml", ".json", ".ts", ".svelte", ".css", ".sql", ".sh", ".scenario"}, path.Ext(p)) {
			return nil
		}
		b, err := os.ReadFile(p)
		if m := marker.Find(b); m != nil {
			t.Errorf("%s has a conflict marker", p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
