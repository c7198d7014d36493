// SPDX-License-Identifier: Apache-2.0
//! Request: one message, or a batch of them, and its answer. Dropping it without an answer is a
//! Retry.
use crate::answer::{size32, text, to_time, Answer, Metadata};
use crate::call::{nanoseconds, Trace};
use crate::error::check;
use crate::scope::{run, Scope, Scoped};
use crate::shared::Shared;
use crate::{json::Json, Error, Result, Status, Verdict};
use mecha_sys as sys;
use std::future::Future;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// One request: what it holds, and its answer. Answer it with [`reply`](Request::reply), from any
/// thread. One that is dropped without an answer, also by a panic, is a [`Verdict::Retry`].
#[must_use = "a request that is dropped without an answer comes again"]
pub struct Request {
    shared: Arc<Shared>,
    id: u64,
    answer: Answer,
    is_answered: bool,
}

/// What a request, or one entry of a batch, says of itself. Borrowed from the request.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestInfo<'a> {
    /// Somebody had it before.
    pub is_redelivered: bool,
    /// A retry sends it to the dead-letter topic.
    pub is_last_attempt: bool,
    /// Each entry is a message of its own.
    pub is_batch: bool,
    /// The body is what the broker holds: there was no envelope.
    pub is_raw: bool,
    /// True when a path of a declared subscription was matched; false for a topic.
    pub is_route: bool,
    /// How often it was handed out, this time included.
    pub attempt: u32,
    /// Until the reply timeout, when it was taken.
    pub remaining: Duration,
    /// How long the broker waits without a renewal; none: for ever.
    pub lease: Option<Duration>,
    /// When the broker took it, where it tells.
    pub enqueued: Option<SystemTime>,
    /// The pubsub component.
    pub component: &'a str,
    /// The topic.
    pub topic: &'a str,
    /// The path that was matched; of a topic without rules the topic.
    pub path: &'a str,
    /// The message's id.
    pub message_id: &'a str,
    /// The ordering key; may be empty.
    pub ordering_key: &'a str,
    /// What the body is.
    pub content_type: &'a str,
    /// The sender's trace; may be empty.
    pub traceparent: &'a str,
    /// What vendors add to it; may be empty.
    pub tracestate: &'a str,
    /// The subscription's name; empty for a topic.
    pub subscription: &'a str,
}

/// The verdict on one entry of a batch.
#[derive(Clone, Copy, Debug)]
pub struct EntryVerdict {
    /// Which entry.
    pub index: usize,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// The functions of a request give a status and no words.
fn finish(status: sys::mecha_status) -> Result<()> {
    if status != sys::MECHA_GONE {
        return check(status, Answer::default()).map(drop);
    }
    let text =
        "the request is not open any more: it was answered, its time was over, or the broker \
                gave it to somebody else; the message may come again";
    Err(Error::new(Status::Gone, text))
}

fn to_duration(time_ns: i64) -> Duration {
    Duration::from_nanos(u64::try_from(time_ns).unwrap_or(0))
}

/// One message of a request: the whole of it, unless it is a batch.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    answer: &'a Answer,
    index: usize,
}

impl<'a> Entry<'a> {
    /// Its place in the batch.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The bytes.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.answer.item(self.index).map_or(&[], |item| item.value())
    }

    /// The bytes as JSON.
    ///
    /// # Errors
    /// `DataLoss` when they are not JSON.
    pub fn json(&self) -> Result<Json> {
        Json::parse(self.body())
    }

    /// What it says of itself.
    #[must_use]
    pub fn info(&self) -> RequestInfo<'a> {
        let mut raw: sys::mecha_request_info = unsafe { std::mem::zeroed() };
        raw.struct_size = size32::<sys::mecha_request_info>();
        // Of an entry that is not there nothing is written.
        unsafe { sys::mecha_request_read(self.answer.as_ptr(), self.index, &mut raw) };
        let has = |flag| raw.flags & flag != 0;
        unsafe {
            RequestInfo {
                is_redelivered: has(sys::MECHA_REQUEST_REDELIVERED),
                is_last_attempt: has(sys::MECHA_REQUEST_LAST_ATTEMPT),
                is_batch: has(sys::MECHA_REQUEST_BATCH),
                is_raw: has(sys::MECHA_REQUEST_RAW),
                is_route: raw.kind == sys::MECHA_SERVE_ROUTE,
                attempt: raw.attempt,
                remaining: to_duration(raw.remaining_ns),
                lease: Some(to_duration(raw.lease_ns)).filter(|lease| !lease.is_zero()),
                enqueued: to_time(raw.enqueued_unix_ms),
                component: text(raw.component),
                topic: text(raw.topic),
                path: text(raw.path),
                message_id: text(raw.message_id),
                ordering_key: text(raw.ordering_key),
                content_type: text(raw.content_type),
                traceparent: text(raw.traceparent),
                tracestate: text(raw.tracestate),
                subscription: text(raw.subscription),
            }
        }
    }

    /// The attributes of its envelope as `cloudevent.<name>`, then what the broker carried.
    #[must_use]
    pub fn metadata(&self) -> Metadata<'a> {
        self.answer.request_metadata(self.index)
    }
}

impl Request {
    /// Takes over an event of kind REQUEST.
    pub(crate) fn new(shared: Arc<Shared>, event: &sys::mecha_event) -> Request {
        Request {
            shared,
            id: event.id,
            answer: unsafe { Answer::from_raw(event.result) },
            is_answered: false,
        }
    }

    /// Names it, for the C functions.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How many messages: 1 unless it is a batch.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answer.len()
    }

    /// True without messages, which does not happen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answer.is_empty()
    }

    fn first(&self) -> Entry<'_> {
        let (answer, index) = (&self.answer, 0);
        Entry { answer, index }
    }

    /// Each message of a batch; else the one there is.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'_>> + '_ {
        let answer = &self.answer;
        (0..self.len()).map(move |index| Entry { answer, index })
    }

    /// The bytes of the message; of a batch those of the first.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.first().body()
    }

    /// The body as JSON; for types of your own give the body to a parser.
    ///
    /// # Errors
    /// `DataLoss` when it is not JSON.
    pub fn json(&self) -> Result<Json> {
        self.first().json()
    }

    /// What it says of itself.
    #[must_use]
    pub fn info(&self) -> RequestInfo<'_> {
        self.first().info()
    }

    /// The attributes of its envelope as `cloudevent.<name>`, then what the broker carried.
    #[must_use]
    pub fn metadata(&self) -> Metadata<'_> {
        self.first().metadata()
    }

    /// `Ok` while it may be answered; `Cancelled` when it was taken back: stop working on it; `Gone`
    /// when it was answered.
    #[must_use]
    pub fn check(&self) -> Status {
        let status = unsafe { sys::mecha_request_cancelled(self.shared.runtime(), self.id) };
        Status::from_raw(status)
    }

    /// Gives it more time: the reply timeout does not come before `by` from now.
    ///
    /// # Errors
    /// `Gone` when it is not open.
    pub fn extend(&self, by: Duration) -> Result<()> {
        let by = nanoseconds(by);
        let status = unsafe { sys::mecha_request_extend(self.shared.runtime(), self.id, by) };
        finish(status)
    }

    /// Calls that `future` makes are on behalf of this request: they carry its trace, run during a
    /// drain and end with it. The scope may outlive the request.
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped::new(self.as_scope(), future)
    }

    /// Calls that `work` makes on this thread are on behalf of this request.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        run(&self.as_scope(), work)
    }

    fn as_scope(&self) -> Scope {
        Scope::Request { runtime: self.shared.runtime(), id: self.id, trace: self.trace() }
    }

    /// The sender's trace, which the scope carries on.
    #[must_use]
    pub fn trace(&self) -> Trace {
        let info = self.info();
        Trace {
            traceparent: info.traceparent.to_owned(),
            tracestate: info.tracestate.to_owned(),
            baggage: String::new(),
        }
    }

    /// Answers all of it. `Ok` means that the verdict counts.
    ///
    /// # Errors
    /// `Gone` when it is too late: the message may come again.
    pub fn reply(mut self, verdict: Verdict) -> Result<()> {
        self.send(verdict, &[])
    }

    /// Answers a batch message by message; those that are missing are a `Retry`.
    ///
    /// # Errors
    /// `Gone` when it is too late; `InvalidArgument` for an entry that is not there: then all come
    /// again.
    pub fn reply_each(mut self, verdicts: &[EntryVerdict]) -> Result<()> {
        let to_raw = |entry: &EntryVerdict| {
            let (verdict, retry_after_ns) = entry.verdict.raw();
            sys::mecha_entry_verdict {
                index: u32::try_from(entry.index).unwrap_or(u32::MAX),
                verdict,
                retry_after_ns,
            }
        };
        let entries: Vec<_> = verdicts.iter().map(to_raw).collect();
        self.send(Verdict::Retry, &entries)
    }

    fn send(&mut self, verdict: Verdict, entries: &[sys::mecha_entry_verdict]) -> Result<()> {
        let (verdict, retry_after_ns) = verdict.raw();
        let mut reply: sys::mecha_reply = unsafe { std::mem::zeroed() };
        reply.struct_size = size32::<sys::mecha_reply>();
        reply.verdict = verdict;
        reply.retry_after_ns = retry_after_ns;
        // Not an empty slice's pointer: entries that are there count, also when there are none.
        reply.entries = if entries.is_empty() { ptr::null() } else { entries.as_ptr() };
        reply.entry_count = entries.len();
        let status = unsafe { sys::mecha_request_reply(self.shared.runtime(), self.id, &reply) };
        // After a mistake in the arguments it is still open.
        self.is_answered = status != sys::MECHA_INVALID_ARGUMENT;
        finish(status)
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if !self.is_answered {
            let _ = self.send(Verdict::Retry, &[]);
        }
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Request({}, {} messages)", self.info().path, self.len())
    }
}
