// SPDX-License-Identifier: Apache-2.0
//! Verdict: what is to become of a message, and what a handler may return instead.
use mecha_sys as sys;
use std::fmt::Display;
use std::time::Duration;

/// What is to become of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was handled.
    Ok,
    /// Give it to somebody again, after the subscription's pause.
    Retry,
    /// Give it to somebody again, after this pause.
    RetryAfter(Duration),
    /// Never again: to the dead-letter topic if there is one.
    Drop,
    /// It failed. For a message the same as `Retry`.
    Error,
}

impl Verdict {
    /// The number of the C functions, and the pause.
    pub(crate) fn raw(self) -> (u32, i64) {
        match self {
            Verdict::Ok => (sys::MECHA_VERDICT_OK, 0),
            Verdict::Retry => (sys::MECHA_VERDICT_RETRY, 0),
            Verdict::RetryAfter(pause) => {
                (sys::MECHA_VERDICT_RETRY, crate::call::at_least_one(pause))
            }
            Verdict::Drop => (sys::MECHA_VERDICT_DROP, 0),
            Verdict::Error => (sys::MECHA_VERDICT_ERROR, 0),
        }
    }
}

/// What a handler may return: a [`Verdict`]; `()` for `Ok`; or a `Result`, whose error means `Retry`
/// and is logged.
pub trait IntoVerdict {
    /// The verdict, and what to log.
    fn into_verdict(self) -> (Verdict, Option<String>);
}

impl IntoVerdict for Verdict {
    fn into_verdict(self) -> (Verdict, Option<String>) {
        (self, None)
    }
}

impl IntoVerdict for () {
    fn into_verdict(self) -> (Verdict, Option<String>) {
        (Verdict::Ok, None)
    }
}

impl<T: IntoVerdict, E: Display> IntoVerdict for Result<T, E> {
    fn into_verdict(self) -> (Verdict, Option<String>) {
        match self {
            Ok(value) => value.into_verdict(),
            Err(error) => (Verdict::Retry, Some(error.to_string())),
        }
    }
}
