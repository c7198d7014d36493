// SPDX-License-Identifier: Apache-2.0

package mecha

// Status says how something ended. The failures are errors: errors.Is(err, mecha.ErrAborted). A
// value that is not listed is to be treated as ErrUnknown.
type Status int32

// How something ended, besides failures.
const (
	OK      Status = 0
	Pending Status = 1 // not seen by callers: calls wait
)

// Failures, and ErrPartial, which comes together with a result.
const (
	ErrPartial            Status = 2 // some items failed; each says how it ended
	ErrCancelled          Status = -1
	ErrUnknown            Status = -2
	ErrInvalidArgument    Status = -3
	ErrDeadlineExceeded   Status = -4
	ErrNotFound           Status = -5 // an unknown component; an absent key is no error
	ErrAlreadyExists      Status = -6
	ErrPermissionDenied   Status = -7
	ErrResourceExhausted  Status = -8
	ErrFailedPrecondition Status = -9
	ErrAborted            Status = -10 // an etag did not match
	ErrOutOfRange         Status = -11
	ErrUnimplemented      Status = -12
	ErrInternal           Status = -13
	ErrUnavailable        Status = -14
	ErrDataLoss           Status = -15
	ErrUnauthenticated    Status = -16
	ErrBusy               Status = -100 // too much in flight; nothing was started
	ErrClosed             Status = -101 // the runtime is closed
	ErrForked             Status = -102 // the runtime belongs to the parent process
	ErrReentrant          Status = -103 // would block one of the runtime's own threads
	ErrVersion            Status = -104 // package and library do not fit
	ErrNoMemory           Status = -105
	ErrGone               Status = -106 // the request is not open any more
	ErrSuspended          Status = -107 // the runtime is suspended
	ErrOutcomeUnknown     Status = -108
	ErrDeadlock           Status = -109
	ErrStuck              Status = -110
)

// Retryable says whether trying again can help.
type Retryable int32

// Whether trying again can help.
const (
	RetryableNo               Retryable = 0
	RetryableSafe             Retryable = 1 // nothing was changed
	RetryableOnlyIfIdempotent Retryable = 2 // it may have been applied already
)

// IsFailure is false for OK, Pending and ErrPartial.
func (status Status) IsFailure() bool { return status < 0 }

// Error names the status; it makes a Status a target of errors.Is.
func (status Status) Error() string { return "mecha: " + status.String() }
