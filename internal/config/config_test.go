// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kuroshio-watch/kuroshio/internal/config"
	"github.com/kuroshio-watch/kuroshio/internal/decode"
	"github.com/kuroshio-watch/kuroshio/internal/feed"
)

const minimal = `[node]
party = "tw"
`

func TestParseSaysFileLineAndWhatIsWrong(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"an unknown key":            {minimal + "colour = \"red\"\n", "n.toml:3:1: unknown key node.colour"},
		"a wrong type":              {minimal + "[link]\nmax_records = \"many\"\n", "n.toml:4:"},
		"a broken line":             {minimal + "[link\n", "n.toml:3:"},
		"a bad party":               {"[node]\nname = \"x\"\nparty = \"TW!\"\n", `n.toml:3: node.party: party "TW!"`},
		"a missing party":           {"[node]\nname = \"x\"\n", "n.toml:1: node.party: party"},
		"an unknown feed kind":      {minimal + "[[feed]]\nname = \"a\"\nkind = \"beast-tcp\"\naddr = \"h:1\"\n[[feed]]\nname = \"b\"\nkind = \"fax\"\naddr = \"h:1\"\n", `n.toml:9: feed.kind: "fax": want CONTENT-TRANSPORT of`},
		"a feed twice":              {minimal + strings.Repeat("[[feed]]\nname = \"a\"\nkind = \"beast-tcp\"\naddr = \"h:1\"\n", 2), `n.toml:8: feed.name: "a" stands twice`},
		"a sensor without its feed": {minimal + "[[sensor]]\nfeed = \"x\"\nid = \"001/001\"\n", `n.toml:4: sensor.feed: no feed is called "x"`},
		"a partner twice":           {minimal + "[link]\nlisten = \"h:1\"\n[[partner]]\nid = \"tw\"\n", `n.toml:6: partner.id: "tw" stands twice`},
		"a partner out of reach":    {minimal + "[[partner]]\nid = \"jp\"\n", "n.toml:3: partner.dial: give an address"},
		"an open console":           {minimal + "[console]\nlisten = \"0.0.0.0:1\"\n", "n.toml:4: console.listen: an address beyond loopback needs cert and key"},
		"stepping from outside":     {minimal + "[time]\nmode = \"stepped\"\ntoken = \"t\"\nstart = \"2023-08-28T00:00:00Z\"\ncontrol = \"10.0.0.1:1\"\n", "n.toml:7: time.control: the conductor steps a node over loopback only"},
		"a hotline without pause":   {minimal + "[message]\nhotline_every = \"1m\"\n", "n.toml:4: message.hotline_every: want 10m"},
		"a contact of a stranger":   {minimal + "[[contact]]\nparty = \"kr\"\ntext = \"x\"\n", `n.toml:4: contact.party: "kr" is neither`},
		"a contact without a way":   {minimal + "[[contact]]\nparty = \"tw\"\n", "n.toml:3: contact.text: say how"},
		"a span without unit":       {minimal + "[response]\nt1 = \"5\"\n", "n.toml:4:"},
		"stepping from nowhen":      {minimal + "[time]\nmode = \"stepped\"\ntoken = \"t\"\nstart = \"noon\"\ncontrol = \"127.0.0.1:1\"\n", `n.toml:6: time.start: "noon": want the time before the first step`},
		"a mode that is none":       {minimal + "[time]\nmode = \"warp\"\n", `n.toml:4: time.mode: "warp": want live or stepped`},
		"an outbox for nobody":      {minimal + "[link]\nmax_records = 1\n", "n.toml:4: link.max_records: an outbox holds at least 100"},
		"a version to come":         {minimal + "[link]\nmin_protocol = 9\n", "n.toml:4: link.min_protocol: 9: this program speaks 1 to"},
		"a heartbeat too fast":      {minimal + "[link]\nheartbeat = \"1s\"\n", "n.toml:4: link.heartbeat: want 10s to 1h"},
		"a day too short":           {minimal + "[link]\nquota = { sent_records = 5 }\n", "n.toml:4: link.quota: a day's share is at least 100"},
		"a partner's day too short": {minimal + "[[partner]]\nid = \"jp\"\ndial = \"h:1\"\nquota = { received_bytes = 5 }\n", "n.toml:6: partner.quota: a day's share"},
		"a day of less than none":   {minimal + "[link]\nquota = { received_records = -1 }\n", "n.toml:4: link.quota:"},
		"an address without a port": {minimal + "[admin]\nlisten = \"here\"\n", `n.toml:4: admin.listen: "here": want host:port`},
		"a feed with a bad name":    {minimal + "[[feed]]\nname = \"A feed\"\n", `n.toml:4: feed.name: "A feed": want a letter`},
		"an antenna in space":       {minimal + "[[feed]]\nname = \"a\"\nkind = \"beast-tcp\"\naddr = \"h:1\"\nreceiver = { lat = 91.0, lon = 0.0, range_nm = 1.0 }\n", "n.toml:7: feed.receiver: position or range out of bounds"},
		"a kind that is none":       {minimal + "[[feed]]\nname = \"a\"\nkind = \"beast-pcap\"\n", `n.toml:5: feed.kind: "beast-pcap": want CONTENT-TRANSPORT of beast, avr`},
		"a listener on everything":  {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-tcp-server\"\naddr = \":1\"\n", `n.toml:6: feed.addr: ":1" names no host`},
		"a server without identity": {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-tls-server\"\naddr = \"h:1\"\n", "n.toml:3: feed.cert: who listens needs a certificate"},
		"a certificate without key": {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-tls\"\naddr = \"h:1\"\ncert = \"c.pem\"\n", "n.toml:7: feed.cert: give cert and key together"},
		"authorities of no TLS":     {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-tcp\"\naddr = \"h:1\"\nca = \"c.pem\"\n", "n.toml:5: feed.kind: nmea-tcp has no TLS"},
		"a password in the clear":   {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-http\"\naddr = \"http://h/\"\nevery = \"5s\"\npassword_file = \"p\"\n", "n.toml:6: feed.addr: a password goes over https:// only"},
		"a password for a datagram": {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-udp\"\naddr = \"h:1\"\npassword_file = \"p\"\n", "n.toml:7: feed.password_file: only http and mqtt have one"},
		"a file of no name":         {minimal + "[[feed]]\nname = \"a\"\nkind = \"cot-file\"\n", "n.toml:3: feed.path: name a file"},
		"a group that is none":      {minimal + "[[feed]]\nname = \"a\"\nkind = \"cot-multicast\"\naddr = \"10.0.0.1:6969\"\n", `n.toml:6: feed.addr: "10.0.0.1" is no multicast group`},
		"a rate below nothing":      {minimal + "[[feed]]\nname = \"a\"\nkind = \"cot-udp\"\naddr = \"h:1\"\nmax_rate = -1.0\n", "n.toml:7: feed.max_rate: want 0 to"},
		"a pipe and a passphrase":   {minimal + "[[feed]]\nname = \"a\"\nkind = \"cot-stdin\"\n", "n.toml:5: feed.kind: a feed is piped in where"},
		"two pipes":                 {minimal + "[keystore]\npassphrase_file = \"p\"\n[[feed]]\nname = \"a\"\nkind = \"cot-stdin\"\n[[feed]]\nname = \"b\"\nkind = \"nmea-stdin\"\n", "n.toml:10: feed.kind: one feed is piped in"},
		"too many partners":         {minimal + "[link]\nlisten = \"h:1\"\n" + manyPartners(), "n.toml:134: partner.id: at most 64 partners"},
		"a sensor without period":   {minimal + "[[feed]]\nname = \"r\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\n[[sensor]]\nfeed = \"r\"\nid = \"025/010\"\nrange_nm = 200.0\n", "n.toml:7: sensor: range_nm, period"},
		"a sensor with a bad id":    {minimal + "[[feed]]\nname = \"r\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\n[[sensor]]\nfeed = \"r\"\nid = \"25/10\"\n", `n.toml:9: sensor.id: "25/10": want SAC/SIC`},
		"editions of AIS":           {minimal + "[[feed]]\nname = \"a\"\nkind = \"nmea-udp\"\naddr = \"h:1\"\neditions = { \"021\" = \"0.23\" }\n", "n.toml:7: feed.editions: only ASTERIX has editions"},
		"an unknown edition":        {minimal + "[[feed]]\nname = \"a\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\neditions = { \"021\" = \"2.8\" }\n", `n.toml:7: feed.editions: category 021 has no edition "2.8" here: want one of [2.7`},
		"a category of two digits":  {minimal + "[[feed]]\nname = \"a\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\neditions = { \"21\" = \"0.23\" }\n", `n.toml:7: feed.editions: "21": want a category in three digits`},
		"an edition of no station":  {minimal + "[[feed]]\nname = \"a\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\nedition_of = { \"25/1\" = { \"021\" = \"0.23\" } }\n", `n.toml:7: feed.edition_of: "25/1": want SAC/SIC`},
		"a station's edition":       {minimal + "[[feed]]\nname = \"a\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\nedition_of = { \"025/010\" = { \"021\" = \"7\" } }\n", `n.toml:7: feed.edition_of: category 021 has no edition "7"`},
		"a clock of Mode S":         {minimal + "[[feed]]\nname = \"a\"\nkind = \"beast-tcp\"\naddr = \"h:1\"\nclock_limit = \"3s\"\n", "n.toml:7: feed.clock_limit: what such a feed carries tells no time of day"},
		"a clock of no tolerance":   {minimal + "[[feed]]\nname = \"a\"\nkind = \"asterix-udp\"\naddr = \"h:1\"\nclock_limit = \"1ms\"\n", "n.toml:7: feed.clock_limit: want 100ms to 10m"},
		"an agreement without file": {minimal + "[support]\nagreements = [\"a.toml\", \"\"]\n", "n.toml:4: support.agreements: name files"},
		"a tape of no size":         {minimal + "[tape]\nmax_bytes = 5\n", "n.toml:4: tape.max_bytes: want at least 134217728"},
		"a tape for ever":           {minimal + "[tape]\nkeep = \"9000h\"\n", "n.toml:4: tape.keep: want 0s to 8784h"},
		"timers upside down":        {minimal + "[response]\nt1 = \"5m\"\nt2 = \"1m\"\n", "n.toml:5: response.t2:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("n.toml", []byte(tt.text))
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Parse(%q) = %v, want prefix %q", tt.text, err, tt.want)
			}
		})
	}
}

func manyPartners() (s string) {
	for i := range 65 {
		s += fmt.Sprintf("[[partner]]\nid = \"p%d\"\n", i)
	}
	return s
}

// Relative paths are those of the file's folder, whatever the working folder.
func TestLoadResolvesPathsAgainstTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.toml")
	text := minimal + "[policy]\nfile = \"policy.toml\"\n[watch]\nplans = \"/abs/plans.csv\"\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	if c.Policy.File != filepath.Join(dir, "policy.toml") || c.Watch.Plans != "/abs/plans.csv" || c.Node.Data != filepath.Join(dir, "data") || c.Watch.Rules != "" {
		t.Errorf("Load = %+v, want paths beside %s", c, path)
	}
	if _, err := config.Load(filepath.Join(dir, "nowhere.toml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load of a missing file = %v, want ErrNotExist", err)
	}
}

// TestEachKindCanBeConfigured gives each kind the keys that it needs.
func TestEachKindCanBeConfigured(t *testing.T) {
	keys := map[feed.Transport]string{
		feed.File: `path = "log"`, feed.PCAP: `path = "log"`, feed.HTTP: "addr = \"https://h/x\"\nevery = \"5s\"", feed.Stdin: "",
		feed.MQTT:      "addr = \"mqtts://h:8883\"\ntopics = [\"a/#\"]",
		feed.Serial:    "path = \"/dev/ttyUSB0\"\nbaud = 38400",
		feed.Multicast: `addr = "239.2.3.1:6969"`, feed.TLSServer: "addr = \"h:1\"\ncert = \"c.pem\"\nkey = \"k.pem\"",
	}
	for _, k := range feed.Kinds() {
		how, special := keys[k.Transport()]
		if !special {
			how = `addr = "h:1"`
		}
		text := minimal + fmt.Sprintf("[keystore]\npassphrase_file = \"p\"\n[[feed]]\nname = \"a\"\nkind = %q\n%s\n", k, how)
		c, err := config.Parse("n.toml", []byte(text))
		if err != nil {
			t.Errorf("Parse(%q) = %v", text, err)
			continue
		}
		if s := c.Feeds[0].Settings(); s.Kind != k || s.Name != "a" || c.Feeds[0].TLS() != (k.Transport() == feed.TLS || k.Transport() == feed.TLSServer || k.Transport() == feed.MQTT) {
			t.Errorf("settings of %q = %+v", text, s)
		}
	}
}

// TestClockLimits says where clocks are judged when nothing is configured.
func TestClockLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		keys string
		want time.Duration
	}{
		"a radar":                        {"kind = \"asterix-udp\"\naddr = \"h:1\"", decode.DefaultClockLimit},
		"a radar with a limit":           {"kind = \"asterix-udp\"\naddr = \"h:1\"\nclock_limit = \"5s\"", 5 * time.Second},
		"a radar that is not judged":     {"kind = \"asterix-udp\"\naddr = \"h:1\"\nclock_limit = \"0s\"", 0},
		"a recording":                    {"kind = \"asterix-pcap\"\npath = \"x\"", 0},
		"a recording at its own times":   {"kind = \"asterix-pcap\"\npath = \"x\"\ntime_marks = true", decode.DefaultClockLimit},
		"a log that is appended to":      {"kind = \"asterix-file\"\npath = \"x\"\nfollow = true", decode.DefaultClockLimit},
		"vessels":                        {"kind = \"nmea-udp\"\naddr = \"h:1\"", decode.DefaultClockLimit},
		"drones":                         {"kind = \"remoteid-tcp\"\naddr = \"h:1\"", decode.DefaultClockLimit},
		"devices that are not judged":    {"kind = \"cot-tcp\"\naddr = \"h:1\"\nclock_limit = \"0s\"", 0},
		"a feed without stations' times": {"kind = \"beast-tcp\"\naddr = \"h:1\"", 0},
	} {
		t.Run("it handles "+name, func(t *testing.T) {
			c, err := config.Parse("n.toml", []byte(minimal+"[[feed]]\nname = \"a\"\n"+tt.keys+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Feeds[0].Clocks(); got != tt.want {
				t.Errorf("limit %v, want %v", got, tt.want)
			}
		})
	}
}

// TestGuideFeeds reads the feeds of the operator guide.
func TestGuideFeeds(t *testing.T) {
	b, err := os.ReadFile("../../docs/operator/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "## Feeds\n")
	_, rest, _ = strings.Cut(rest, "```toml\n")
	text, _, _ := strings.Cut(rest, "```")
	c, err := config.Parse("guide", []byte(minimal+text))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Feeds) < 7 {
		t.Errorf("%d feeds, want one of each kind of source", len(c.Feeds))
	}
}

func TestParseTakesAMinimalFile(t *testing.T) {
	c, err := config.Parse("n.toml", []byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	if c.Node.Party != "tw" || c.Zones.Pack != "taiwan-ryukyu" || len(c.Feeds) != 0 || c.Time.Mode != "live" || !c.Watch.NoticesHold || c.Tape != (config.Tape{}) {
		t.Errorf("Parse(minimal) = %+v, want the defaults of a node without feeds", c)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte("[[feed]]\nname=1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := config.Parse("n.toml", b)
		if (c == nil) == (err == nil) {
			t.Errorf("Parse(%q) = %v, %v; want one of them", b, c, err)
		}
	})
}
