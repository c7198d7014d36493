// SPDX-License-Identifier: Apache-2.0
//! Waits for Ctrl-C or SIGTERM. Programs with more crates use one for it.
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

static STOP: AtomicBool = AtomicBool::new(false);

extern "C" {
    fn signal(number: i32, handler: extern "C" fn(i32)) -> usize;
}

extern "C" fn note(_: i32) {
    STOP.store(true, Ordering::SeqCst);
}

pub fn catch_signals() {
    const INTERRUPT: i32 = 2;
    const TERMINATE: i32 = 15;
    for number in [INTERRUPT, TERMINATE] {
        unsafe { signal(number, note) };
    }
}

pub fn await_signal() {
    while !STOP.load(Ordering::SeqCst) {
        sleep(Duration::from_millis(50));
    }
}
