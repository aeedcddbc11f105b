// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package feed_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mqtt "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/hooks/auth"
	"github.com/mochi-mqtt/server/v2/listeners"

	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

// newBroker serves an independent broker on a listener. Who is not "node" with
// the password "secret" is refused; everybody is where there is no ledger.
func newBroker(t testing.TB, l net.Listener, guarded bool) *mqtt.Server {
	t.Helper()
	s := mqtt.New(&mqtt.Options{InlineClient: true, Logger: slog.New(slog.DiscardHandler)})
	var err error
	if guarded {
		err = s.AddHook(new(auth.Hook), &auth.Options{Ledger: &auth.Ledger{Auth: auth.AuthRules{{Username: "node", Password: "secret", Allow: true}}}})
	} else {
		err = s.AddHook(new(auth.AllowHook), nil)
	}
	if err == nil {
		err = s.AddListener(listeners.NewNet("l", l))
	}
	if err == nil {
		err = s.Serve()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func subscriber(addr string, qos byte) feed.Config {
	return feed.Config{Kind: "nmea-mqtt", Addr: "mqtt://" + addr, Topics: []string{"ais/+", "coast/#"}, QoS: qos, ClientID: "kuroshio-in"}
}

func publish(t testing.TB, s *mqtt.Server, topic, text string, retain bool, qos byte) {
	t.Helper()
	if err := s.Publish(topic, []byte(text), retain, qos); err != nil {
		t.Fatal(err)
	}
}

// TestMQTT takes messages of a broker that others have written.
func TestMQTT(t *testing.T) {
	for qos := range byte(2) {
		t.Run(fmt.Sprintf("it handles QoS %d", qos), func(t *testing.T) {
			l := listen(t)
			s := newBroker(t, l, false)
			publish(t, s, "ais/old", "!AIVDM,0\n", true, qos)
			r := start(t, subscriber(l.Addr().String(), qos), 10)
			r.wait(true)
			publish(t, s, "ais/a", "!AIVDM,1\r\n!AIVDM,2", false, qos)
			publish(t, s, "other/a", "!AIVDM,9", false, qos)
			publish(t, s, "coast/b/c", "!AIVDM,3", false, 2) // the broker lowers it to what we asked for
			var got []string
			for _, f := range r.frames(3) {
				got = append(got, string(f.Data))
			}
			if diff := cmp.Diff([]string{"!AIVDM,1", "!AIVDM,2", "!AIVDM,3"}, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			h := r.until("one kept message refused", func(h feed.Health) bool { return counts(h)[feed.ReasonMQTTRetained] == 1 })
			if len(h.Refused) != 1 || h.Frames != 3 {
				t.Errorf("health = %+v", h)
			}
		})
	}
}

// TestMQTTKeepsWhatComesMeanwhile is away while the broker keeps a message.
func TestMQTTKeepsWhatComesMeanwhile(t *testing.T) {
	l := listen(t)
	s := newBroker(t, l, false)
	cfg := subscriber(l.Addr().String(), 1)
	r := start(t, cfg, 10)
	r.wait(true)
	publish(t, s, "ais/a", "!AIVDM,1", false, 1)
	r.frames(1)
	r.stop()
	for end := time.Now().Add(limit); ; { // until the broker knows that we are away
		if c, ok := s.Clients.Get("kuroshio-in"); !ok || c.Closed() {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the broker holds us to be there")
		}
	}
	publish(t, s, "ais/a", "!AIVDM,2", false, 1)
	again := start(t, cfg, 10)
	if got := string(again.frames(1)[0].Data); got != "!AIVDM,2" {
		t.Errorf("took %q, want what came meanwhile alone", got)
	}
}

// TestMQTTSaysWhoItIs goes over TLS with a password, right and wrong.
func TestMQTTSaysWhoItIs(t *testing.T) {
	own, trusted := identity(t)
	_, strangers := identity(t)
	l := listen(t)
	s := newBroker(t, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12}), true)
	cfg := subscriber(l.Addr().String(), 1)
	cfg.Addr = "mqtts://" + l.Addr().String()
	cfg.User, cfg.Password = "node", "secret"
	cfg.TLS = &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}
	r := start(t, cfg, 10)
	r.wait(true)
	publish(t, s, "ais/a", "!AIVDM,1", false, 1)
	r.frames(1)
	r.stop()
	wrong := cfg
	wrong.Password = "guess"
	refused := start(t, wrong, 0)
	refused.until("refused", func(h feed.Health) bool { return counts(h)[feed.ReasonMQTTRefused] > 1 && !h.Up })
	refused.stop()
	stranger := cfg
	stranger.TLS = &tls.Config{RootCAs: strangers, MinVersion: tls.VersionTLS12}
	start(t, stranger, 0).until("not trusted", func(h feed.Health) bool { return counts(h)[feed.ReasonTLS] > 1 && !h.Up })
}

// scripted is a broker that says what a test wants. It takes one connection
// after the other.
type scripted struct {
	t testing.TB
	l net.Listener
}

// next accepts a connection and reads what a subscriber says first.
func (s scripted) next(after ...byte) net.Conn {
	s.t.Helper()
	c, err := s.l.Accept()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(limit))
	s.read(c, 0x10)
	_, _ = c.Write(append([]byte{0x20, 2, 0, 0}, after...))
	return c
}

// read reads a short packet of a kind.
func (s scripted) read(c net.Conn, kind byte) []byte {
	s.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil || head[0] != kind || head[1] > 127 {
		s.t.Fatalf("read %x, %v, want a packet %x", head, err, kind)
	}
	body := make([]byte, head[1])
	if _, err := io.ReadFull(c, body); err != nil {
		s.t.Fatal(err)
	}
	return body
}

// TestMQTTPackets reads what we say octet by octet, by the tables of the
// standard.
func TestMQTTPackets(t *testing.T) {
	s := scripted{t, listen(t)}
	cfg := subscriber(s.l.Addr().String(), 1)
	cfg.User, cfg.Password = "u", "pw"
	r := start(t, cfg, 10)
	c, err := s.l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	want := "\x00\x04MQTT\x04\xc0\x00\x3c\x00\x0bkuroshio-in\x00\x01u\x00\x02pw"
	if got := string(s.read(c, 0x10)); got != want {
		t.Errorf("CONNECT %q, want %q", got, want)
	}
	// A session that the broker has kept goes on before our topics are answered.
	_, _ = c.Write([]byte("\x20\x02\x01\x00" + "\x32\x0c\x00\x01a\x12\x34!AIVDM,"))
	if got := string(s.read(c, 0x82)); got != "\x00\x01\x00\x05ais/+\x01\x00\x07coast/#\x01" {
		t.Errorf("SUBSCRIBE %q", got)
	}
	r.frames(1)
	if got := s.read(c, 0x40); !bytes.Equal(got, []byte{0x12, 0x34}) {
		t.Errorf("PUBACK %x, want 1234", got)
	}
	if r.Health().Up {
		t.Error("up before the topics are granted")
	}
	_, _ = c.Write([]byte{0x90, 4, 0, 1, 0, 1})
	r.wait(true)
}

// TestMQTTRefuses has a broker break the protocol; after each the feed connects
// again.
func TestMQTTRefuses(t *testing.T) {
	granted := "\x90\x04\x00\x01\x00\x00"
	for name, tt := range map[string]struct {
		says   string
		reason string
	}{
		"a length of five octets":           {"\x30\xff\xff\xff\xff\x01", feed.ReasonMQTT},
		"a topic longer than its message":   {"\x30\x04\x00\x09aa", feed.ReasonMQTT},
		"a message without a topic":         {"\x30\x01\x00", feed.ReasonMQTT},
		"a message of a higher QoS":         {"\x32\x05\x00\x01a\x00\x01", feed.ReasonMQTT},
		"a packet that brokers do not send": {"\x10\x00", feed.ReasonMQTT},
		"a pong with a body":                {"\xd0\x01\x00", feed.ReasonMQTT},
		"an answer to another question":     {"\x90\x04\x00\x02\x00\x00", feed.ReasonMQTT},
		"an answer for fewer topics":        {"\x90\x03\x00\x01\x00", feed.ReasonMQTT},
		"an answer of great length":         {"\x90\xff\x7f", feed.ReasonMQTT},
		"a topic that is refused":           {"\x90\x04\x00\x01\x00\x80", feed.ReasonMQTTRefused},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			s := scripted{t, listen(t)}
			r := start(t, subscriber(s.l.Addr().String(), 0), 0)
			s.next([]byte(tt.says)...)
			s.next([]byte(granted)...)
			r.wait(true)
			if diff := cmp.Diff(map[string]uint64{tt.reason: 1}, counts(r.Health())); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
	}
	s := scripted{t, listen(t)}
	r := start(t, subscriber(s.l.Addr().String(), 0), 0)
	c, err := s.l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	_, _ = c.Write([]byte{0x20, 2, 0, 5}) // not authorised
	r.until("refused", func(h feed.Health) bool { return counts(h)[feed.ReasonMQTTRefused] == 1 })
}

// TestMQTTPassesOverLongMessages has one of 1 MiB and an octet between two.
func TestMQTTPassesOverLongMessages(t *testing.T) {
	s := scripted{t, listen(t)}
	r := start(t, subscriber(s.l.Addr().String(), 0), 10)
	c := s.next([]byte("\x90\x04\x00\x01\x00\x00\x30\x0b\x00\x01a!AIVDM,1")...)
	long := append([]byte("\x30\x84\x80\x40\x00\x01a"), bytes.Repeat([]byte("x"), 1<<20+1)...)
	if _, err := c.Write(append(long, "\x30\x0b\x00\x01a!AIVDM,2"...)); err != nil {
		t.Fatal(err)
	}
	got := r.frames(2)
	if string(got[0].Data) != "!AIVDM,1" || string(got[1].Data) != "!AIVDM,2" {
		t.Errorf("frames %q and %q", got[0].Data, got[1].Data)
	}
	if diff := cmp.Diff(map[string]uint64{feed.ReasonMQTTLong: 1}, counts(r.Health())); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// TestMQTTKeepsAlive asks a silent broker, and hangs up on one that does not
// answer.
func TestMQTTKeepsAlive(t *testing.T) {
	s := scripted{t, listen(t)}
	cfg := subscriber(s.l.Addr().String(), 0)
	cfg.KeepAlive = 40 * time.Millisecond
	r := start(t, cfg, 0)
	c := s.next([]byte("\x90\x04\x00\x01\x00\x00")...)
	s.read(c, 0x82)
	for range 3 {
		s.read(c, 0xC0)
		if _, err := c.Write([]byte{0xD0, 0}); err != nil {
			t.Fatal(err)
		}
	}
	s.read(c, 0xC0)
	s.next([]byte("\x90\x04\x00\x01\x00\x00")...) // it comes again
	r.until("connected twice", func(h feed.Health) bool { return h.Connects == 2 })
}

func TestMQTTIsChecked(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*feed.Config)
		key    string
	}{
		"nothing wrong":               {func(*feed.Config) {}, ""},
		"a password in the URL":       {func(c *feed.Config) { c.Addr = "mqtt://a:b@127.0.0.1:1883" }, "addr"},
		"no port":                     {func(c *feed.Config) { c.Addr = "mqtt://127.0.0.1" }, "addr"},
		"another scheme":              {func(c *feed.Config) { c.Addr = "http://127.0.0.1:1883" }, "addr"},
		"a password in the clear":     {func(c *feed.Config) { c.Addr, c.User, c.Password = "mqtt://192.0.2.1:1883", "u", "p" }, "addr"},
		"a password of nobody":        {func(c *feed.Config) { c.Password = "p" }, "user"},
		"no topic":                    {func(c *feed.Config) { c.Topics = nil }, "topics"},
		"too many topics":             {func(c *feed.Config) { c.Topics = make([]string, 17) }, "topics"},
		"a # in the middle":           {func(c *feed.Config) { c.Topics = []string{"a/#/b"} }, "topics"},
		"a + beside other text":       {func(c *feed.Config) { c.Topics = []string{"a+/b"} }, "topics"},
		"QoS 2":                       {func(c *feed.Config) { c.QoS = 2 }, "qos"},
		"no client":                   {func(c *feed.Config) { c.ClientID = "" }, "client_id"},
		"a client over 256 octets":    {func(c *feed.Config) { c.ClientID = string(bytes.Repeat([]byte("a"), 257)) }, "client_id"},
		"topics of another kind":      {func(c *feed.Config) { c.Kind, c.Addr = "nmea-tcp", "127.0.0.1:1" }, "topics"},
		"TLS where nobody speaks it":  {func(c *feed.Config) { c.TLS = &tls.Config{MinVersion: tls.VersionTLS12} }, "addr"},
		"TLS without a configuration": {func(c *feed.Config) { c.Addr = "mqtts://127.0.0.1:8883" }, "kind"},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			cfg := subscriber("127.0.0.1:1883", 1)
			cfg.Name = "in"
			tt.change(&cfg)
			if key, what := cfg.Problem(); key != tt.key {
				t.Errorf("Problem() = %q, %q, want key %q", key, what, tt.key)
			}
		})
	}
}
