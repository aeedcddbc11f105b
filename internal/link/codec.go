// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package link

import (
	"errors"
	"fmt"
	"net/http"

	"connectrpc.com/connect"
)

// procedure is the one remote procedure: a stream of frames each way.
const procedure = "/kuroshio.link.v1.Link/Session"

// message is a frame as connect carries it. A frame that does not decode is
// handed up with its error, so that it can be counted and the stream goes on.
type message struct {
	out  []byte
	in   Frame
	err  error
	read bool // in and err are set
}

// stream is one end of the procedure.
type stream interface {
	Send(m *message) error
	Receive() (*message, error)
}

type codec struct{}

func (codec) Name() string { return "cbor" }

func (codec) Marshal(v any) ([]byte, error) {
	m, ok := v.(*message)
	if !ok {
		return nil, errors.New("encode link frame: not a message")
	}
	return m.out, nil
}

func (codec) Unmarshal(b []byte, v any) error {
	m, ok := v.(*message)
	if !ok {
		return errors.New("decode link frame: not a message")
	}
	m.in, m.err = DecodeFrame(b)
	m.read = true
	return nil
}

// frame returns the frame that came. An empty one does not reach the codec.
func (m *message) frame() (Frame, error) {
	if !m.read {
		return Frame{}, fmt.Errorf("%w: empty", ErrMalformed)
	}
	return m.in, m.err
}

func handlerOptions() connect.HandlerOption {
	return connect.WithHandlerOptions(
		connect.WithCodec(codec{}),
		connect.WithReadMaxBytes(MaxFrame),
		connect.WithSendMaxBytes(MaxFrame),
		connect.WithCompression("gzip", nil, nil), // none: lengths must not tell content
		connect.WithRequireConnectProtocolHeader(),
	)
}

func clientOptions() connect.ClientOption {
	return connect.WithClientOptions(
		connect.WithCodec(codec{}),
		connect.WithReadMaxBytes(MaxFrame),
		connect.WithSendMaxBytes(MaxFrame),
		connect.WithAcceptCompression("gzip", nil, nil),
	)
}

// http2Config bounds what one connection may hold.
func http2Config() *http.HTTP2Config {
	return &http.HTTP2Config{
		MaxConcurrentStreams:          2,
		MaxReadFrameSize:              64 << 10,
		MaxReceiveBufferPerStream:     1 << 20,
		MaxReceiveBufferPerConnection: 1 << 20,
		MaxDecoderHeaderTableSize:     4 << 10,
		MaxEncoderHeaderTableSize:     4 << 10,
	}
}
