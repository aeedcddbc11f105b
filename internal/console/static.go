// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// asset is a body that stays the same while the node runs.
type asset struct {
	kind    string // media type
	body    []byte
	gzipped []byte // nil where it saves nothing
	tag     string
	hashed  bool // its name changes with its content
}

// mediaTypes are those that the page is made of.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2",
	".json": "application/json", ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8",
}

func newAsset(kind string, body []byte, hashed bool) *asset {
	sum := sha256.Sum256(body)
	a := &asset{kind: kind, body: body, hashed: hashed, tag: base64.RawURLEncoding.EncodeToString(sum[:12])}
	if strings.HasPrefix(kind, "image/png") || strings.HasPrefix(kind, "font/") {
		return a
	}
	var z bytes.Buffer
	gz := gzip.NewWriter(&z)
	_, _ = gz.Write(body) // a buffer takes all
	_ = gz.Close()
	if z.Len() < len(body)*9/10 {
		a.gzipped = z.Bytes()
	}
	return a
}

// serve answers with the asset; Cache-Control is the caller's.
func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // a recorder has none
	h := w.Header()
	h.Set("Content-Type", a.kind)
	body, tag := a.body, a.tag
	if a.gzipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if takesGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body, tag = a.gzipped, tag+"-gz"
		}
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0")
		}
	}
	return false
}

// loadAssets reads the page. Names under assets/ carry a hash of the content.
func loadAssets(dist fs.FS) (map[string]*asset, error) {
	files := make(map[string]*asset)
	if dist == nil {
		return files, nil
	}
	err := fs.WalkDir(dist, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		body, err := fs.ReadFile(dist, p)
		if err != nil {
			return err
		}
		kind, ok := mediaTypes[path.Ext(p)]
		if !ok {
			kind = "application/octet-stream"
		}
		files["/"+p] = newAsset(kind, body, strings.HasPrefix(p, "assets/"))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read page: %w", err)
	}
	if index := files["/index.html"]; index != nil {
		files["/"] = index
	}
	return files, nil
}

// static serves the page.
func (c *console) static(w http.ResponseWriter, r *http.Request) {
	if method(r) != http.MethodGet {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a, ok := c.files[r.URL.Path]
	if !ok {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	if a.hashed {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	a.serve(w, r)
}
