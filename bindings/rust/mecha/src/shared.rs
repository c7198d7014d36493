// SPDX-License-Identifier: Apache-2.0
//! Shared: the C runtime, and the queue its futures report to. Everything made from a Runtime holds
//! a reference, so that order of destruction does not matter. Any thread may use it.
use crate::call::Report;
use crate::logs::LogQueue;
use crate::readiness::Readiness;
use mecha_sys as sys;
use std::cell::Cell;
use std::os::raw::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

/// A lock that a panic elsewhere does not close: what it guards is never left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    static IS_DELIVERING: Cell<bool> = const { Cell::new(false) };
}

/// True on a thread that the library has called us on: it cannot be waited for there.
pub(crate) fn is_delivering() -> bool {
    IS_DELIVERING.try_with(Cell::get).unwrap_or(false)
}

/// Runs `work` on a thread of the library; a panic of the program's code ends here.
pub(crate) fn deliver(work: impl FnOnce()) -> bool {
    let was = IS_DELIVERING.try_with(|is| is.replace(true));
    let result = catch_unwind(AssertUnwindSafe(work));
    if let Ok(was) = was {
        let _ = IS_DELIVERING.try_with(|is| is.set(was));
    }
    result.is_ok()
}

/// The functions of RuntimeBuilder::on_thread_start and on_thread_stop.
pub(crate) type ThreadHook = Box<dyn Fn(&str) + Send + Sync>;

pub(crate) struct Hooks {
    pub started: Option<ThreadHook>,
    pub stopping: Option<ThreadHook>,
}

/// What everything made from a Runtime holds.
pub struct Shared {
    runtime: *mut sys::mecha_runtime,
    queue: AtomicPtr<sys::mecha_queue>,
    opening: Mutex<()>,
    /// Futures that wait until the queue has room.
    waiting: Mutex<Vec<Waker>>,
    has_waiting: AtomicBool,
    readiness: Mutex<Option<Arc<Readiness>>>,
    logs: Mutex<Option<LogQueue>>,
    hooks: *mut Hooks,
    /// How many futures may be under way; 0 = what the library says.
    max_inflight: u32,
}

// The C functions may be called from any thread: rule 1 of the headers.
unsafe impl Send for Shared {}
unsafe impl Sync for Shared {}

impl Shared {
    /// Takes over a runtime, and the hooks it was opened with (or NULL).
    pub(crate) fn new(
        runtime: *mut sys::mecha_runtime,
        hooks: *mut Hooks,
        max_inflight: u32,
    ) -> Shared {
        Shared {
            runtime,
            queue: AtomicPtr::new(ptr::null_mut()),
            opening: Mutex::new(()),
            waiting: Mutex::new(Vec::new()),
            has_waiting: AtomicBool::new(false),
            readiness: Mutex::new(None),
            logs: Mutex::new(None),
            hooks,
            max_inflight,
        }
    }

    #[inline]
    pub(crate) fn runtime(&self) -> *mut sys::mecha_runtime {
        self.runtime
    }

    /// The queue of the futures, opened on first use.
    pub(crate) fn queue(&self) -> Result<*mut sys::mecha_queue, sys::mecha_status> {
        let queue = self.queue.load(Ordering::Acquire);
        if !queue.is_null() {
            return Ok(queue);
        }
        let _one = lock(&self.opening);
        let queue = self.queue.load(Ordering::Acquire);
        if !queue.is_null() {
            return Ok(queue);
        }
        let mut options: sys::mecha_queue_options = unsafe { std::mem::zeroed() };
        options.struct_size = crate::answer::size32::<sys::mecha_queue_options>();
        options.max_inflight = self.max_inflight;
        options.deliver = Some(deliver_completions);
        options.user = self as *const Shared as *mut c_void;
        let mut queue = ptr::null_mut();
        let status = unsafe { sys::mecha_queue_open(self.runtime, &options, &mut queue) };
        if status < 0 {
            return Err(status);
        }
        self.queue.store(queue, Ordering::Release);
        Ok(queue)
    }

    /// Remembers who waits for room. Whoever calls this tries once more afterwards.
    pub(crate) fn await_room(&self, waker: &Waker) {
        lock(&self.waiting).push(waker.clone());
        self.has_waiting.store(true, Ordering::SeqCst);
    }

    fn tell_of_room(&self) {
        if self.has_waiting.swap(false, Ordering::SeqCst) {
            let waiting = std::mem::take(&mut *lock(&self.waiting));
            waiting.into_iter().for_each(Waker::wake);
        }
    }

    /// The thread that tells which queues have something, begun on first use.
    pub(crate) fn readiness(&self) -> std::io::Result<Arc<Readiness>> {
        let mut readiness = lock(&self.readiness);
        if let Some(readiness) = &*readiness {
            return Ok(readiness.clone());
        }
        let begun = Readiness::begin()?;
        *readiness = Some(begun.clone());
        Ok(begun)
    }

    /// As `readiness`, but none when it was not begun.
    pub(crate) fn begun_readiness(&self) -> Option<Arc<Readiness>> {
        lock(&self.readiness).clone()
    }

    /// The runtime has ended: whoever awaits requests is to look once more.
    pub(crate) fn tell_of_end(&self) {
        if let Some(readiness) = self.begun_readiness() {
            readiness.wake_all();
        }
    }

    pub(crate) fn keep_logs(&self, logs: LogQueue) {
        *lock(&self.logs) = Some(logs);
    }

    /// Tells the program's log function, if there is one.
    pub(crate) fn log(&self, record: &crate::LogRecord<'_>) {
        let function = lock(&self.logs).as_ref().map(LogQueue::function);
        if let Some(function) = function {
            deliver(|| function(record));
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Inside one of the library's own calls the frees take effect when that has returned.
        let queue = *self.queue.get_mut();
        *self.readiness.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        *self.logs.get_mut().unwrap_or_else(PoisonError::into_inner) = None;
        unsafe {
            sys::mecha_queue_free(queue);
            sys::mecha_runtime_free(self.runtime);
        }
        // On a thread of the runtime it is freed later, and the hooks are still to be called.
        if !self.hooks.is_null() && !is_delivering() {
            drop(unsafe { Box::from_raw(self.hooks) });
        }
    }
}

/// One submitted operation: the future and the event of the queue each hold a reference.
pub(crate) struct Slot {
    state: Mutex<SlotState>,
    /// Keeps the queue open until the event has come.
    shared: Arc<Shared>,
}

struct SlotState {
    waker: Option<Waker>,
    event: Option<(sys::mecha_status, crate::Answer)>,
}

/// The future's side of a slot. Dropping it before the end cancels the operation.
pub(crate) struct Pending {
    slot: Arc<Slot>,
    id: sys::mecha_op,
    is_over: bool,
}

/// What a submit came to.
pub(crate) enum Submitted {
    Over(sys::mecha_status, crate::Answer),
    Pending(Pending),
}

impl Pending {
    /// Submits by `submit`, which is given where to report.
    pub fn submit(
        shared: &Arc<Shared>,
        waker: &Waker,
        submit: impl FnOnce(&Report, *mut *mut sys::mecha_result) -> sys::mecha_status,
    ) -> Submitted {
        let queue = match shared.queue() {
            Ok(queue) => queue,
            Err(status) => return Submitted::Over(status, crate::Answer::default()),
        };
        let slot = Arc::new(Slot {
            state: Mutex::new(SlotState { waker: Some(waker.clone()), event: None }),
            shared: shared.clone(),
        });
        // The event may come before the submit has returned, so its reference is made first.
        let token = Arc::into_raw(slot.clone());
        let mut id = 0;
        let report = Report { queue, token: token as u64, id: &mut id };
        let mut out = ptr::null_mut();
        let status = submit(&report, &mut out);
        if status == sys::MECHA_PENDING {
            return Submitted::Pending(Pending { slot, id, is_over: false });
        }
        // No event follows: its reference comes back.
        drop(unsafe { Arc::from_raw(token) });
        Submitted::Over(status, unsafe { crate::Answer::from_raw(out) })
    }

    pub fn id(&self) -> sys::mecha_op {
        self.id
    }

    pub fn poll(&mut self, waker: &Waker) -> Poll<(sys::mecha_status, crate::Answer)> {
        let mut state = lock(&self.slot.state);
        if let Some(event) = state.event.take() {
            drop(state);
            self.is_over = true;
            return Poll::Ready(event);
        }
        match &mut state.waker {
            Some(old) if old.will_wake(waker) => {}
            old => *old = Some(waker.clone()),
        }
        Poll::Pending
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let waker = lock(&self.slot.state).waker.take();
        drop(waker);
        // Too late is no harm: ids are not used twice.
        unsafe { sys::mecha_runtime_cancel(self.slot.shared.runtime(), self.id) };
    }
}

/// Hands the events of the futures' queue to their slots, on a thread of the runtime.
unsafe extern "C" fn deliver_completions(
    user: *mut c_void,
    events: *const sys::mecha_event,
    count: usize,
) {
    // Slots keep it alive, and one of theirs is still to be delivered.
    let shared = unsafe { &*(user as *const Shared) };
    let events = unsafe { std::slice::from_raw_parts(events, count) };
    let mut last = None;
    for event in events {
        let answer = unsafe { crate::Answer::from_raw(event.result) };
        if event.kind != sys::MECHA_EVENT_COMPLETION {
            continue;
        }
        let slot = unsafe { Arc::from_raw(event.token as usize as *const Slot) };
        let waker = {
            let mut state = lock(&slot.state);
            state.event = Some((event.status, answer));
            state.waker.take()
        };
        if let Some(waker) = waker {
            deliver(|| waker.wake());
        }
        // The last reference may go with it, but not while `shared` is in use.
        last = Some(slot);
    }
    deliver(|| shared.tell_of_room());
    deliver(|| drop(last));
}
