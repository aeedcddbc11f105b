// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package pairing

// EncodeForTest returns a message as it travels.
func EncodeForTest(m *Message) []byte {
	b, err := encodeMessage(m)
	if err != nil {
		panic(err)
	}
	return b
}

// CommitmentForTest returns a joiner's commitment.
func CommitmentForTest(r *Reveal) []byte { return r.commitment(joiner) }

// CodeForTest returns the code that an inviter and a joiner see.
func CodeForTest(i, j *Reveal) (atInviter, atJoiner string) {
	return codeOf(transcriptOf(inviter, i, j)), codeOf(transcriptOf(joiner, j, i))
}
