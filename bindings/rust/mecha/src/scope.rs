// SPDX-License-Identifier: Apache-2.0
//! The request and the trace that the code of this thread, or of this task, works for. Calls that
//! begin inside carry them along. A future's scope is entered whenever it is polled.
use crate::call::{fill_trace, Trace};
use mecha_sys as sys;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll};

/// What calls carry along.
#[derive(Clone)]
pub(crate) enum Scope {
    Request { runtime: *const sys::mecha_runtime, id: u64, trace: Trace },
    Trace(Trace),
}

// The runtime is only compared.
unsafe impl Send for Scope {}
unsafe impl Sync for Scope {}

/// Innermost first; entries live on the stacks of this thread.
struct Entered {
    scope: *const Scope,
    outer: *const Entered,
}

thread_local! {
    static INNERMOST: Cell<*const Entered> = const { Cell::new(ptr::null()) };
}

#[inline]
pub(crate) fn is_inside() -> bool {
    INNERMOST.try_with(|innermost| !innermost.get().is_null()).unwrap_or(false)
}

/// Puts the innermost request of this runtime and the innermost trace into a call.
pub(crate) fn fill(runtime: *const sys::mecha_runtime, raw: &mut sys::mecha_call) {
    let mut next = INNERMOST.try_with(Cell::get).unwrap_or(ptr::null());
    // Entries that are linked are alive: leaving a scope unlinks its entry.
    while let Some(entered) = unsafe { next.as_ref() } {
        let trace = match unsafe { &*entered.scope } {
            Scope::Trace(trace) => trace,
            Scope::Request { runtime: of, id, trace } => {
                if raw.within == 0 && ptr::eq(*of, runtime) {
                    raw.within = *id;
                }
                trace
            }
        };
        if raw.traceparent.data.is_null() {
            fill_trace(trace, raw);
        }
        next = entered.outer;
    }
}

/// Leaves the scope, also when a panic passes.
struct Leave {
    outer: *const Entered,
}

impl Drop for Leave {
    fn drop(&mut self) {
        let _ = INNERMOST.try_with(|innermost| innermost.set(self.outer));
    }
}

pub(crate) fn run<R>(scope: &Scope, work: impl FnOnce() -> R) -> R {
    let outer = INNERMOST.try_with(Cell::get).unwrap_or(ptr::null());
    let entered = Entered { scope, outer };
    let leave = Leave { outer };
    let _ = INNERMOST.try_with(|innermost| innermost.set(&entered));
    let result = work();
    drop(leave);
    result
}

/// A future whose calls belong to a request or a trace: [`crate::Request::scope`],
/// [`Trace::scope`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Scoped<F> {
    scope: Scope,
    future: F,
}

impl<F> Scoped<F> {
    pub(crate) fn new(scope: Scope, future: F) -> Scoped<F> {
        Scoped { scope, future }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        // The future is pinned with us and never moved.
        let (scope, future) = unsafe {
            let this = self.get_unchecked_mut();
            (&this.scope, Pin::new_unchecked(&mut this.future))
        };
        run(scope, || future.poll(context))
    }
}

impl Trace {
    /// Calls that `work` makes on this thread belong to this trace.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> R {
        run(&Scope::Trace(self.clone()), work)
    }

    /// Calls that `future` makes belong to this trace.
    pub fn scope<F: Future>(&self, future: F) -> Scoped<F> {
        Scoped::new(Scope::Trace(self.clone()), future)
    }
}
