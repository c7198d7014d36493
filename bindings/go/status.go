// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

// Status says how something ended. The failures are errors: errors.Is(err, mecha.ErrAborted). A
// value that is not listed is to be treated as ErrUnknown.
type Status int32

// How something ended, besides failures.
const (
	OK      Status = C.MECHA_OK
	Pending Status = C.MECHA_PENDING // not seen by callers: calls wait
)

// Failures, and ErrPartial, which comes together with a result.
const (
	ErrPartial            Status = C.MECHA_PARTIAL // some items failed; each says how it ended
	ErrCancelled          Status = C.MECHA_CANCELLED
	ErrUnknown            Status = C.MECHA_UNKNOWN
	ErrInvalidArgument    Status = C.MECHA_INVALID_ARGUMENT
	ErrDeadlineExceeded   Status = C.MECHA_DEADLINE_EXCEEDED
	ErrNotFound           Status = C.MECHA_NOT_FOUND // an unknown component; an absent key is no error
	ErrAlreadyExists      Status = C.MECHA_ALREADY_EXISTS
	ErrPermissionDenied   Status = C.MECHA_PERMISSION_DENIED
	ErrResourceExhausted  Status = C.MECHA_RESOURCE_EXHAUSTED
	ErrFailedPrecondition Status = C.MECHA_FAILED_PRECONDITION
	ErrAborted            Status = C.MECHA_ABORTED // an etag did not match
	ErrOutOfRange         Status = C.MECHA_OUT_OF_RANGE
	ErrUnimplemented      Status = C.MECHA_UNIMPLEMENTED
	ErrInternal           Status = C.MECHA_INTERNAL
	ErrUnavailable        Status = C.MECHA_UNAVAILABLE
	ErrDataLoss           Status = C.MECHA_DATA_LOSS
	ErrUnauthenticated    Status = C.MECHA_UNAUTHENTICATED
	ErrBusy               Status = C.MECHA_BUSY      // too much in flight; nothing was started
	ErrClosed             Status = C.MECHA_CLOSED    // the runtime is closed
	ErrForked             Status = C.MECHA_FORKED    // the runtime belongs to the parent process
	ErrReentrant          Status = C.MECHA_REENTRANT // would block one of the runtime's own threads
	ErrVersion            Status = C.MECHA_VERSION   // package and library do not fit
	ErrNoMemory           Status = C.MECHA_NO_MEMORY
	ErrGone               Status = C.MECHA_GONE      // the request is not open any more
	ErrSuspended          Status = C.MECHA_SUSPENDED // the runtime is suspended
	ErrOutcomeUnknown     Status = C.MECHA_OUTCOME_UNKNOWN
	ErrDeadlock           Status = C.MECHA_DEADLOCK
	ErrStuck              Status = C.MECHA_STUCK
)

// Retryable says whether trying again can help.
type Retryable int32

// Whether trying again can help.
const (
	RetryableNo               Retryable = C.MECHA_RETRYABLE_NO
	RetryableSafe             Retryable = C.MECHA_RETRYABLE_SAFE               // nothing was changed
	RetryableOnlyIfIdempotent Retryable = C.MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT // it may have been applied already
)

// IsFailure is false for OK, Pending and ErrPartial.
func (status Status) IsFailure() bool { return status < 0 }

// Error names the status; it makes a Status a target of errors.Is.
func (status Status) Error() string { return status.String() }
