// SPDX-License-Identifier: Apache-2.0
//! How to run one call: time limit, retries, metadata, trace. Built by the methods of Operation;
//! Retry, Trace and OperationId are what programs see of it.
use crate::answer::{size32, to_optional_view, to_view};
use crate::scope;
use mecha_sys as sys;
use std::os::raw::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How the pauses between tries grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryPattern {
    /// Always the interval.
    Constant,
    /// One interval, two, three, and so on.
    Linear,
    /// Doubled each time, spread by up to half.
    Exponential,
}

/// When to try a failed operation again, in place of the resource's policy. Only failures that
/// surely changed nothing are retried, unless the call is idempotent.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    pattern: RetryPattern,
    interval: Duration,
    max_interval: Duration,
    limit: i32,
}

impl Retry {
    /// `limit` tries after the first one, 100 ms apart.
    #[must_use]
    pub fn times(limit: u32) -> Retry {
        Retry {
            pattern: RetryPattern::Constant,
            interval: Duration::ZERO,
            max_interval: Duration::ZERO,
            limit: i32::try_from(limit).unwrap_or(i32::MAX),
        }
    }

    /// Again and again until the time limit.
    #[must_use]
    pub fn until_timeout() -> Retry {
        Retry { limit: -1, ..Retry::times(0) }
    }

    /// The first pause; 100 ms if not set.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Retry {
        self.interval = interval;
        self
    }

    /// No pause is longer; 10 s if not set.
    #[must_use]
    pub fn max_interval(mut self, max_interval: Duration) -> Retry {
        self.max_interval = max_interval;
        self
    }

    /// How the pauses grow.
    #[must_use]
    pub fn pattern(mut self, pattern: RetryPattern) -> Retry {
        self.pattern = pattern;
        self
    }

    fn to_raw(self) -> sys::mecha_retry {
        sys::mecha_retry {
            struct_size: size32::<sys::mecha_retry>(),
            pattern: match self.pattern {
                RetryPattern::Constant => sys::MECHA_RETRY_CONSTANT,
                RetryPattern::Linear => sys::MECHA_RETRY_LINEAR,
                RetryPattern::Exponential => sys::MECHA_RETRY_EXPONENTIAL,
            },
            interval_ns: nanoseconds(self.interval),
            max_interval_ns: nanoseconds(self.max_interval),
            limit: self.limit,
            reserved: 0,
        }
    }
}

/// What a trace consists of, as the W3C headers have it. Calls carry it along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// Version, trace id, span id and flags.
    pub traceparent: String,
    /// What vendors add; may be empty.
    pub tracestate: String,
    /// Names and values of the application; may be empty.
    pub baggage: String,
}

impl Trace {
    /// A trace without state and baggage.
    #[must_use]
    pub fn new(traceparent: impl Into<String>) -> Trace {
        Trace { traceparent: traceparent.into(), ..Trace::default() }
    }
}

/// Names one running operation, so that another thread can cancel it: [`crate::Runtime::cancel`].
/// 0 until the operation has begun.
#[derive(Debug, Default)]
pub struct OperationId {
    id: AtomicU64,
}

impl OperationId {
    /// None yet.
    #[must_use]
    pub const fn new() -> OperationId {
        OperationId { id: AtomicU64::new(0) }
    }

    /// The number; 0 before the operation has begun.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.id.load(Ordering::Acquire)
    }
}

pub(crate) fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// A duration in which 0 means "at once", where the C functions take 0 for the default.
pub(crate) fn at_least_one(time: Duration) -> i64 {
    nanoseconds(time).max(1)
}

pub(crate) fn milliseconds(time: Duration) -> i64 {
    let up = time + Duration::from_nanos(999_999);
    i64::try_from(up.as_millis()).unwrap_or(i64::MAX)
}

/// The options of one call. The rare ones are apart, so that the usual call moves little memory.
pub(crate) struct Call<'a> {
    pub timeout_ns: i64,
    pub flags: u32,
    pub rare: Option<Box<RareCall<'a>>>,
}

#[derive(Default)]
pub(crate) struct RareCall<'a> {
    pub within: u64,
    pub retry: Option<Retry>,
    pub metadata: Vec<(&'a str, &'a [u8])>,
    pub trace: Option<&'a Trace>,
    pub idempotency_key: &'a str,
    pub id: Option<&'a OperationId>,
    pub interrupted: Option<fn() -> bool>,
}

/// Where an asynchronous call reports.
pub(crate) struct Report {
    pub queue: *mut sys::mecha_queue,
    pub token: u64,
    pub id: *mut sys::mecha_op,
}

/// Asked by the library when a signal interrupts a wait: `user` is the program's function.
unsafe extern "C" fn was_interrupted(user: *mut c_void) -> c_int {
    let asked: fn() -> bool = unsafe { std::mem::transmute(user) };
    // A panic must not go through the library: it counts as "yes".
    c_int::from(std::panic::catch_unwind(asked).unwrap_or(true))
}

fn key_value(&(key, value): &(&str, &[u8])) -> sys::mecha_kv {
    sys::mecha_kv { key: to_view(key.as_bytes()), value: to_view(value) }
}

impl<'a> Call<'a> {
    pub const fn new() -> Call<'a> {
        Call { timeout_ns: 0, flags: sys::MECHA_CALL_INLINE, rare: None }
    }

    pub fn rare(&mut self) -> &mut RareCall<'a> {
        self.rare.get_or_insert_with(Box::default)
    }

    /// Runs `submit` with these options in the form of the C functions; NULL when a blocking call
    /// has none.
    #[inline]
    pub fn with<R>(
        &self,
        runtime: *mut sys::mecha_runtime,
        report: Option<&Report>,
        submit: impl FnOnce(*const sys::mecha_call) -> R,
    ) -> R {
        let is_plain = self.timeout_ns == 0
            && self.flags & !sys::MECHA_CALL_INLINE == 0
            && self.rare.is_none();
        if is_plain && report.is_none() && !scope::is_inside() {
            return submit(ptr::null());
        }
        self.with_all(runtime, report, submit)
    }

    fn with_all<R>(
        &self,
        runtime: *mut sys::mecha_runtime,
        report: Option<&Report>,
        submit: impl FnOnce(*const sys::mecha_call) -> R,
    ) -> R {
        let mut raw: sys::mecha_call = unsafe { std::mem::zeroed() };
        raw.struct_size = size32::<sys::mecha_call>();
        raw.flags = self.flags;
        raw.timeout_ns = self.timeout_ns;
        if let Some(report) = report {
            raw.queue = report.queue;
            raw.token = report.token;
            raw.op = report.id;
        } else {
            raw.flags &= !sys::MECHA_CALL_INLINE;
        }
        scope::fill(runtime, &mut raw);
        match &self.rare {
            None => submit(&raw),
            Some(rare) => rare.with(&mut raw, submit),
        }
    }
}

impl RareCall<'_> {
    fn with<R>(
        &self,
        raw: &mut sys::mecha_call,
        submit: impl FnOnce(*const sys::mecha_call) -> R,
    ) -> R {
        if self.within != 0 {
            raw.within = self.within;
        }
        if let Some(trace) = self.trace {
            fill_trace(trace, raw);
        }
        if let (Some(id), true) = (self.id, raw.op.is_null()) {
            raw.op = id.slot();
        }
        if let Some(interrupted) = self.interrupted {
            raw.interrupted = Some(was_interrupted);
            raw.user = interrupted as *mut c_void;
        }
        raw.idempotency_key = to_optional_view(self.idempotency_key);
        let metadata: Vec<sys::mecha_kv> = self.metadata.iter().map(key_value).collect();
        raw.metadata = metadata.as_ptr();
        raw.metadata_count = metadata.len();
        let retry = self.retry.map(Retry::to_raw);
        raw.retry = retry.as_ref().map_or(ptr::null(), |retry| retry);
        submit(raw)
    }
}

pub(crate) fn fill_trace(trace: &Trace, raw: &mut sys::mecha_call) {
    raw.traceparent = to_optional_view(&trace.traceparent);
    raw.tracestate = to_optional_view(&trace.tracestate);
    raw.baggage = to_optional_view(&trace.baggage);
}

impl OperationId {
    /// Where the library writes it, atomically. An AtomicU64 has the layout of a u64.
    fn slot(&self) -> *mut u64 {
        &self.id as *const AtomicU64 as *mut u64
    }

    pub(crate) fn set(&self, id: u64) {
        self.id.store(id, Ordering::Release);
    }
}
