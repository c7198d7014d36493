// SPDX-License-Identifier: Apache-2.0
//! What handlers saw, one line per handling, in the order they were called. Any thread.
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

#[derive(Clone, Default)]
pub struct Inbox {
    shared: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Inbox {
    pub fn add(&self, line: String) {
        let (lines, changed) = &*self.shared;
        lines.lock().unwrap().push(line);
        changed.notify_all();
    }

    /// Waits until there are `count` lines or `patience` is over, and takes them all.
    pub fn take(&self, count: usize, patience: Duration) -> Vec<String> {
        let (lines, changed) = &*self.shared;
        let lines = lines.lock().unwrap();
        let is_short = |lines: &mut Vec<String>| lines.len() < count;
        let (mut lines, _) = changed.wait_timeout_while(lines, patience, is_short).unwrap();
        std::mem::take(&mut *lines)
    }
}
