// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package cot_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kuroshio-watch/kuroshio/cot"
)

// full sets every field and makes the Reader use all of its memory, so that what
// is left of it in the next event would show.
const full = head + ` access="a&amp;b" qos="1" opex="e" caveat="c" releasableTo="r"><point lat="1" lon="2" hae="3" ce="4" le="5"/><detail>` +
	`<contact callsign="&#x53F0;" endpoint="e"/><__group name="g" role="r"/><precisionlocation geopointsrc="s" altsrc="t"/><status battery="7"/>` +
	`<takv device="d" platform="p" os="o" version="v"/><track course="1" speed="2"/><remarks>left</remarks></detail></event>`

// asBefore reads b as an event, and as the detail of one, and wants of both what
// encoding/xml gives.
func asBefore(t interface {
	Helper()
	Errorf(string, ...any)
	Fatal(...any)
}, b []byte,
) {
	t.Helper()
	var r cot.Reader
	if _, err := r.XML([]byte(full)); err != nil {
		t.Fatal(err)
	}
	want, wantErr := oracleXML(b)
	got, err := r.XML(b)
	equal(t.Errorf, "event", b, want, got, wantErr, err)
	e := plain()
	e.Detail = b
	sound := oracleWellFormed(string(b))
	if err := e.Validate(); len(b) <= cot.MaxEvent && (err == nil) != sound {
		t.Errorf("detail %q: %v; encoding/xml finds it well formed: %t", b, err, sound)
	}
	if !sound || !utf8.Valid(b) || len(b) > cot.MaxEvent-1000 {
		return
	}
	want, wantErr = oracleXML([]byte(head + "><detail>" + string(b) + "</detail></event>"))
	got, err = r.Proto(withDetail(b))
	equal(t.Errorf, "detail", b, want, got, wantErr, err)
}

func equal(report func(string, ...any), what string, b []byte, want, got *cot.Event, wantErr, err error) {
	for _, kind := range []error{cot.ErrRefused, cot.ErrSyntax, cot.ErrTooLong, cot.ErrMissing, cot.ErrValue, cot.ErrForbidden} {
		if errors.Is(err, kind) != errors.Is(wantErr, kind) {
			report("%s %q: %v, by encoding/xml %v", what, b, err, wantErr)
			return
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		report("%s %q (-encoding/xml +in place):\n%s", what, b, d)
	}
}

// withDetail is a TakMessage of a plain event with a detail in XML.
func withDetail(xml []byte) []byte {
	e := plain()
	message, err := cot.AppendProto(nil, &e)
	if err != nil {
		panic(err)
	}
	_, n := binary.Uvarint(message[1:])
	field := func(key byte, b []byte) []byte {
		return append(binary.AppendUvarint([]byte{key}, uint64(len(b))), b...)
	}
	return field(0x12, append(message[1+n:], field(0x7A, field(0x0A, xml))...))
}

// odd are documents in which a reader of XML can go wrong.
func odd() []string {
	body := func(s string) string { return head + ">" + s + "</event>" }
	in := func(s string) string { return body("<detail>" + s + "</detail>") }
	list := []string{
		full,
		"", " ", "<", "</", "<?", "<!", "<!-", "<!--", "<![CDATA[", "<event", "<event ", "</event>", "x" + body(""), body("") + "x", body("") + body(""),
		"\xEF\xBB\xBF" + body(""), "&#32;\u00A0<![CDATA[ ]]>" + body("") + "\u0085&#x20;<!-- --><?p?>\r\n", body("") + "<![CDATA[x]]>", body("") + "&#x21;",
		`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + body(""), `<?xml version='1.1'?>` + body(""), `<?xml version=""?>` + body(""),
		`<?xml encoding='latin-1'?>` + body(""), `<?xml encoding="Utf-8"?>` + body(""), `<?xml version=x version="2"?>` + body(""), `<?xml version=?>` + body(""),
		`<?xml version="1.0?>` + body(""), `<?xml aversion="3"?>` + body(""), `<?xml?>` + body(""), body(`<?xml version="9"?>`), "<?a:b:c d>?>" + body(""),
		"<?1?>" + body(""), "<? a?>" + body(""), "<?é?>" + body(""), "<?\xff?>" + body(""), "<?a\xff?>" + body(""), "<?a \xff?>" + body(""), "<?x" + body(""),
		"<!DOCTYPE event>" + body(""), body("<!ENTITY a 'b'>"), body("<!-- \xff -->"), body("<!-->-->"), body("<!--->-->"), body("<!---->"), body("<!----->"),
		body("<!-- -- -->"), body("<!-- --->"), body("a]]>"), body("a]]&gt;"), body("a]]&#62;"), body("&amp;]]>"), body("<a b=']]>'/>"), body("<![CDATA[]]>"),
		body("<![CDATA[]]]>"), body("<![CDATA[<&]]>"), body("<![CDATA[\xff]]>"), body("<![CDATA[\x01]]>"), body("<![cdata[]]>"), body("<![CDATA[a"),
		body("&lt;&gt;&amp;&apos;&quot;"), body("&nbsp;"), body("&lt"), body("& "), body("&;"), body("&#;"), body("&#x;"), body("&#X41;"), body("&#0;"), body("&#x1F;"),
		body("&#9;"), body("&#xD800;"), body("&#x10FFFF;"), body("&#x110000;"), body("&#xFFFE;"), body("&#xFFFD;"), body("&#00000000000000000000065;"),
		body("&#99999999999999999999999;"), body("&#x41"), body("&#x4g;"), body("&#4a;"), body("&#-1;"), body("&#+1;"), body("&é;"), body("\x00"), body("\x7f\uFFFD"),
		body("\uFFFE"), body("\xED\xA0\x80"), body("\xC0\x80"), body("\xF4\x90\x80\x80"), body("\xE3\x81"), body("\xE3&#x81;\x81"), body("臺灣"),
		body("<a>"), body("<a></b>"), body("<p:a></a>"), body("<p:a></q:a>"), body("<p:a></p:a>"), body("<p:a:b/>"), body("<:a></:a>"), body("<a:/>"), body("<:/>"),
		body("<-a/>"), body("<a-/>"), body("<1/>"), body("<.a/>"), body("<é/>"), body("<a\u00B7/>"), body("<\u00B7/>"), body("<a\u2028/>"), body("<a\xff/>"), body("<é:è></é:è>"),
		body("< a/>"), body("</ a>"), body("<a></a >"), body("<a></a\t\r\n>"), body("<a></a b>"), body("<a / >"), body("<a/"), body("<a/b>"), body("<a b/>"), body("<a b=/>"),
		body("<a b=c/>"), body(`<a b="c/>`), body(`<a b="<"/>`), body(`<a b=">"/>`), body(`<a b = 'c"'d="e"/>`), body(`<a b='&apos;'/>`), body(`<a b="&"/>`), body(`<a b="&x;"/>`),
		body("<a b='\x01'/>"), body("<a b='\xff'/>"), body("<a b:c:d='e'/>"), body("<a b='1' b='2'/>"), body("<a='b'/>"), body("<a\vb='c'/>"), body(`<a b="c"/ >`),
		`<x:event xmlns:x="y"` + head[len("<event"):] + "></x:event>", `<x:event` + head[len("<event"):] + "></event>",
		head + ` uid="u-2"/>`, head + ` uid=""/>`, head + ` x:uid="u-3"/>`, head + ` :uid="u-5"/>`, head + ` xmlns:uid="u-4"/>`, head + ` xmlns="u"/>`, head + " how='\r\n'/>", head + " how='a&#13;b'/>",
		head + ` time=""/>`, head + ` time="2026-03-01T10:00:00.123456789+09:00"/>`, head + ` time="2026-03-01T1:00:00,5Z"/>`, head + ` time="&#50;026-03-01T10:00:00Z"/>`,
		head + ` type="t-k" uid=""/>`, head + ` type="&#116;-k-x"/>`, head + ` access="&lt;&#x41;\r"/>`, head + ` caveat='a"b'/>`, head + ` caveat="a'b"/>`,
		body(`<point lat="&#49;" lon="2"/>`), body(`<point lat="1" lon="2" x="y"/>`), body(`<point lat="1" lon="2" xmlns="y"/>`), body(`<point xmlns:lat="1" x:lon="2"/>`),
		body(`<point lat="0x1p-2" lon="1_0"/>`), body(`<point lat="1" lon="2"><x/></point><point lat="3" lon=""/>`), body(`<point lat=" 1" lon="2"/>`), body(`<point lat="1" lat="3" lon="2">`),
		body(`<point lat="9" lon="9" ce="1e999"/>`), body(`<point lat="1" lon="2" ce="-0" le="-1"/>`), body(`<p:point lat="1" lon="2"/>`),
		in(`<contact/>`), in(`<contact></contact>`), in("<contact>\u00A0\n</contact>"), in("<contact><!-- --></contact>"), in("<contact>&#32;</contact>"), in("<contact><![CDATA[]]></contact>"),
		in(`<contact callsign="a&amp;b"/>`), in("<contact callsign='a\rb\r\nc\n'/>"), in(`<contact callsign=""/>`), in(`<contact callsign="a" callsign="b"/>`), in(`<contact callsign="a" x="b"/>`),
		in(`<contact callsign="a"/><contact callsign="b"/>`), in(`<contact callsign="a"/><contact endpoint="b"/>`), in(`<p:contact callsign="a"></p:contact>`), in(`<contact xmlns="u" callsign="a"/>`),
		in(`<contact x:callsign="a"/>`), in(`<contact xmlns:x="" x:callsign="a"/>`), in(`<contact xml:callsign="a"/>`), in(`<contact xmlns:callsign="a"/>`), in(`<contact :callsign="a"/>`),
		body(`<detail xmlns:x=""><contact x:callsign="a"/></detail>`), body(`<detail xmlns:x="" xmlns:x="u"><contact x:callsign="a"/></detail>`),
		body(`<detail xmlns:x="u" xmlns:x=""><contact x:callsign="a"/></detail>`), body(`<detail xmlns:xml=""><contact xml:callsign="a"/></detail>`),
		head + ` xmlns:x=""><detail><contact x:callsign="a"/></detail></event>`, head + ` xmlns:x=""><detail xmlns:x="&amp;"><contact x:callsign="a"/></detail></event>`,
		head + ` xmlns:x="u"><detail xmlns:x=''><contact x:callsign="a"/></detail></event>`, body(`<detail xmlns:x=""/><detail><contact x:callsign="a"/></detail>`),
		in(`<status battery="80"/><status battery="81"/>`), in(`<status battery="-1"/>`), in(`<status battery="4294967296"/>`), in(`<status battery="1" readiness="true"/>`),
		in(`<track course="1"/><track speed="2"/><track course="3"/>`), in(`<track course="9999999" speed="9999999"/>`), in(`<track course="361"/>`), in(`<track speed="-1"/>`), in(`<track course="NaN"/>`),
		in(`text <a>b</a> &amp; <?p?><!-- c --><d e="f"/>`), in(`<a><?p?></a>`), in(`<a><!-- c --></a>`), in(`<a>]]></a>`), in("<contact callsign='\u0001'/>"), in("<contact callsign='\x7f'/>"),
		body("<detail/>"), body("<detail><a/></detail><detail><b/></detail>"), body("<detail><detail><contact callsign='a'/></detail></detail>"), body("<x><detail><contact callsign='a'/></detail></x>"),
		in("<a:b c:d='&lt;'/>"), in("<contact callsign='" + strings.Repeat("x", 600) + "'/>"), in("<contact callsign='" + strings.Repeat("&#x78;", 512) + "'/>"),
	}
	for _, depth := range []int{30, 31, 32, 33, 34, 35} {
		nest := strings.Repeat("<x>", depth) + strings.Repeat("</x>", depth)
		list = append(list, body(nest), in(nest), nest, strings.Repeat("<x>", depth)+"<y/>"+strings.Repeat("</x>", depth))
	}
	return list
}

// TestReadsAsEncodingXML puts pieces together that are markup, values or neither.
func TestReadsAsEncodingXML(t *testing.T) {
	for _, s := range odd() {
		asBefore(t, []byte(s))
		for i := range min(len(s), 60) {
			asBefore(t, []byte(s[:len(s)-i]))
		}
	}
	for i := range full {
		asBefore(t, []byte(full[:i]))
		asBefore(t, []byte(full[i:]))
	}
	pieces := []string{
		"<", ">", "/>", "</", "=", `"`, "'", " ", "\r\n", "\r", "&", ";", "&#", "&#x", "&lt;", "&amp;", "&#65;", "&#x0;", "&#xD83D;", "]]>", "<![CDATA[", "<!--", "--", "-->", "<?", "?>", "<!",
		":", "x:", "xmlns:x", "xmlns", "xml", "version", "encoding", "1.0", "utf-8", "\xff", "\x00", "\uFFFE", "é", "\u00B7", "\u00A0", "臺", "event", "</event>", head, "detail", "<detail>", "</detail>",
		"contact", " callsign=", " x:callsign='a'", ` xmlns:x=""`, ` xmlns:x="u"`, "<contact", "<track", " course='1'", " speed='", "<point", ` lat="1" lon="2"`, " ce=", "-1", "1e9", "NaN", "a", "0", "9", "-", ".", "_",
		"<a>", "</a>", "<b/>", "<x:a>", "</x:a>", "<status battery='1'/>",
	}
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 12).Draw(t, "pieces"), "")
		switch rapid.IntRange(0, 3).Draw(t, "where") {
		case 1:
			s = head + ">" + s + "</event>"
		case 2:
			s = head + "><detail>" + s + "</detail></event>"
		case 3:
			s = head + " " + s
		}
		asBefore(t, []byte(s))
	})
}

func FuzzXML(f *testing.F) {
	for _, s := range odd() {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) { asBefore(t, b) })
}
