// SPDX-License-Identifier: Apache-2.0
//! Error: why something failed. Owns its text; one word large, as it is returned often.
use crate::answer::{bytes, Answer};
use crate::status::{Retryable, Status};
use mecha_sys as sys;
use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::ptr;

/// Why something failed. Its text says what, where and what to do next, and never holds a secret.
pub struct Error {
    content: Box<Content>,
}

struct Content {
    status: Status,
    answer: Answer,
    source: Source,
}

enum Source {
    /// The error of `answer`, as a whole.
    Answer,
    /// One that a C function gave by itself.
    Owned(*mut sys::mecha_error),
    /// Words of this crate.
    Text(Cow<'static, str>),
}

// Errors are immutable.
unsafe impl Send for Content {}
unsafe impl Sync for Content {}

impl Drop for Content {
    fn drop(&mut self) {
        if let Source::Owned(error) = self.source {
            unsafe { sys::mecha_error_free(error) }
        }
    }
}

impl Error {
    fn from_source(status: Status, answer: Answer, source: Source) -> Error {
        Error { content: Box::new(Content { status, answer, source }) }
    }

    #[cold]
    pub(crate) fn from_answer(status: sys::mecha_status, answer: Answer) -> Error {
        Error::from_source(Status::from_raw(status), answer, Source::Answer)
    }

    #[cold]
    pub(crate) fn from_owned(status: sys::mecha_status, error: *mut sys::mecha_error) -> Error {
        // Without words of its own (no memory was left, say) the function's status is all there is.
        let status = match unsafe { sys::mecha_error_status(error) } {
            sys::MECHA_OK => status,
            own => own,
        };
        let status = Status::from_raw(status);
        Error::from_source(status, Answer::default(), Source::Owned(error))
    }

    /// An error of the program's own, for a handler or a test.
    #[cold]
    #[must_use]
    pub fn new(status: Status, text: impl Into<Cow<'static, str>>) -> Error {
        Error::from_source(status, Answer::default(), Source::Text(text.into()))
    }

    fn raw(&self) -> *const sys::mecha_error {
        match self.content.source {
            Source::Answer => unsafe {
                sys::mecha_result_error(self.content.answer.as_ptr(), sys::MECHA_RESULT_WHOLE)
            },
            Source::Owned(error) => error,
            Source::Text(_) => ptr::null(),
        }
    }

    /// The status it stands for; always a failure.
    #[must_use]
    pub fn status(&self) -> Status {
        self.content.status
    }

    /// What failed, where and what to do next, for a person. Do not compare it.
    #[must_use]
    pub fn message(&self) -> &str {
        if let Source::Text(text) = &self.content.source {
            return text;
        }
        let text = unsafe { CStr::from_ptr(sys::mecha_error_message(self.raw())) };
        match text.to_str().unwrap_or("") {
            "" => self.status().name(),
            text => text,
        }
    }

    /// A named part: `component`, `type`, `operation`, `applied`, `file`, `line`, `cause`,
    /// `max_ops`, `index` and others.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        let name = CString::new(name).ok()?;
        let raw = self.raw();
        let view = unsafe { sys::mecha_error_detail(raw, name.as_ptr()) };
        if view.data.is_null() {
            return None;
        }
        std::str::from_utf8(unsafe { bytes(view) }).ok()
    }

    /// Whether trying again can help.
    #[must_use]
    pub fn retryable(&self) -> Retryable {
        Retryable::from_raw(unsafe { sys::mecha_error_retryable(self.raw()) })
    }

    /// True when the write may have happened all the same.
    #[must_use]
    pub fn maybe_applied(&self) -> bool {
        self.content.answer.maybe_applied()
    }

    /// What came with it: the items of a failed transaction, the report of a shutdown.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.content.answer
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.message())
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.status(), self.message())
    }
}

impl std::error::Error for Error {}

/// `answer` when it did not fail.
#[inline]
pub(crate) fn check(status: sys::mecha_status, answer: Answer) -> crate::Result<Answer> {
    if status < 0 {
        Err(Error::from_answer(status, answer))
    } else {
        Ok(answer)
    }
}
