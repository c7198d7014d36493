// SPDX-License-Identifier: Apache-2.0
//! Requests: what this process serves, one request at a time: awaited, waited for, or handed to a
//! function (handler.rs). A request is taken from the library only when somebody asks for it, so
//! what nobody asks for goes back to the broker.
use crate::answer::{size32, to_optional_view, to_view, Answer};
use crate::call::nanoseconds;
use crate::error::{check, Error};
use crate::handler::Server;
use crate::operation::{Operation, Steps};
use crate::shared::Shared;
use crate::state_operations::key_values;
use crate::{IntoVerdict, Request, Result, Status, Text};
use mecha_sys as sys;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering as Memory};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Which requests may be open side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ordering {
    /// Any.
    None,
    /// One at a time for each ordering key; any without one.
    PerKey,
    /// One at a time.
    Serial,
}

/// What to serve and how: [`crate::Runtime::serve`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ServeOptions<'a> {
    kind: u32,
    component: &'a str,
    names: Vec<&'a str>,
    spec: &'a str,
    credit: u32,
    flags: u32,
    ordering: Ordering,
    batch_max: u32,
    batch_wait_ns: i64,
    reply_timeout_ns: i64,
    settings: Vec<(&'a str, &'a [u8])>,
}

impl<'a> ServeOptions<'a> {
    fn new(kind: u32, component: &'a str, names: Vec<&'a str>, spec: &'a str) -> ServeOptions<'a> {
        ServeOptions {
            kind,
            component,
            names,
            spec,
            credit: 0,
            flags: 0,
            ordering: Ordering::None,
            batch_max: 0,
            batch_wait_ns: 0,
            reply_timeout_ns: 0,
            settings: Vec::new(),
        }
    }

    /// Subscribes to topics of a pubsub component.
    pub fn topics<N: AsRef<str>>(component: &'a str, topics: &'a [N]) -> ServeOptions<'a> {
        let names = topics.iter().map(AsRef::as_ref).collect();
        ServeOptions::new(sys::MECHA_SERVE_TOPIC, component, names, "")
    }

    /// Offers paths to the subscriptions that the resources declare: `/orders`, all below it as
    /// `/orders/*`, or `*`.
    pub fn paths<N: AsRef<str>>(paths: &'a [N]) -> ServeOptions<'a> {
        let names = paths.iter().map(AsRef::as_ref).collect();
        ServeOptions::new(sys::MECHA_SERVE_ROUTE, "", names, "")
    }

    /// Subscribes as the spec of a v2alpha1 Subscription says, in YAML or JSON.
    pub fn spec(spec: &'a str) -> ServeOptions<'a> {
        ServeOptions::new(sys::MECHA_SERVE_TOPIC, "", Vec::new(), spec)
    }

    /// How many requests may be open, that is taken and not answered; 64 unless set.
    pub fn credit(mut self, credit: u32) -> Self {
        self.credit = credit;
        self
    }

    /// Begins without credit: nothing comes until [`Requests::set_credit`].
    pub fn paused(mut self) -> Self {
        self.flags |= sys::MECHA_SERVE_PAUSED;
        self
    }

    /// Which requests may be open side by side.
    pub fn ordering(mut self, ordering: Ordering) -> Self {
        self.ordering = ordering;
        self
    }

    /// Requests hold several messages: up to `most`, or what came within `wait`.
    pub fn batch(mut self, most: u32, wait: Duration) -> Self {
        self.flags |= sys::MECHA_SERVE_BATCH;
        self.batch_max = most;
        self.batch_wait_ns = if wait.is_zero() { -1 } else { nanoseconds(wait) };
        self
    }

    /// Without an answer by then it is a Retry; 60 s unless set.
    pub fn reply_timeout(mut self, timeout: Duration) -> Self {
        self.reply_timeout_ns = crate::call::at_least_one(timeout);
        self
    }

    /// Adds to the subscription's metadata.
    pub fn setting(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.settings.push((name, value.as_ref()));
        self
    }

    fn with<R>(&self, submit: impl FnOnce(&sys::mecha_serve_options) -> R) -> R {
        let names: Vec<_> = self.names.iter().map(|name| to_view(name.as_bytes())).collect();
        let settings = key_values(&self.settings);
        let mut raw: sys::mecha_serve_options = unsafe { std::mem::zeroed() };
        raw.struct_size = size32::<sys::mecha_serve_options>();
        raw.kind = self.kind;
        raw.component = to_optional_view(self.component);
        raw.names = names.as_ptr();
        raw.name_count = names.len();
        raw.credit = self.credit;
        raw.flags = self.flags;
        raw.ordering = match self.ordering {
            Ordering::None => sys::MECHA_ORDER_NONE,
            Ordering::PerKey => sys::MECHA_ORDER_PER_KEY,
            Ordering::Serial => sys::MECHA_ORDER_SERIAL,
        };
        raw.batch_max = self.batch_max;
        raw.batch_wait_ns = self.batch_wait_ns;
        raw.reply_timeout_ns = self.reply_timeout_ns;
        raw.settings = settings.as_ptr();
        raw.setting_count = settings.len();
        raw.spec = to_optional_view(self.spec);
        submit(&raw)
    }
}

/// A registration and its queue. Dropping it ends the registration without waiting.
pub(crate) struct Source {
    shared: Arc<Shared>,
    registration: *mut sys::mecha_registration,
    queue: *mut sys::mecha_queue,
    is_closed: AtomicBool,
}

// Both handles may be used from any thread.
unsafe impl Send for Source {}
unsafe impl Sync for Source {}

impl Source {
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Nothing more comes; whoever waits is told.
    pub fn close(&self) {
        self.is_closed.store(true, Memory::SeqCst);
        unsafe { sys::mecha_queue_close(self.queue) };
        if let Some(readiness) = self.shared.begun_readiness() {
            readiness.wake(unsafe { sys::mecha_queue_fd(self.queue) });
        }
    }

    /// One request, if there is one now. An error is the end.
    fn poll(&self) -> Result<Option<Request>> {
        let mut event: sys::mecha_event = unsafe { std::mem::zeroed() };
        let count = unsafe { sys::mecha_queue_poll(self.queue, &mut event, 1) };
        self.taken(count, &event)
    }

    /// Waits for one request; none = for ever. None on time-out, on `wake` and on a signal.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Option<Request>> {
        let timeout = timeout.map_or(-1, nanoseconds);
        let mut event: sys::mecha_event = unsafe { std::mem::zeroed() };
        let count = unsafe { sys::mecha_queue_wait(self.queue, &mut event, 1, timeout) };
        self.taken(count, &event)
    }

    fn taken(&self, count: i32, event: &sys::mecha_event) -> Result<Option<Request>> {
        if count == sys::MECHA_CLOSED {
            let text = "no more requests come: they were stopped, or the runtime has ended";
            return Err(Error::new(Status::Closed, text));
        }
        if count < 0 {
            return Err(Error::from_answer(count, Answer::default()));
        }
        if count == 0 {
            return Ok(None);
        }
        if event.kind != sys::MECHA_EVENT_REQUEST {
            drop(unsafe { Answer::from_raw(event.result) });
            return Ok(None);
        }
        Ok(Some(Request::new(self.shared.clone(), event)))
    }

    fn poll_next(&self, waker: &Waker) -> Poll<Option<Request>> {
        if let Some(over) = self.look() {
            return Poll::Ready(over);
        }
        let watched = match self.shared.readiness() {
            Ok(readiness) => readiness.watch(unsafe { sys::mecha_queue_fd(self.queue) }, waker),
            Err(_) => false,
        };
        // It may have been closed, or the runtime ended, before somebody could be told.
        match self.look() {
            Some(over) => Poll::Ready(over),
            None if watched => Poll::Pending,
            None => Poll::Ready(None), // no descriptors are left: rather the end than silence
        }
    }

    /// A request, or the end; none when neither has come.
    fn look(&self) -> Option<Option<Request>> {
        if self.is_closed.load(Memory::SeqCst) {
            return Some(None);
        }
        match self.poll() {
            Ok(None) => None,
            Ok(request) => Some(request),
            Err(_) => Some(None),
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Some(readiness) = self.shared.begun_readiness() {
            readiness.forget(unsafe { sys::mecha_queue_fd(self.queue) });
        }
        unsafe {
            sys::mecha_registration_free(self.registration);
            sys::mecha_queue_free(self.queue);
        }
    }
}

/// Requests as they come: `requests.next().await`, `for request in &requests`, or a function for each
/// ([`handle`](Requests::handle)). Dropping it ends the registration; open requests may still be
/// answered.
pub struct Requests {
    source: Arc<Source>,
}

impl Requests {
    /// The next request; none when it is stopped, or the runtime has ended. Dropping the future
    /// loses nothing. Several tasks may share one `Requests`, and another one stop it.
    pub fn next(&self) -> Next<'_> {
        Next { requests: self }
    }

    /// As `next`, for whoever writes futures: `stream::poll_fn(move |c| requests.poll_next(c))` is a
    /// `Stream` of the crate `futures`.
    pub fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Request>> {
        self.source.poll_next(context.waker())
    }

    /// Waits on this thread for the next request; none when `timeout` passed first, on
    /// [`wake`](Requests::wake), and when a signal came.
    ///
    /// # Errors
    /// `Closed` when it is stopped, or the runtime has ended; `Forked`.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<Option<Request>> {
        self.source.wait(timeout)
    }

    /// Ends one [`wait`](Requests::wait), on whatever thread.
    pub fn wake(&self) {
        unsafe { sys::mecha_queue_wake(self.source.queue) };
    }

    /// Readable if and only if a request waits, for an event loop. Do not read or close it.
    #[must_use]
    pub fn fd(&self) -> i32 {
        unsafe { sys::mecha_queue_fd(self.source.queue) }
    }

    /// Changes how many requests may be open. 0 pauses: nothing more comes, open ones stay open.
    ///
    /// # Errors
    /// `Closed` when it is stopped.
    pub fn set_credit(&self, credit: u32) -> Result<()> {
        let status = unsafe { sys::mecha_serve_credit(self.source.registration, credit) };
        check(status, Answer::default()).map(drop)
    }

    /// Ends it: it is over when open requests have been answered, or at the operation's time limit.
    /// Returns a report as JSON, which on `DeadlineExceeded` is item 0 of the error's answer.
    pub fn stop(&self) -> Operation<'_, Stop> {
        let source = self.source.clone();
        Operation::new(&self.source.shared, Stop { source })
    }

    /// Lets `threads` threads call `handler` for each request, and answers with what it returns. An
    /// error, and a panic, are a Retry and are logged.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn handle<V: IntoVerdict>(
        self,
        threads: usize,
        handler: impl Fn(&Request) -> V + Send + Sync + 'static,
    ) -> Result<Server> {
        Server::start(self.source, threads, handler)
    }
}

/// Waits for each request in turn; ends when it is stopped, or the runtime has ended.
#[derive(Debug)]
pub struct Waiting<'a> {
    requests: &'a Requests,
}

impl Iterator for Waiting<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        loop {
            match self.requests.wait(None) {
                Ok(None) => {}
                Ok(request) => return request,
                Err(_) => return None,
            }
        }
    }
}

/// `for request in &requests` waits for each in turn.
impl<'a> IntoIterator for &'a Requests {
    type Item = Request;
    type IntoIter = Waiting<'a>;

    fn into_iter(self) -> Waiting<'a> {
        Waiting { requests: self }
    }
}

impl std::fmt::Debug for Requests {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Requests")
    }
}

/// The next request: [`Requests::next`].
#[must_use = "a future does nothing unless it is awaited"]
pub struct Next<'a> {
    requests: &'a Requests,
}

impl Future for Next<'_> {
    type Output = Option<Request>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Request>> {
        self.requests.poll_next(context)
    }
}

/// Registers what is served: [`crate::Runtime::serve`].
pub struct Serve<'a> {
    options: ServeOptions<'a>,
    registration: *mut sys::mecha_registration,
    queue: *mut sys::mecha_queue,
}

// As Source.
unsafe impl Send for Serve<'_> {}
unsafe impl Sync for Serve<'_> {}

impl<'a> Serve<'a> {
    pub(crate) fn new(options: ServeOptions<'a>) -> Serve<'a> {
        Serve { options, registration: ptr::null_mut(), queue: ptr::null_mut() }
    }
}

impl Steps for Serve<'_> {
    type Output = Requests;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        if self.queue.is_null() {
            let (runtime, queue) = (shared.runtime(), &mut self.queue);
            let status = unsafe { sys::mecha_queue_open(runtime, ptr::null(), queue) };
            if status < 0 {
                return status;
            }
        }
        let (queue, registration) = (self.queue, &mut self.registration);
        self.options.with(|options| unsafe {
            sys::mecha_serve(shared.runtime(), call, queue, options, registration, out)
        })
    }

    fn finish(
        &mut self,
        shared: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Requests> {
        check(status, answer)?;
        let source = Arc::new(Source {
            shared: shared.clone(),
            registration: std::mem::replace(&mut self.registration, ptr::null_mut()),
            queue: std::mem::replace(&mut self.queue, ptr::null_mut()),
            is_closed: AtomicBool::new(false),
        });
        Ok(Requests { source })
    }
}

impl Drop for Serve<'_> {
    fn drop(&mut self) {
        unsafe {
            sys::mecha_registration_free(self.registration);
            sys::mecha_queue_free(self.queue);
        }
    }
}

/// Ends a registration: [`Requests::stop`].
pub struct Stop {
    pub(crate) source: Arc<Source>,
}

impl Steps for Stop {
    type Output = Text;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        unsafe { sys::mecha_serve_stop(shared.runtime(), call, self.source.registration, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Text> {
        self.source.close();
        Text::from(status, answer)
    }
}
