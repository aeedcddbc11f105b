// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"net"

	"github.com/kuroshio-watch/kuroshio/internal/party"
)

// errPin tells that the other end does not have the partner's key.
var errPin = errors.New("the other end does not hold the partner's key")

// writeBuffer keeps what the kernel holds back small, so that little is on its
// way when a link is stopped.
const writeBuffer = 16 << 10

// pinOf returns the SHA-256 of a certificate's SubjectPublicKeyInfo.
func pinOf(c *x509.Certificate) [32]byte { return sha256.Sum256(c.RawSubjectPublicKeyInfo) }

// serverName is what a dialler asks for: with keys made for each pair alone, a
// server must know which to show. It is a hash of a public key and says nothing
// about who holds it.
func serverName(pin [32]byte) string { return hex.EncodeToString(pin[:16]) }

// baseTLS is common to both ends: TLS 1.3, no resumption, the other end known
// by its pinned key alone.
func baseTLS(keys Keys, partner party.ID, cert tls.Certificate, seen func(own, theirs [32]byte)) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{cert},
		NextProtos:             []string{"h2"},
		SessionTicketsDisabled: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			if len(cs.PeerCertificates) != 1 {
				return errPin
			}
			got := pinOf(cs.PeerCertificates[0])
			for _, pin := range keys.Pins(partner) {
				if subtle.ConstantTimeCompare(got[:], pin[:]) == 1 {
					seen(pinOf(cert.Leaf), got)
					return nil
				}
			}
			return errPin
		},
	}
}

// serverTLS shows the one of our keys that the caller asked for.
func serverTLS(keys Keys, partner party.ID, cert tls.Certificate, seen func(own, theirs [32]byte)) *tls.Config {
	c := baseTLS(keys, partner, cert, seen)
	c.ClientAuth = tls.RequireAnyClientCert // checked by VerifyConnection
	return c
}

func clientTLS(keys Keys, partner party.ID, seen func(own, theirs [32]byte)) (*tls.Config, error) {
	certs, err := keys.Certificates(partner)
	if err != nil {
		return nil, err
	}
	pins := keys.Pins(partner)
	if len(pins) == 0 || len(certs) == 0 {
		return nil, errPin
	}
	c := baseTLS(keys, partner, certs[0], seen)
	c.ServerName = serverName(pins[0])
	c.InsecureSkipVerify = true // no authority: VerifyConnection checks the pinned key
	return c, nil
}

// tune sets up a fresh connection.
func tune(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetWriteBuffer(writeBuffer) // without it a stop is a little later
	}
}

// kill closes a connection so that nothing more leaves: what the kernel has not
// sent is thrown away.
func kill(c net.Conn) {
	if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // Close follows in any case
	}
	_ = c.Close() // the connection is given up
}
