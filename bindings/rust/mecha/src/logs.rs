// SPDX-License-Identifier: Apache-2.0
//! What the library has to say, handed to a function of the program: RuntimeBuilder::on_log.
use crate::answer::{size32, Answer};
use crate::shared::{deliver, is_delivering};
use mecha_sys as sys;
use std::os::raw::c_void;
use std::ptr;
use std::sync::Arc;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For whoever looks for a mistake.
    Debug,
    /// Good to know.
    Info,
    /// Something should be changed.
    Warning,
    /// Something failed.
    Error,
}

/// One thing the library, or this crate, has to say.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LogRecord<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// The component it is about.
    pub component: &'a str,
    /// One line for a person.
    pub text: &'a str,
}

impl Severity {
    fn from_number(number: u64) -> Severity {
        match number {
            0 => Severity::Debug,
            1 => Severity::Info,
            2 => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

pub(crate) type LogFunction = Arc<dyn Fn(&LogRecord<'_>) + Send + Sync>;

/// A queue that brings nothing but logs, on threads that may block.
pub(crate) struct LogQueue {
    queue: *mut sys::mecha_queue,
    function: *mut LogFunction,
}

unsafe impl Send for LogQueue {}

impl LogQueue {
    pub fn open(
        runtime: *mut sys::mecha_runtime,
        function: LogFunction,
    ) -> Result<LogQueue, sys::mecha_status> {
        let function = Box::into_raw(Box::new(function));
        let mut options: sys::mecha_queue_options = unsafe { std::mem::zeroed() };
        options.struct_size = size32::<sys::mecha_queue_options>();
        options.flags = sys::MECHA_QUEUE_LOGS | sys::MECHA_QUEUE_BLOCKING;
        options.deliver = Some(deliver_logs);
        options.user = function.cast();
        let mut queue = ptr::null_mut();
        let status = unsafe { sys::mecha_queue_open(runtime, &options, &mut queue) };
        let logs = LogQueue { queue, function };
        if status < 0 {
            return Err(status);
        }
        Ok(logs)
    }

    pub fn function(&self) -> LogFunction {
        unsafe { (*self.function).clone() }
    }
}

impl Drop for LogQueue {
    fn drop(&mut self) {
        unsafe { sys::mecha_queue_free(self.queue) };
        // Inside the function itself it goes on to be used for a moment: rather lost than early.
        if !is_delivering() {
            drop(unsafe { Box::from_raw(self.function) });
        }
    }
}

unsafe extern "C" fn deliver_logs(
    user: *mut c_void,
    events: *const sys::mecha_event,
    count: usize,
) {
    let function = unsafe { (*(user as *const LogFunction)).clone() };
    for event in unsafe { std::slice::from_raw_parts(events, count) } {
        let answer = unsafe { Answer::from_raw(event.result) };
        if event.kind != sys::MECHA_EVENT_LOG {
            continue;
        }
        if let Some(item) = answer.item(0) {
            let text = String::from_utf8_lossy(item.value());
            let record = LogRecord {
                severity: Severity::from_number(item.number()),
                component: item.key(),
                text: &text,
            };
            deliver(|| function(&record));
        }
    }
    deliver(|| drop(function));
}
