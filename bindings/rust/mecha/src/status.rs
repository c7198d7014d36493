// SPDX-License-Identifier: Apache-2.0
//! Status and Retryable: how something ended, and whether trying again can help.
use mecha_sys as sys;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $value:ident,)+) => {
        /// How something ended. A value that this version does not know reads as `Unknown`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Status {
            $($(#[$doc])* $name,)+
        }

        impl Status {
            /// From the number that the C functions use.
            #[must_use]
            pub fn from_raw(raw: sys::mecha_status) -> Status {
                match raw {
                    $(sys::$value => Status::$name,)+
                    _ => Status::Unknown,
                }
            }

            /// The number that the C functions use.
            #[must_use]
            pub fn raw(self) -> sys::mecha_status {
                match self {
                    $(Status::$name => sys::$value,)+
                }
            }
        }
    };
}

statuses! {
    /// It worked.
    Ok = MECHA_OK,
    /// An event will follow.
    Pending = MECHA_PENDING,
    /// Some items failed; each item says how it ended.
    Partial = MECHA_PARTIAL,
    /// It was cancelled.
    Cancelled = MECHA_CANCELLED,
    /// It failed in a way that has no name here.
    Unknown = MECHA_UNKNOWN,
    /// An argument is wrong.
    InvalidArgument = MECHA_INVALID_ARGUMENT,
    /// The time was over.
    DeadlineExceeded = MECHA_DEADLINE_EXCEEDED,
    /// There is no such thing.
    NotFound = MECHA_NOT_FOUND,
    /// It is there already.
    AlreadyExists = MECHA_ALREADY_EXISTS,
    /// This application may not.
    PermissionDenied = MECHA_PERMISSION_DENIED,
    /// No room is left.
    ResourceExhausted = MECHA_RESOURCE_EXHAUSTED,
    /// Something else has to be done first.
    FailedPrecondition = MECHA_FAILED_PRECONDITION,
    /// An etag did not match.
    Aborted = MECHA_ABORTED,
    /// Too large or too many.
    OutOfRange = MECHA_OUT_OF_RANGE,
    /// The component cannot do that.
    Unimplemented = MECHA_UNIMPLEMENTED,
    /// A mistake in Mecha or a back-end.
    Internal = MECHA_INTERNAL,
    /// The back-end cannot be reached.
    Unavailable = MECHA_UNAVAILABLE,
    /// What is stored cannot be read.
    DataLoss = MECHA_DATA_LOSS,
    /// The back-end does not accept the credentials.
    Unauthenticated = MECHA_UNAUTHENTICATED,
    /// Too much is in flight; nothing was started.
    Busy = MECHA_BUSY,
    /// The runtime or queue is closed.
    Closed = MECHA_CLOSED,
    /// The handle belongs to the parent process.
    Forked = MECHA_FORKED,
    /// It would block one of the runtime's own threads.
    Reentrant = MECHA_REENTRANT,
    /// Binding and library do not fit.
    Version = MECHA_VERSION,
    /// No memory is left.
    NoMemory = MECHA_NO_MEMORY,
    /// The request is not open any more.
    Gone = MECHA_GONE,
    /// The runtime is suspended.
    Suspended = MECHA_SUSPENDED,
    /// It may or may not have happened.
    OutcomeUnknown = MECHA_OUTCOME_UNKNOWN,
    /// Waiting would never end.
    Deadlock = MECHA_DEADLOCK,
    /// It does not go on.
    Stuck = MECHA_STUCK,
}

impl Status {
    /// True for a failure; false for `Ok`, `Pending` and `Partial`.
    #[must_use]
    pub fn is_failure(self) -> bool {
        self.raw() < 0
    }

    /// Its name in every language: `NOT_FOUND`.
    #[must_use]
    pub fn name(self) -> &'static str {
        // A constant of the library, terminated by NUL.
        unsafe { std::ffi::CStr::from_ptr(sys::mecha_status_name(self.raw())) }
            .to_str()
            .unwrap_or("UNKNOWN")
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

/// Whether trying again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Retryable {
    /// It would fail again.
    No,
    /// Nothing was changed: trying again is safe.
    Safe,
    /// It may have been applied already: only what may be done twice is tried again.
    OnlyIfIdempotent,
}

impl Retryable {
    pub(crate) fn from_raw(raw: i32) -> Retryable {
        match raw {
            sys::MECHA_RETRYABLE_SAFE => Retryable::Safe,
            sys::MECHA_RETRYABLE_ONLY_IF_IDEMPOTENT => Retryable::OnlyIfIdempotent,
            // MECHA_RETRYABLE_NO, and whatever a newer library says.
            _ => Retryable::No,
        }
    }
}
