// SPDX-License-Identifier: Apache-2.0
//! Server: threads that call a function for each request. A panic of the function ends no thread.
use crate::operation::Operation;
use crate::serve::{Source, Stop};
use crate::shared::Shared;
use crate::{Error, IntoVerdict, LogRecord, Request, Result, Severity, Status, Text, Verdict};
use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// Threads that call a function for each request: [`crate::Requests::handle`]. The function runs in
/// the request's scope. Its panic is a Retry, and is told to [`crate::RuntimeBuilder::on_log`].
/// Dropping the server ends it without waiting for open requests, but for the functions that run.
pub struct Server {
    source: Arc<Source>,
    threads: Vec<JoinHandle<()>>,
    process: u32,
}

impl Server {
    pub(crate) fn start<V: IntoVerdict>(
        source: Arc<Source>,
        threads: usize,
        handler: impl Fn(&Request) -> V + Send + Sync + 'static,
    ) -> Result<Server> {
        let mut server = Server { source, threads: Vec::new(), process: std::process::id() };
        let handler = Arc::new(handler);
        for _ in 0..threads.max(1) {
            let (source, handler) = (server.source.clone(), handler.clone());
            let work = move || serve_all(&source, &*handler);
            let builder = std::thread::Builder::new().name("mecha-handler".into());
            match builder.spawn(work) {
                Ok(thread) => server.threads.push(thread),
                Err(error) => {
                    let text = format!("no thread for a handler: {error}");
                    return Err(Error::new(Status::ResourceExhausted, text));
                }
            }
        }
        Ok(server)
    }

    /// Ends it in order: open requests may take until `deadline`. Returns a report as JSON.
    ///
    /// # Errors
    /// `DeadlineExceeded` when requests had to be abandoned; the functions go on by themselves.
    pub fn stop(mut self, deadline: Duration) -> Result<Text> {
        let source = self.source.clone();
        let stop = Stop { source: source.clone() };
        let report = Operation::new(source.shared(), stop).timeout(deadline).wait();
        if report.is_ok() {
            self.join();
        } else {
            self.threads.clear();
        }
        report
    }

    /// Waits until somebody else ends it: a shutdown of the runtime.
    pub fn join(&mut self) {
        for thread in self.threads.drain(..) {
            let is_other = thread.thread().id() != std::thread::current().id();
            if self.process != std::process::id() {
                std::mem::forget(thread); // it is the parent's
            } else if is_other {
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.source.close();
        self.join();
    }
}

fn serve_all<V: IntoVerdict>(source: &Source, handler: &(impl Fn(&Request) -> V + ?Sized)) {
    loop {
        match source.wait(None) {
            Ok(None) => {}
            Ok(Some(request)) => serve_one(source.shared(), request, handler),
            Err(_) => return,
        }
    }
}

fn serve_one<V: IntoVerdict>(
    shared: &Shared,
    request: Request,
    handler: &(impl Fn(&Request) -> V + ?Sized),
) {
    let work = || request.run(|| handler(&request)).into_verdict();
    let (verdict, problem) = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result,
        Err(panic) => (Verdict::Retry, Some(words_of(&*panic))),
    };
    if let Some(problem) = problem {
        let info = request.info();
        let text =
            format!("message {} of {} is to be tried again: {problem}", info.message_id, info.path);
        shared.log(&LogRecord {
            severity: Severity::Error,
            component: info.component,
            text: &text,
        });
    }
    // Gone: somebody else has it now, or will.
    let _ = request.reply(verdict);
}

fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("its handler panicked: {}", words.unwrap_or("without words"))
}
