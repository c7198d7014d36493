// SPDX-License-Identifier: Apache-2.0
//! Runtime: opens components from YAML, starts them, and hands out State, Secrets and PubSub. Not a
//! singleton: a process may have several. Any thread may use it.
use crate::answer::{size32, to_optional_view, to_view, Answer};
use crate::call::{nanoseconds, OperationId};
use crate::error::{check, Error};
use crate::json::Json;
use crate::logs::{LogFunction, LogQueue, LogRecord};
use crate::operation::{Operation, Steps};
use crate::serve::{Serve, ServeOptions};
use crate::shared::{Hooks, Shared, ThreadHook};
use crate::{PubSub, Result, Secrets, State, Status};
use mecha_sys as sys;
use std::ffi::CStr;
use std::ops::Deref;
use std::os::raw::{c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

/// What a runtime is to be made of: [`Runtime::builder`].
#[derive(Default)]
#[must_use]
pub struct RuntimeBuilder {
    app_id: String,
    namespace: String,
    paths: Vec<Vec<u8>>,
    texts: Vec<String>,
    settings: Vec<(String, String)>,
    flags: u32,
    started: Option<ThreadHook>,
    stopping: Option<ThreadHook>,
    log: Option<LogFunction>,
    max_inflight: u32,
}

unsafe fn hook_name<'a>(name: *const c_char) -> &'a str {
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("")
}

unsafe extern "C" fn thread_started(user: *mut c_void, name: *const c_char) {
    if let Some(hook) = unsafe { &(*(user as *const Hooks)).started } {
        crate::shared::deliver(|| hook(unsafe { hook_name(name) }));
    }
}

unsafe extern "C" fn thread_stopping(user: *mut c_void, name: *const c_char) {
    if let Some(hook) = unsafe { &(*(user as *const Hooks)).stopping } {
        crate::shared::deliver(|| hook(unsafe { hook_name(name) }));
    }
}

impl RuntimeBuilder {
    /// This application's id. Needed unless every store's keyPrefix is `none` or `name` and every
    /// pubsub component has a consumerID.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = app_id.into();
        self
    }

    /// Its namespace; none unless set.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Adds a file, or a folder of .yaml files; they are read in this order.
    pub fn resource_path(mut self, path: impl AsRef<Path>) -> Self {
        use std::os::unix::ffi::OsStrExt;
        let path = path.as_ref().as_os_str().as_bytes().to_vec();
        self.paths.push(path);
        self
    }

    /// Adds YAML documents as text; they are read after the paths.
    pub fn resource_text(mut self, text: impl Into<String>) -> Self {
        self.texts.push(text.into());
        self
    }

    /// Adds a setting; an unknown one is an error.
    pub fn setting(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Reads `NAMESPACE`, `POD_NAME` and `envRef` values from the environment.
    pub fn use_environment(mut self) -> Self {
        self.flags |= sys::MECHA_OPEN_USE_ENVIRONMENT;
        self
    }

    /// The runtime starts no thread: the program lends its own by [`Runtime::run`].
    pub fn host_threads(mut self) -> Self {
        self.flags |= sys::MECHA_OPEN_HOST_THREADS;
        self
    }

    /// How many futures may be under way at a time, 65,536 unless set. Others wait for their turn.
    pub fn max_inflight(mut self, most: u32) -> Self {
        self.max_inflight = most;
        self
    }

    /// Called on each new thread of the runtime, with the thread's name.
    pub fn on_thread_start(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.started = Some(Box::new(hook));
        self
    }

    /// Called on each thread of the runtime before it ends.
    pub fn on_thread_stop(mut self, hook: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.stopping = Some(Box::new(hook));
        self
    }

    /// Called with whatever the library has to say, on a thread that may block. With the crate `log`:
    /// `.on_log(|record| log::info!("{}: {}", record.component, record.text))`.
    pub fn on_log(mut self, function: impl Fn(&LogRecord<'_>) + Send + Sync + 'static) -> Self {
        self.log = Some(Arc::new(function));
        self
    }

    /// Reads and checks the resources. Starts and connects nothing.
    ///
    /// # Errors
    /// A mistake in YAML, with its file and line; an unknown setting; a path that is not there; a
    /// library that is older than this crate.
    pub fn open(self) -> Result<Runtime> {
        check_version(unsafe { sys::mecha_version() })?;
        let paths: Vec<_> = self.paths.iter().map(|path| to_view(path)).collect();
        let texts: Vec<_> = self.texts.iter().map(|text| to_view(text.as_bytes())).collect();
        let to_kv = |(name, value): &(String, String)| sys::mecha_kv {
            key: to_view(name.as_bytes()),
            value: to_view(value.as_bytes()),
        };
        let settings: Vec<_> = self.settings.iter().map(to_kv).collect();
        let mut options: sys::mecha_runtime_options = unsafe { std::mem::zeroed() };
        options.struct_size = size32::<sys::mecha_runtime_options>();
        options.api_version = sys::MECHA_API_VERSION;
        options.flags = self.flags;
        options.app_id = to_optional_view(&self.app_id);
        options.name_space = to_optional_view(&self.namespace);
        options.resource_paths = paths.as_ptr();
        options.resource_path_count = paths.len();
        options.resource_texts = texts.as_ptr();
        options.resource_text_count = texts.len();
        options.settings = settings.as_ptr();
        options.setting_count = settings.len();
        let (started, stopping) = (self.started, self.stopping);
        let runtime = open(options, Hooks { started, stopping }, self.max_inflight)?;
        if let Some(log) = self.log {
            let logs = LogQueue::open(runtime.as_ptr(), log);
            let fail = |status| Error::from_answer(status, Answer::default());
            runtime.shared.keep_logs(logs.map_err(fail)?);
        }
        Ok(runtime)
    }

    /// Opens it and starts every component.
    ///
    /// # Errors
    /// As [`open`](RuntimeBuilder::open) and [`Runtime::start`].
    pub fn start(self) -> Result<Runtime> {
        let runtime = self.open()?;
        runtime.start()?;
        Ok(runtime)
    }
}

fn open(
    mut options: sys::mecha_runtime_options,
    hooks: Hooks,
    max_inflight: u32,
) -> Result<Runtime> {
    let mut kept = ptr::null_mut();
    if hooks.started.is_some() || hooks.stopping.is_some() {
        kept = Box::into_raw(Box::new(hooks));
        options.thread_started = Some(thread_started);
        options.thread_stopping = Some(thread_stopping);
        options.user = kept.cast();
    }
    let (mut runtime, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = unsafe { sys::mecha_runtime_open(&options, &mut runtime, &mut error) };
    // From here on it owns the hooks, also when there is no runtime.
    let shared = Arc::new(Shared::new(runtime, kept, max_inflight));
    if status < 0 {
        return Err(Error::from_owned(status, error));
    }
    Ok(Runtime { shared })
}

/// A runtime: one app id, its components, and every thread that serves them. Dropping it ends all
/// work at once; [`shutdown`](Runtime::shutdown) ends it in order. Handles and results made from it
/// may outlive it: they answer [`Status::Closed`].
pub struct Runtime {
    shared: Arc<Shared>,
}

impl Runtime {
    /// What a runtime is to be made of.
    pub fn builder() -> RuntimeBuilder {
        RuntimeBuilder::default()
    }

    /// Starts every component; blocks until each is ready or has failed. Starting twice does no harm.
    ///
    /// # Errors
    /// The first broken component's; it may then be called again.
    pub fn start(&self) -> Result<()> {
        let mut error = ptr::null_mut();
        let status = unsafe { sys::mecha_runtime_start(self.as_ptr(), &mut error) };
        finish(status, error)
    }

    /// Brings everything to rest before a freeze or a fork: no thread, socket or file is left. Calls
    /// get `Suspended`. Returns a report as JSON.
    ///
    /// # Errors
    /// `DeadlineExceeded` when operations would not end: then it is not suspended.
    pub fn suspend(&self, deadline: Duration) -> Result<Text> {
        self.suspend_with(deadline, 0)
    }

    /// As [`suspend`](Runtime::suspend), but leaves sockets and files open: for short freezes.
    ///
    /// # Errors
    /// As `suspend`.
    pub fn suspend_keeping_connections(&self, deadline: Duration) -> Result<Text> {
        self.suspend_with(deadline, sys::MECHA_SUSPEND_KEEP_CONNECTIONS)
    }

    fn suspend_with(&self, deadline: Duration, flags: u32) -> Result<Text> {
        let deadline = nanoseconds(deadline);
        text_of(|out| unsafe { sys::mecha_runtime_suspend(self.as_ptr(), deadline, flags, out) })
    }

    /// Takes up work again after a suspend.
    ///
    /// # Errors
    /// Of a component that does not come back: the runtime stays suspended.
    pub fn resume(&self) -> Result<()> {
        let mut error = ptr::null_mut();
        let status = unsafe { sys::mecha_runtime_resume(self.as_ptr(), &mut error) };
        finish(status, error)
    }

    /// Ends all work: running calls and handlers may take until the deadline. Returns a report as
    /// JSON.
    ///
    /// # Errors
    /// `DeadlineExceeded` when something had to be stopped: item 0 of the error's answer is the
    /// report. `Closed` the second time.
    pub fn shutdown(&self, deadline: Duration) -> Result<Text> {
        let deadline = nanoseconds(deadline);
        let report =
            text_of(|out| unsafe { sys::mecha_runtime_shutdown(self.as_ptr(), deadline, out) });
        self.shared.tell_of_end();
        report
    }

    /// Lends this thread to the runtime ([`RuntimeBuilder::host_threads`]) for up to `timeout`; none
    /// = for ever. Returns how many pieces of work ran.
    ///
    /// # Errors
    /// `FailedPrecondition` without host threads; `Closed`; `Forked`.
    pub fn run(&self, timeout: Option<Duration>) -> Result<usize> {
        let timeout = timeout.map_or(-1, nanoseconds);
        let count = unsafe { sys::mecha_runtime_run(self.as_ptr(), timeout) };
        usize::try_from(count).map_err(|_| Error::from_answer(count, Answer::default()))
    }

    /// The descriptor that is readable when [`run`](Runtime::run) has work; -1 without host threads.
    /// Do not close it.
    #[must_use]
    pub fn fd(&self) -> i32 {
        unsafe { sys::mecha_runtime_fd(self.as_ptr()) }
    }

    /// Components, health, warnings, counters and limits as JSON. Holds no secret.
    ///
    /// # Errors
    /// `Forked`.
    pub fn describe(&self) -> Result<Text> {
        text_of(|out| unsafe { sys::mecha_runtime_describe(self.as_ptr(), out) })
    }

    /// The counters of every operation, in Prometheus text form.
    ///
    /// # Errors
    /// `Forked`.
    pub fn metrics(&self) -> Result<Text> {
        text_of(|out| unsafe { sys::mecha_metrics_read(self.as_ptr(), out) })
    }

    /// Asks a running operation to end; it still returns, once.
    ///
    /// # Errors
    /// `NotFound` when it has ended or has not begun.
    pub fn cancel(&self, id: &OperationId) -> Result<()> {
        let status = unsafe { sys::mecha_runtime_cancel(self.as_ptr(), id.get()) };
        check(status, Answer::default()).map(drop)
    }

    /// Adds a resource of kind Subscription while it runs, or replaces the one of its name.
    pub fn apply_resource<'a>(&'a self, text: &'a str) -> Operation<'a, ApplyResource<'a>> {
        Operation::new(&self.shared, ApplyResource { text })
    }

    /// Takes a resource of kind Subscription away while it runs.
    pub fn delete_resource<'a>(
        &'a self,
        kind: &'a str,
        name: &'a str,
    ) -> Operation<'a, DeleteResource<'a>> {
        Operation::new(&self.shared, DeleteResource { kind, name })
    }

    /// Sends one real request to a component's back-end. It only blocks: await gives `Unimplemented`.
    pub fn ping<'a>(&'a self, component: &'a str) -> Operation<'a, Ping<'a>> {
        Operation::new(&self.shared, Ping { component })
    }

    /// Moves the clock forward, for tests of time limits and expiry. Not promised.
    ///
    /// # Errors
    /// `Forked`.
    #[doc(hidden)]
    pub fn advance_clock(&self, by: Duration) -> Result<()> {
        let status = unsafe { sys::mecha_clock_advance(self.as_ptr(), nanoseconds(by)) };
        check(status, Answer::default()).map(drop)
    }

    /// A handle to a state store. An unknown name shows at the first call.
    #[must_use]
    pub fn state(&self, name: &str) -> State {
        State { shared: self.shared.clone(), name: name.into() }
    }

    /// A handle to a secret store. An unknown name shows at the first call.
    #[must_use]
    pub fn secrets(&self, name: &str) -> Secrets {
        Secrets { shared: self.shared.clone(), name: name.into() }
    }

    /// A handle to a pubsub component. An unknown name shows at the first call.
    #[must_use]
    pub fn pubsub(&self, name: &str) -> PubSub {
        PubSub { shared: self.shared.clone(), name: name.into() }
    }

    /// Registers what this process serves: it returns [`crate::Requests`] when that is live.
    pub fn serve<'a>(&'a self, options: ServeOptions<'a>) -> Operation<'a, Serve<'a>> {
        Operation::new(&self.shared, Serve::new(options))
    }

    /// The C runtime, still owned by this object.
    #[must_use]
    pub fn as_ptr(&self) -> *mut sys::mecha_runtime {
        self.shared.runtime()
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // The handles that are left keep the memory, not the work.
        unsafe { sys::mecha_runtime_shutdown(self.as_ptr(), 0, ptr::null_mut()) };
        self.shared.tell_of_end();
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Runtime")
    }
}

fn finish(status: sys::mecha_status, error: *mut sys::mecha_error) -> Result<()> {
    if status < 0 {
        return Err(Error::from_owned(status, error));
    }
    Ok(())
}

fn text_of(read: impl FnOnce(*mut *mut sys::mecha_result) -> sys::mecha_status) -> Result<Text> {
    let mut out = ptr::null_mut();
    let status = read(&mut out);
    Text::from(status, unsafe { Answer::from_raw(out) })
}

/// A text of the library: a report, a description. Reads like a `str`.
#[derive(Clone, Debug)]
pub struct Text {
    answer: Answer,
}

impl Text {
    pub(crate) fn from(status: sys::mecha_status, answer: Answer) -> Result<Text> {
        check(status, answer).map(|answer| Text { answer })
    }

    /// The text as JSON.
    ///
    /// # Errors
    /// `DataLoss` when it is none: metrics are not.
    pub fn json(&self) -> Result<Json> {
        Json::parse(self.as_bytes())
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        let value = self.answer.item(0).map_or(&[][..], |item| item.value());
        std::str::from_utf8(value).unwrap_or("")
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self)
    }
}

macro_rules! plain_verb {
    ($(#[$doc:meta])* $name:ident { $($field:ident),+ } calls $function:ident) => {
        $(#[$doc])*
        pub struct $name<'a> {
            $($field: &'a str,)+
        }

        impl Steps for $name<'_> {
            type Output = ();

            unsafe fn submit(
                &mut self,
                shared: &Shared,
                call: *const sys::mecha_call,
                out: *mut *mut sys::mecha_result,
            ) -> sys::mecha_status {
                $(let $field = to_view(self.$field.as_bytes());)+
                unsafe { sys::$function(shared.runtime(), call, $($field,)+ out) }
            }

            fn finish(
                &mut self,
                _: &Arc<Shared>,
                status: sys::mecha_status,
                answer: Answer,
            ) -> Result<()> {
                check(status, answer).map(drop)
            }
        }
    };
}

plain_verb! {
    /// Adds a resource: [`Runtime::apply_resource`].
    ApplyResource { text } calls mecha_resource_apply
}

plain_verb! {
    /// Takes a resource away: [`Runtime::delete_resource`].
    DeleteResource { kind, name } calls mecha_resource_delete
}

plain_verb! {
    /// Asks a component's back-end: [`Runtime::ping`].
    Ping { component } calls mecha_component_ping
}

/// Fails when the loaded library is older than what this crate was written for.
pub(crate) fn check_version(found: u32) -> Result<()> {
    // The third part only mends.
    if found / 1000 >= sys::MECHA_API_VERSION / 1000 {
        return Ok(());
    }
    let text = |version: u32| {
        format!("{}.{}.{}", version / 1_000_000, version / 1000 % 1000, version % 1000)
    };
    Err(Error::new(
        Status::Version,
        format!(
            "the crate mecha {} needs libmecha {} or newer, and {} is loaded: install a newer one",
            env!("CARGO_PKG_VERSION"),
            text(sys::MECHA_API_VERSION),
            text(found)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_library_is_an_error_with_both_numbers() {
        let error = check_version(sys::MECHA_API_VERSION - 1000).unwrap_err();
        assert_eq!(error.status(), Status::Version);
        assert!(error.message().contains("libmecha 0.1.0"), "{error}");
        assert!(error.message().contains("0.0.0 is loaded"), "{error}");
        assert!(check_version(sys::MECHA_API_VERSION).is_ok());
        assert!(check_version(sys::MECHA_API_VERSION + 1_000_000).is_ok());
    }
}
