// SPDX-License-Identifier: Apache-2.0
//! What the tests share: a runtime in memory, and the smallest executor there can be.
use mecha::{Runtime, RuntimeBuilder};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

pub const MEMORY: &str = "
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec: {type: state.in-memory, version: v1}
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: messages}
spec: {type: pubsub.in-memory, version: v1}
";

pub fn builder() -> RuntimeBuilder {
    Runtime::builder().app_id("test").resource_text(MEMORY)
}

pub fn in_memory() -> Runtime {
    builder().start().expect("a runtime in memory starts")
}

struct Unpark {
    thread: Thread,
    wakes: AtomicUsize,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, Ordering::SeqCst);
        self.thread.unpark();
    }
}

/// Runs a future on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = Box::pin(future);
    let unpark = Arc::new(Unpark { thread: std::thread::current(), wakes: AtomicUsize::new(0) });
    let waker = Waker::from(unpark.clone());
    let mut context = Context::from_waker(&waker);
    let mut seen = 0;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        while unpark.wakes.load(Ordering::SeqCst) == seen {
            std::thread::park();
        }
        seen = unpark.wakes.load(Ordering::SeqCst);
    }
}

/// Polls a future once, with a waker that does nothing.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    struct Nobody;
    impl Wake for Nobody {
        fn wake(self: Arc<Self>) {}
    }
    let waker = Waker::from(Arc::new(Nobody));
    Pin::new(future).poll(&mut Context::from_waker(&waker))
}

/// All of them together on this thread.
pub fn all<F: Future>(futures: Vec<F>) -> All<F> {
    let outputs = futures.iter().map(|_| None).collect();
    let futures = futures.into_iter().map(Box::pin).map(Some).collect();
    All { futures, outputs }
}

pub struct All<F: Future> {
    futures: Vec<Option<Pin<Box<F>>>>,
    outputs: Vec<Option<F::Output>>,
}

impl<F: Future> Unpin for All<F> {}

impl<F: Future> Future for All<F> {
    type Output = Vec<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Vec<F::Output>> {
        let this = &mut *self;
        for (future, output) in this.futures.iter_mut().zip(this.outputs.iter_mut()) {
            if let Some(running) = future {
                if let Poll::Ready(ready) = running.as_mut().poll(context) {
                    *output = Some(ready);
                    *future = None;
                }
            }
        }
        if this.futures.iter().all(Option::is_none) {
            return Poll::Ready(this.outputs.drain(..).flatten().collect());
        }
        Poll::Pending
    }
}
