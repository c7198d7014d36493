// SPDX-License-Identifier: Apache-2.0

package mecha

import (
	"context"
	"errors"
)

// Error says why a call failed. Get one with errors.As; compare with errors.Is:
//
//	errors.Is(err, mecha.ErrAborted)          // a status
//	errors.Is(err, context.Canceled)          // the context of the call was cancelled
//	errors.Is(err, context.DeadlineExceeded)  // its time was over
type Error struct {
	Status Status
	// Message says what failed, where and what to do next, in one line for a person. Do not
	// compare it. It holds no secret.
	Message string
	// Retryable says whether trying again can help.
	Retryable Retryable
	// MaybeApplied: the write may have happened all the same.
	MaybeApplied bool
	// Items is what came with the error: those of a failed transaction, the report of a shutdown.
	Items []Item
	// Tries counts the tries that were made, 0 where nothing was tried.
	Tries uint64

	details [len(detailNames)]string
	cause   error
}

var detailNames = [...]string{
	"component", "type", "operation", "applied", "file", "line", "cause", "max_ops", "index",
}

// Error returns the message.
func (e *Error) Error() string {
	if e.Message == "" {
		return "mecha: " + e.Status.String()
	}
	return "mecha: " + e.Message
}

// Is makes errors.Is compare with a Status.
func (e *Error) Is(target error) bool {
	status, ok := target.(Status)
	return ok && status == e.Status
}

// Unwrap gives the error of the context that ended the call, if one did.
func (e *Error) Unwrap() error { return e.cause }

// Timeout is true when the time was over; it is what net.Error has.
func (e *Error) Timeout() bool { return e.Status == ErrDeadlineExceeded }

// Detail gives a named part: component, type, operation, applied, file, line, cause, max_ops,
// index. Empty when there is none.
func (e *Error) Detail(name string) string {
	for i, known := range detailNames {
		if known == name {
			return e.details[i]
		}
	}
	return ""
}

// StatusOf tells how a call ended by its error: OK for nil, ErrUnknown for an error of others.
func StatusOf(err error) Status {
	if err == nil {
		return OK
	}
	var failure *Error
	if errors.As(err, &failure) {
		return failure.Status
	}
	var status Status
	if errors.As(err, &status) {
		return status
	}
	return ErrUnknown
}

// newError makes an error of words of this package's own.
func newError(status Status, message string) *Error {
	return &Error{Status: status, Message: message}
}

// contextError is what a call on a context that is done returns without being made. A deadline may
// be over before the context's own timer has noticed.
func contextError(ctx context.Context) *Error {
	if cause := ctx.Err(); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return &Error{Status: ErrCancelled, Message: "the context is cancelled before the call",
			cause: cause}
	}
	return &Error{Status: ErrDeadlineExceeded, Message: "the deadline is over before the call",
		cause: context.DeadlineExceeded}
}

// blame ties an error to the context that brought it about, or to the time that was over.
func (e *Error) blame(ctx context.Context) *Error {
	if e.Status != ErrDeadlineExceeded && e.Status != ErrCancelled {
		return e
	}
	e.cause = ctx.Err()
	if e.cause == nil && e.Status == ErrDeadlineExceeded {
		e.cause = context.DeadlineExceeded
	}
	if errors.Is(e.cause, context.DeadlineExceeded) {
		e.Status = ErrDeadlineExceeded
	}
	return e
}
