// SPDX-License-Identifier: Apache-2.0
//! Readiness: one thread that tells futures when a queue's descriptor is readable. It takes nothing
//! from the queues. Begun when a program first awaits requests, or an update pauses; ends with the
//! runtime's last handle. Pause: a future of that thread that ends after some time.
use crate::shared::{deliver, lock, Shared};
use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::os::raw::{c_int, c_long, c_void};
use std::pin::Pin;
use std::ptr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

// What Linux promises; the standard library links libc, and declares none of these.
#[repr(C)]
#[cfg_attr(target_arch = "x86_64", repr(packed))]
#[derive(Clone, Copy)]
struct EpollEvent {
    events: u32,
    data: u64,
}

#[repr(C)]
struct TimeSpec {
    seconds: c_long,
    nanoseconds: c_long,
}

/// `struct itimerspec`.
#[repr(C)]
struct Timer {
    interval: TimeSpec,
    value: TimeSpec,
}

extern "C" {
    fn epoll_create1(flags: c_int) -> c_int;
    fn epoll_ctl(epoll: c_int, operation: c_int, fd: c_int, event: *mut EpollEvent) -> c_int;
    fn epoll_wait(epoll: c_int, events: *mut EpollEvent, most: c_int, timeout_ms: c_int) -> c_int;
    fn eventfd(initial: u32, flags: c_int) -> c_int;
    fn timerfd_create(clock: c_int, flags: c_int) -> c_int;
    fn timerfd_settime(fd: c_int, flags: c_int, new: *const Timer, old: *mut Timer) -> c_int;
    fn close(fd: c_int) -> c_int;
    fn write(fd: c_int, data: *const c_void, size: usize) -> isize;
    fn pthread_sigmask(how: c_int, set: *const [u64; 16], old: *mut [u64; 16]) -> c_int;
}

const CLOSE_ON_EXEC: c_int = 0o2_000_000;
const ADD: c_int = 1;
const DELETE: c_int = 2;
const MODIFY: c_int = 3;
const READABLE: u32 = 1;
const ONE_SHOT: u32 = 1 << 30;
const SET_MASK: c_int = 2;
const BATCH: usize = 16;
const MONOTONIC: c_int = 1;

struct Table {
    epoll: c_int,
    stop: c_int,
    /// Who is to be told of which descriptor.
    waiting: Mutex<HashMap<c_int, Vec<Waker>>>,
}

impl Drop for Table {
    fn drop(&mut self) {
        unsafe {
            close(self.epoll);
            close(self.stop);
        }
    }
}

impl Table {
    fn control(&self, operation: c_int, fd: c_int) -> bool {
        let mut event = EpollEvent { events: READABLE | ONE_SHOT, data: fd as u64 };
        unsafe { epoll_ctl(self.epoll, operation, fd, &mut event) == 0 }
    }

    fn wake(&self, fd: c_int) {
        let wakers = lock(&self.waiting).remove(&fd);
        for waker in wakers.into_iter().flatten() {
            deliver(|| waker.wake());
        }
    }

    fn run(&self) {
        let mut events = [EpollEvent { events: 0, data: 0 }; BATCH];
        loop {
            let most = BATCH as c_int;
            let count = unsafe { epoll_wait(self.epoll, events.as_mut_ptr(), most, -1) };
            for event in events.iter().take(usize::try_from(count).unwrap_or(0)) {
                let fd = event.data as c_int;
                if fd == self.stop {
                    return;
                }
                self.wake(fd);
            }
        }
    }
}

pub(crate) struct Readiness {
    table: Arc<Table>,
    thread: Option<JoinHandle<()>>,
    process: u32,
}

impl Readiness {
    pub fn begin() -> io::Result<Arc<Readiness>> {
        let table = Arc::new(Table {
            epoll: unsafe { epoll_create1(CLOSE_ON_EXEC) },
            stop: unsafe { eventfd(0, CLOSE_ON_EXEC) },
            waiting: Mutex::new(HashMap::new()),
        });
        if table.epoll < 0 || table.stop < 0 || !table.control(ADD, table.stop) {
            return Err(io::Error::last_os_error());
        }
        let shared = table.clone();
        let builder = std::thread::Builder::new().name("mecha-ready".into());
        let thread = with_signals_blocked(|| builder.spawn(move || shared.run()))?;
        Ok(Arc::new(Readiness { table, thread: Some(thread), process: std::process::id() }))
    }

    /// Wakes once when `fd` is readable, also when it is already. False when that is impossible.
    pub fn watch(&self, fd: c_int, waker: &Waker) -> bool {
        if self.process != std::process::id() {
            return false; // the thread is the parent's
        }
        let mut waiting = lock(&self.table.waiting);
        let wakers = waiting.entry(fd).or_default();
        if !wakers.iter().any(|other| other.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        drop(waiting);
        self.table.control(MODIFY, fd) || self.table.control(ADD, fd)
    }

    /// Wakes whoever waits for `fd`.
    pub fn wake(&self, fd: c_int) {
        if self.process == std::process::id() {
            self.table.wake(fd);
        }
    }

    pub fn forget(&self, fd: c_int) {
        if self.process == std::process::id() {
            let wakers = lock(&self.table.waiting).remove(&fd);
            drop(wakers);
            self.table.control(DELETE, fd);
        }
    }

    pub fn wake_all(&self) {
        let waiting = std::mem::take(&mut *lock(&self.table.waiting));
        for waker in waiting.into_values().flatten() {
            deliver(|| waker.wake());
        }
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        let thread = self.thread.take();
        if self.process != std::process::id() {
            std::mem::forget(thread);
            return;
        }
        let one = 1u64;
        let data = &one as *const u64;
        unsafe { write(self.table.stop, data.cast(), 8) };
        if let Some(thread) = thread {
            if thread.thread().id() != std::thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

/// Is over after some time, on whatever executor. Dropping it ends it.
pub(crate) struct Pause {
    until: Instant,
    watch: Option<(Arc<Readiness>, c_int)>,
}

impl Pause {
    pub fn new(shared: &Shared, length: Duration) -> Pause {
        let until = Instant::now() + length;
        let watch = shared.readiness().ok().and_then(|readiness| Some((readiness, timer(length)?)));
        Pause { until, watch }
    }
}

impl Future for Pause {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left == Duration::ZERO {
            return Poll::Ready(());
        }
        match &self.watch {
            Some((readiness, fd)) if readiness.watch(*fd, context.waker()) => Poll::Pending,
            _ => {
                std::thread::sleep(left); // without a descriptor there is no other way
                Poll::Ready(())
            }
        }
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        if let Some((readiness, fd)) = self.watch.take() {
            readiness.forget(fd);
            unsafe { close(fd) };
        }
    }
}

/// A descriptor that is readable after `length`.
fn timer(length: Duration) -> Option<c_int> {
    let seconds = c_long::try_from(length.as_secs()).unwrap_or(c_long::MAX);
    let nanoseconds = length.subsec_nanos().max(1) as c_long; // 0 would never end
    let interval = TimeSpec { seconds: 0, nanoseconds: 0 };
    let new = Timer { interval, value: TimeSpec { seconds, nanoseconds } };
    let fd = unsafe { timerfd_create(MONOTONIC, CLOSE_ON_EXEC) };
    if fd >= 0 && unsafe { timerfd_settime(fd, 0, &new, ptr::null_mut()) } != 0 {
        unsafe { close(fd) };
        return None;
    }
    Some(fd).filter(|fd| *fd >= 0)
}

/// Signals are for the program's own threads.
fn with_signals_blocked<R>(start: impl FnOnce() -> R) -> R {
    let (all, mut old) = ([u64::MAX; 16], [0; 16]);
    unsafe { pthread_sigmask(SET_MASK, &all, &mut old) };
    let result = start();
    unsafe { pthread_sigmask(SET_MASK, &old, ptr::null_mut()) };
    result
}
