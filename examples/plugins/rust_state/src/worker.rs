// SPDX-License-Identifier: Apache-2.0
//! The thread that owns the store: it takes jobs from a channel and completes their tasks. It ends,
//! and gives the store back, when the channel is closed and empty.

use std::sync::mpsc::Receiver;

use crate::spi::{self, Outcome, OutcomeItem, Task, View};
use crate::store::{Entry, Failure, Now, Store, Write};

/// What the library gave to this component. Its functions may be called from any thread.
#[derive(Clone, Copy)]
pub struct Host(pub *const spi::Host);
// SAFETY: component.h says so.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    fn table(&self) -> &spi::Host {
        // SAFETY: valid until close has returned, and the thread ends before that.
        unsafe { &*self.0 }
    }

    fn now(&self) -> Now {
        // SAFETY: as above.
        unsafe {
            Now {
                steady_ns: (self.table().steady_ns)(self.0),
                unix_ms: (self.table().wall_unix_ms)(self.0),
            }
        }
    }

    /// OK while somebody waits for the task, else how it ends.
    fn state(&self, task: Task) -> i32 {
        // SAFETY: as above.
        unsafe { (self.table().task_state)(self.0, task) }
    }

    pub fn complete(&self, task: Task, status: i32, items: &[OutcomeItem], next: View) {
        let outcome = Outcome {
            struct_size: std::mem::size_of::<Outcome>() as u32,
            status,
            applied: 0,
            reserved: 0,
            message: View::ABSENT,
            items: items.as_ptr(),
            item_count: items.len(),
            next,
        };
        // SAFETY: all that the outcome points to lives until the call has copied it.
        unsafe { (self.table().complete)(self.0, task, &outcome) }
    }
}

pub enum Work {
    Get(Vec<Vec<u8>>),
    Apply {
        writes: Vec<Write>,
        is_atomic: bool,
    },
    List {
        prefix: Vec<u8>,
        position: Option<Vec<u8>>,
        limit: usize,
    },
}

pub struct Job {
    pub task: Task,
    pub work: Work,
}

pub fn run(host: Host, jobs: Receiver<Job>, mut store: Store) -> Store {
    for job in jobs {
        let state = host.state(job.task);
        if state != spi::OK {
            host.complete(job.task, state, &[], View::ABSENT);
            continue;
        }
        match job.work {
            Work::Get(keys) => get(host, job.task, &store, &keys),
            Work::Apply {
                writes,
                is_atomic: true,
            } => transact(host, job.task, &mut store, writes),
            Work::Apply { writes, .. } => write_each(host, job.task, &mut store, writes),
            Work::List {
                prefix,
                position,
                limit,
            } => {
                let page = store.list(&prefix, position.as_deref(), limit, host.now());
                let items: Vec<_> = page
                    .keys
                    .iter()
                    .map(|key| OutcomeItem {
                        key: View::of(key),
                        ..OutcomeItem::EMPTY
                    })
                    .collect();
                let next = page.next.map_or(View::ABSENT, View::of);
                host.complete(job.task, spi::OK, &items, next);
            }
        }
    }
    store
}

fn get(host: Host, task: Task, store: &Store, keys: &[Vec<u8>]) {
    let now = host.now();
    let found: Vec<Option<(&Entry, String)>> = keys
        .iter()
        .map(|key| {
            store
                .get(key, now)
                .map(|entry| (entry, entry.version.to_string()))
        })
        .collect();
    let items: Vec<_> = found
        .iter()
        .map(|found| match found {
            None => OutcomeItem {
                status: spi::NOT_FOUND,
                ..OutcomeItem::EMPTY
            },
            Some((entry, etag)) => OutcomeItem {
                value: View::of(&entry.value),
                etag: View::of(etag.as_bytes()),
                flags: entry.flags,
                expires_unix_ms: entry.expires_unix_ms,
                ..OutcomeItem::EMPTY
            },
        })
        .collect();
    host.complete(task, spi::OK, &items, View::ABSENT);
}

/// One new etag, or one failure, for each write.
fn complete_writes(host: Host, task: Task, outcomes: &[Result<String, Failure>]) {
    let items: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(etag) => OutcomeItem {
                etag: View::of(etag.as_bytes()),
                ..OutcomeItem::EMPTY
            },
            Err(failure) => OutcomeItem {
                status: failure.status,
                message: View::of(failure.message.as_bytes()),
                ..OutcomeItem::EMPTY
            },
        })
        .collect();
    host.complete(task, spi::OK, &items, View::ABSENT);
}

fn write_each(host: Host, task: Task, store: &mut Store, writes: Vec<Write>) {
    let now = host.now();
    let outcomes: Vec<_> = writes
        .into_iter()
        .map(|write| {
            store
                .check(&write, now)
                .map(|()| store.carry_out(write, now))
        })
        .collect();
    complete_writes(host, task, &outcomes);
}

/// All or nothing: nothing is written before every condition was checked.
fn transact(host: Host, task: Task, store: &mut Store, writes: Vec<Write>) {
    let now = host.now();
    let fault = writes
        .iter()
        .enumerate()
        .find_map(|(index, write)| store.check(write, now).err().map(|cause| (index, cause)));
    let mut outcomes: Vec<Result<String, Failure>> = Vec::new();
    match fault {
        None => {
            outcomes.extend(
                writes
                    .into_iter()
                    .map(|write| Ok(store.carry_out(write, now))),
            );
        }
        Some((index, cause)) => {
            let cancelled = || {
                Err(Failure {
                    status: spi::CANCELLED,
                    message: "",
                })
            };
            outcomes.extend((0..writes.len()).map(|_| cancelled()));
            outcomes[index] = Err(cause);
        }
    }
    complete_writes(host, task, &outcomes);
}
