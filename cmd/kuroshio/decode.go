// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/kuroshio-watch/kuroshio/internal/dump"
)

type decodeCmd struct {
	Format  string            `arg:"" help:"Format of the files: ${formats}."`
	File    []string          `arg:"" help:"Recordings; gzip is unpacked, - is standard input."`
	Select  []string          `placeholder:"NAME[=VALUE]" help:"With =VALUE write only the lines in which it holds, without it only the fields named; names go into objects with dots, as val.040.RHO."`
	Stats   bool              `help:"Write counts as one JSON object instead of lines."`
	Edition map[string]string `placeholder:"CAT=EDITION" help:"Edition to read an ASTERIX category by, as 021=0.23."`
}

// formatNames returns the formats for the help.
func formatNames() string {
	var b []byte
	for i, f := range dump.Formats() {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, f.Name...)
	}
	return string(b)
}

// Run writes the files as JSON lines.
func (c *decodeCmd) Run(ctx context.Context, s streams) error {
	sel, err := dump.ParseSelection(c.Select)
	if err != nil {
		return err
	}
	o := dump.Options{Editions: map[byte]string{}}
	for cat, edition := range c.Edition {
		n, err := strconv.ParseUint(cat, 10, 8)
		if err != nil {
			return fmt.Errorf("edition %s=%s: want a category number", cat, edition)
		}
		o.Editions[byte(n)] = edition
	}
	d, err := dump.New(c.Format, o)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(s.out, 1<<16)
	out := dump.NewOut(w, sel)
	if c.Stats {
		out = dump.NewOut(nil, sel)
	}
	for _, name := range c.File {
		if err := decodeFile(ctx, name, s, func(r io.Reader) error { return d.Decode(r, out) }); err != nil {
			_ = w.Flush() // what came before the fault is worth having; the fault is told
			return fmt.Errorf("decode %s: %w", name, err)
		}
	}
	if c.Stats {
		if err := printJSON(w, d.Stats()); err != nil {
			return err
		}
	}
	if lines, refused := out.Counts(); refused > 0 {
		fmt.Fprintf(s.err, "%d records, %d refusals\n", lines, refused)
	}
	return w.Flush()
}

// decodeFile opens a file, unpacks it and shows progress on a terminal.
func decodeFile(ctx context.Context, name string, s streams, decode func(io.Reader) error) error {
	in, size := s.in, int64(0)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close() //nolint:errcheck // read only
		if info, err := f.Stat(); err == nil {
			size = info.Size()
		}
		in = f
	}
	p := &progress{ctx: ctx, r: in, size: size}
	if f, ok := s.err.(*os.File); ok && isTerminal(f) && !isTerminal(s.out) {
		p.w = f
	}
	defer p.clear()
	buffered := bufio.NewReaderSize(p, 1<<16)
	if magic, _ := buffered.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return err
		}
		return decode(z)
	}
	return decode(buffered)
}

// isTerminal says whether people see what is written there.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// progress counts what is read and says so every few megabytes. It ends the
// reading when the command is interrupted.
type progress struct {
	ctx   context.Context //nolint:containedctx // io.Reader has no argument for it
	r     io.Reader
	w     io.Writer // nil: nobody looks
	size  int64     // 0: unknown
	read  int64
	shown int64
}

const progressStep = 8 << 20

// Read implements io.Reader.
func (p *progress) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.read += int64(n)
	if p.w != nil && p.read-p.shown >= progressStep {
		p.shown = p.read
		of := ""
		if p.size > 0 {
			of = fmt.Sprintf(" of %d", p.size>>20)
		}
		fmt.Fprintf(p.w, "\rread %d%s MB ", p.read>>20, of)
	}
	return n, err
}

// clear removes the progress from the terminal.
func (p *progress) clear() {
	if p.shown > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
