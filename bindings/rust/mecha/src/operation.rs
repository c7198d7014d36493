// SPDX-License-Identifier: Apache-2.0
//! Operation: a call that is not made yet. Await it on any executor, or `wait` for it on this
//! thread. Its methods say how to run it.
use crate::answer::Answer;
use crate::call::{at_least_one, Call, OperationId, Report, Retry, Trace};
use crate::shared::{Pending, Shared, Submitted};
use crate::{Error, Request, Result, Status};
use mecha_sys as sys;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// The runtime's default time limit, unless its settings say otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

mod sealed {
    use super::{sys, Answer, Arc, Result, Shared};

    /// What an operation does. Sealed: the verbs of this crate are all there are.
    pub trait Steps {
        /// What it returns.
        type Output;

        /// Calls the C function.
        ///
        /// # Safety
        /// The pointers are what the C function takes.
        unsafe fn submit(
            &mut self,
            shared: &Shared,
            call: *const sys::mecha_call,
            out: *mut *mut sys::mecha_result,
        ) -> sys::mecha_status;

        /// Makes the output of what came back.
        fn finish(
            &mut self,
            shared: &Arc<Shared>,
            status: sys::mecha_status,
            answer: Answer,
        ) -> Result<Self::Output>;
    }
}

pub(crate) use sealed::Steps;

/// What an [`Operation`] does. It is sealed: the verbs of this crate are all there are.
pub trait Verb: Steps {}

impl<V: Steps> Verb for V {}

/// A call that is not made yet: await it, or [`wait`](Operation::wait) for it.
///
/// As a future it begins when it is first polled, and needs no executor of a certain kind. Dropping
/// it then cancels the operation; a write that was under way may have happened all the same.
#[must_use = "an operation does nothing unless it is awaited or waited for"]
pub struct Operation<'a, V> {
    shared: &'a Arc<Shared>,
    call: Call<'a>,
    // Before the verb, so that it is dropped, that is cancelled, first.
    pending: Option<Pending>,
    pub(crate) verb: V,
    /// When it began to wait for room in the queue.
    waits_since: Option<Instant>,
}

// Nothing is pinned inside, and nobody may poll the verb.
impl<V> Unpin for Operation<'_, V> {}

impl<'a, V> Operation<'a, V> {
    #[inline]
    pub(crate) fn new(shared: &'a Arc<Shared>, verb: V) -> Operation<'a, V> {
        Operation { shared, call: Call::new(), verb, pending: None, waits_since: None }
    }

    /// It fails after this time, retries included. Without it the runtime's default counts, 60 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.call.timeout_ns = at_least_one(timeout);
        self
    }

    /// It may take as long as it likes.
    pub fn no_timeout(mut self) -> Self {
        self.call.timeout_ns = -1;
        self
    }

    /// When to try again, in place of the resource's policy.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.call.rare().retry = Some(retry);
        self
    }

    /// Doing it twice is harmless: it is tried again also when it may have happened.
    pub fn idempotent(mut self) -> Self {
        self.call.flags |= sys::MECHA_CALL_IDEMPOTENT;
        self
    }

    /// A key by which the other side can tell that a call comes twice.
    pub fn idempotency_key(mut self, key: &'a str) -> Self {
        self.call.rare().idempotency_key = key;
        self
    }

    /// Adds metadata for the component; may be called several times.
    pub fn metadata(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.call.rare().metadata.push((name, value.as_ref()));
        self
    }

    /// The trace it belongs to, in place of that of the scope.
    pub fn trace(mut self, trace: &'a Trace) -> Self {
        self.call.rare().trace = Some(trace);
        self
    }

    /// On behalf of this request: it runs during a drain and ends with the request.
    /// [`Request::scope`] and [`Request::run`] say so for all calls inside.
    pub fn within(mut self, request: &Request) -> Self {
        self.call.rare().within = request.id();
        self
    }

    /// Where to note the number to cancel it by.
    pub fn id(mut self, id: &'a OperationId) -> Self {
        self.call.rare().id = Some(id);
        self
    }

    /// Asked on the waiting thread when a signal interrupts [`wait`](Operation::wait): true cancels
    /// the operation.
    pub fn interrupted(mut self, asked: fn() -> bool) -> Self {
        self.call.rare().interrupted = Some(asked);
        self
    }

    /// Whether a future may be over at its first poll, when that needs no disk, lock or socket. True
    /// unless set.
    pub fn inline(mut self, may_be_inline: bool) -> Self {
        self.call.flags &= !sys::MECHA_CALL_INLINE;
        if may_be_inline {
            self.call.flags |= sys::MECHA_CALL_INLINE;
        }
        self
    }
}

impl<V: Steps> Operation<'_, V> {
    /// Runs it on this thread until it is over. Within an executor rather await it: `wait` would
    /// hold up a thread of the executor.
    ///
    /// # Errors
    /// As the operation says.
    #[inline]
    pub fn wait(mut self) -> Result<V::Output> {
        let mut out = ptr::null_mut();
        let (shared, verb) = (self.shared, &mut self.verb);
        let status = self
            .call
            .with(shared.runtime(), None, |call| unsafe { verb.submit(shared, call, &mut out) });
        let answer = unsafe { Answer::from_raw(out) };
        self.verb.finish(self.shared, status, answer)
    }

    fn submit(&mut self, context: &Context<'_>) -> Submitted {
        let (shared, call, verb) = (self.shared, &self.call, &mut self.verb);
        let submit = |report: &Report, out| {
            call.with(shared.runtime(), Some(report), |call| unsafe {
                verb.submit(shared, call, out)
            })
        };
        let submitted = Pending::submit(shared, context.waker(), submit);
        if let (Submitted::Pending(pending), Some(rare)) = (&submitted, &self.call.rare) {
            if let Some(id) = rare.id {
                id.set(pending.id());
            }
        }
        submitted
    }

    /// Over the queue's limit nothing was begun: waits for room, as blocking calls do.
    fn may_wait_for_room(&mut self) -> bool {
        let limit = match self.call.timeout_ns {
            0 => DEFAULT_TIMEOUT,
            limit if limit < 0 => return true,
            limit => Duration::from_nanos(limit.unsigned_abs()),
        };
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        since.elapsed() < limit
    }
}

impl<V: Steps> Future for Operation<'_, V> {
    type Output = Result<V::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.pending.is_none() {
            let mut submitted = this.submit(context);
            if let Submitted::Over(sys::MECHA_BUSY, _) = submitted {
                if this.may_wait_for_room() {
                    this.shared.await_room(context.waker());
                    submitted = this.submit(context);
                    if let Submitted::Over(sys::MECHA_BUSY, _) = submitted {
                        return Poll::Pending;
                    }
                } else {
                    let text = "too much was in flight until the time limit; nothing was begun";
                    return Poll::Ready(Err(Error::new(Status::DeadlineExceeded, text)));
                }
            }
            match submitted {
                Submitted::Over(status, answer) => {
                    return Poll::Ready(this.verb.finish(this.shared, status, answer))
                }
                Submitted::Pending(pending) => this.pending = Some(pending),
            }
        }
        let pending = this.pending.as_mut().expect("it was just put there");
        match pending.poll(context.waker()) {
            Poll::Pending => Poll::Pending,
            Poll::Ready((status, answer)) => {
                Poll::Ready(this.verb.finish(this.shared, status, answer))
            }
        }
    }
}
