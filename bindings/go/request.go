// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"
	"unsafe"
)

// Verdict says what is to become of a message.
type Verdict uint32

// What is to become of a message.
const (
	VerdictOK    Verdict = C.MECHA_VERDICT_OK    // handled
	VerdictRetry Verdict = C.MECHA_VERDICT_RETRY // give it to somebody again, after a pause
	VerdictDrop  Verdict = C.MECHA_VERDICT_DROP  // never again: to the dead-letter topic if there is one
	VerdictError Verdict = C.MECHA_VERDICT_ERROR // of calls; for a message the same as VerdictRetry
)

// EntryVerdict is the verdict on one message of a batch.
type EntryVerdict struct {
	Index      int
	Verdict    Verdict
	RetryAfter time.Duration // of VerdictRetry: the pause; 0 = the subscription's policy
}

// Received is one message that came, with what it says of itself.
type Received struct {
	Body          []byte
	Metadata      []Entry // attributes of the envelope as cloudevent.NAME, then the broker's
	Component     string
	Topic         string
	Path          string // the route that was matched; of a topic without rules the topic
	MessageID     string
	OrderingKey   string
	ContentType   string
	Trace         Trace
	Subscription  string        // its name; empty for a topic
	Kind          Kind          // as it was served
	Attempt       int           // how often it was handed out, this time included
	Remaining     time.Duration // until the reply timeout, when it was taken
	Lease         time.Duration // how long the broker waits without a renewal; 0 = for ever
	Enqueued      time.Time     // when the broker took it; zero: it does not tell
	IsRedelivered bool          // somebody had it before
	IsLastAttempt bool          // a retry sends it to the dead-letter topic
	IsRaw         bool          // the body is what the broker holds: no envelope
}

// Find is the first metadata entry of that name ("cloudevent.type"), and whether there is one.
func (m *Received) Find(name string) (string, bool) {
	for _, entry := range m.Metadata {
		if entry.Key == name {
			return entry.Value, true
		}
	}
	return "", false
}

// Decode reads the body as JSON into what `into` points to.
func (m *Received) Decode(into any) error { return json.Unmarshal(m.Body, into) }

// Request is something to handle: a message, or a batch of them. Answer it once; whoever never
// answers has answered VerdictRetry.
type Request struct {
	Received            // the first message, and of a batch only that
	Batch    []Received // of a batch all of them
	rt       *Runtime
	owner    *Registration
	id       uint64
	token    uint64
	context  context.Context
	cancel   context.CancelCauseFunc
	answered atomic.Bool
}

// ID names the request.
func (q *Request) ID() uint64 { return q.id }

// Token is that of its registration.
func (q *Request) Token() uint64 { return q.token }

// IsBatch: look at Batch.
func (q *Request) IsBatch() bool { return q.Batch != nil }

// IsAnswered is true after it was answered.
func (q *Request) IsAnswered() bool { return q.answered.Load() }

// Context is for the calls that belong to the request; a handler is given it.
func (q *Request) Context() context.Context { return q.context }

// Ack answers VerdictOK.
func (q *Request) Ack() error { return q.Reply(VerdictOK, 0) }

// Retry answers VerdictRetry, with a pause; 0 = the subscription's policy.
func (q *Request) Retry(after time.Duration) error { return q.Reply(VerdictRetry, after) }

// Drop answers VerdictDrop.
func (q *Request) Drop() error { return q.Reply(VerdictDrop, 0) }

// Reply answers all of it. nil means that the verdict counts. ErrGone: the answer is too late, and the
// message may come again.
func (q *Request) Reply(verdict Verdict, retryAfter time.Duration) error {
	return q.reply(verdict, retryAfter, nil)
}

// ReplyEach answers a batch message by message; those that are missing are VerdictRetry.
func (q *Request) ReplyEach(verdicts []EntryVerdict) error {
	words := make([]uint64, 0, 3*len(verdicts)+1)
	for _, entry := range verdicts {
		words = append(words, uint64(entry.Index), uint64(entry.Verdict), uint64(entry.RetryAfter))
	}
	return q.reply(VerdictRetry, 0, words)
}

func (q *Request) reply(verdict Verdict, retryAfter time.Duration, entries []uint64) error {
	o, err := q.rt.enter()
	if err != nil {
		return err
	}
	defer q.rt.leave(o)
	how := C.FlatReply{id: C.uint64_t(q.id), verdict: C.uint32_t(verdict),
		retry_after_ns: C.int64_t(retryAfter), entry_count: C.uint64_t(len(entries) / 3)}
	status := Status(C.flat_reply(q.rt.handle, &how,
		(*C.uint64_t)(unsafe.Pointer(unsafe.SliceData(entries)))))
	switch status {
	case OK, ErrGone:
		q.answered.Store(true)
		q.owner.open.remove(q)
		q.cancel(context.Canceled)
	}
	if status == OK {
		return nil
	}
	return newError(status, replyProblems[status])
}

var replyProblems = map[Status]string{
	ErrGone:            "the answer is too late: the request is not open any more",
	ErrInvalidArgument: "the answer has an unknown verdict, or an entry that is not there",
}

// Check is nil while it may be answered; ErrCancelled when it was taken back: stop working on it;
// ErrGone when it was answered.
func (q *Request) Check() error {
	o, err := q.rt.enter()
	if err != nil {
		return err
	}
	defer q.rt.leave(o)
	status := Status(C.mecha_request_cancelled(q.rt.handle, C.mecha_request(q.id)))
	if status == OK {
		return nil
	}
	return newError(status, "the request cannot be answered any more")
}

// Extend gives it more time: the reply timeout does not come before `by` from now.
func (q *Request) Extend(by time.Duration) error {
	o, err := q.rt.enter()
	if err != nil {
		return err
	}
	defer q.rt.leave(o)
	status := Status(C.mecha_request_extend(q.rt.handle, C.mecha_request(q.id), C.int64_t(by)))
	if status == OK {
		return nil
	}
	return newError(status, "the request cannot have more time")
}

const (
	requestRedelivered = C.MECHA_REQUEST_REDELIVERED
	requestLastAttempt = C.MECHA_REQUEST_LAST_ATTEMPT
	requestBatch       = C.MECHA_REQUEST_BATCH
	requestRaw         = C.MECHA_REQUEST_RAW
)

// readRequest makes a request of an event.
func readRequest(event *C.FlatEvent) *Request {
	var out C.FlatOut
	C.flat_take_request(event.result, &out)
	block := make([]byte, out.needed)
	if out.result != 0 {
		C.flat_take_large_request(&out, (*C.char)(unsafe.Pointer(&block[0])))
	} else {
		copy(block, unsafe.Slice((*byte)(unsafe.Pointer(&out.block)), blockBytes))
	}
	from := reply{block: block, isOwned: true}
	received := make([]Received, from.word(0))
	word := uint64(1)
	var flags uint32
	for i := range received {
		flags |= from.readReceived(&received[i], &word)
	}
	q := &Request{id: uint64(event.id), token: uint64(event.token)}
	if len(received) > 0 {
		q.Received = received[0]
	}
	if flags&requestBatch != 0 {
		q.Batch = received
	}
	return q
}

// readReceived reads one message at *word, and moves that behind it. It gives the flags.
func (r *reply) readReceived(m *Received, word *uint64) uint32 {
	at := *word
	kind, attempt := r.word(at+C.FLAT_REQUEST_KIND), r.word(at+C.FLAT_REQUEST_ATTEMPT)
	flags := uint32(kind >> 32)
	*m = Received{
		Kind:          Kind(uint32(kind)),
		Attempt:       int(uint32(attempt)),
		Remaining:     time.Duration(r.word(at + C.FLAT_REQUEST_REMAINING)),
		Lease:         time.Duration(r.word(at + C.FLAT_REQUEST_LEASE)),
		Component:     r.text(at + C.FLAT_REQUEST_COMPONENT),
		Topic:         r.text(at + C.FLAT_REQUEST_TOPIC),
		Path:          r.text(at + C.FLAT_REQUEST_PATH),
		MessageID:     r.text(at + C.FLAT_REQUEST_MESSAGE_ID),
		OrderingKey:   r.text(at + C.FLAT_REQUEST_ORDERING_KEY),
		ContentType:   r.text(at + C.FLAT_REQUEST_CONTENT_TYPE),
		Subscription:  r.text(at + C.FLAT_REQUEST_SUBSCRIPTION),
		Body:          r.bytes(at + C.FLAT_REQUEST_BODY),
		IsRedelivered: flags&requestRedelivered != 0,
		IsLastAttempt: flags&requestLastAttempt != 0,
		IsRaw:         flags&requestRaw != 0,
	}
	m.Trace.Parent = r.text(at + C.FLAT_REQUEST_TRACEPARENT)
	m.Trace.State = r.text(at + C.FLAT_REQUEST_TRACESTATE)
	if enqueued := int64(r.word(at + C.FLAT_REQUEST_ENQUEUED)); enqueued != 0 {
		m.Enqueued = time.UnixMilli(enqueued)
	}
	at += C.FLAT_REQUEST_WORDS
	m.Metadata = make([]Entry, attempt>>32)
	for i := range m.Metadata {
		m.Metadata[i] = Entry{r.text(at), r.text(at + 2)}
		at += 4
	}
	*word = at
	return flags
}
