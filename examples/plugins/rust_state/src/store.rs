// SPDX-License-Identifier: Apache-2.0
//! A sorted map of values with etags and expiry. It knows no task and no thread.

use std::collections::btree_map::BTreeMap;
use std::ops::Bound;

use crate::spi;

pub struct Entry {
    pub value: Vec<u8>,
    pub version: u64,
    pub flags: u32,
    pub expires_ns: i64,
    pub expires_unix_ms: i64,
}

/// What the runtime's clocks show.
#[derive(Clone, Copy)]
pub struct Now {
    pub steady_ns: i64,
    pub unix_ms: i64,
}

pub struct Write {
    pub is_set: bool,
    pub condition: u32,
    pub flags: u32,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub etag: Vec<u8>,
    pub ttl_ms: i64,
}

pub struct Failure {
    pub status: i32,
    pub message: &'static str,
}

#[derive(Default)]
pub struct Store {
    entries: BTreeMap<Vec<u8>, Entry>,
    last_version: u64,
}

impl Store {
    pub fn get(&self, key: &[u8], now: Now) -> Option<&Entry> {
        self.entries.get(key).filter(|entry| entry.is_live(now))
    }

    /// Whether the condition of `write` holds.
    pub fn check(&self, write: &Write, now: Now) -> Result<(), Failure> {
        let stored = self.get(&write.key, now).map(|entry| entry.version);
        match write.condition {
            spi::WRITE_IF_ABSENT if stored.is_some() => Err(Failure {
                status: spi::ABORTED,
                message: "there is a value already",
            }),
            spi::WRITE_IF_MATCH => match parse_etag(&write.etag) {
                None => Err(Failure {
                    status: spi::INVALID_ARGUMENT,
                    message: "the etag is none of this store; read the value again",
                }),
                wanted if wanted == stored => Ok(()),
                _ => Err(Failure {
                    status: spi::ABORTED,
                    message: "the value has another etag, or is gone; read it again",
                }),
            },
            _ => Ok(()),
        }
    }

    /// Carries out a write that was checked. Returns the new etag; empty after a delete.
    pub fn carry_out(&mut self, write: Write, now: Now) -> String {
        if !write.is_set {
            self.entries.remove(&write.key);
            return String::new();
        }
        self.last_version += 1;
        let has_ttl = write.ttl_ms != 0;
        let ttl_ns = write.ttl_ms.saturating_mul(1_000_000);
        let entry = Entry {
            value: write.value,
            version: self.last_version,
            flags: write.flags,
            expires_ns: if has_ttl {
                now.steady_ns.saturating_add(ttl_ns)
            } else {
                0
            },
            expires_unix_ms: if has_ttl {
                now.unix_ms.saturating_add(write.ttl_ms)
            } else {
                0
            },
        };
        self.entries.insert(write.key, entry);
        self.last_version.to_string()
    }

    /// A page of keys, and where the next one begins. The position is the last key of a page.
    pub fn list(&self, prefix: &[u8], position: Option<&[u8]>, limit: usize, now: Now) -> Page<'_> {
        let start = position.map_or(Bound::Included(prefix), Bound::Excluded);
        let mut keys = self
            .entries
            .range::<[u8], _>((start, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .filter(|(_, entry)| entry.is_live(now))
            .map(|(key, _)| key.as_slice());
        let page: Vec<&[u8]> = keys.by_ref().take(limit).collect();
        let next = keys.next().and_then(|_| page.last().copied());
        Page { keys: page, next }
    }
}

pub struct Page<'a> {
    pub keys: Vec<&'a [u8]>,
    pub next: Option<&'a [u8]>,
}

impl Entry {
    fn is_live(&self, now: Now) -> bool {
        self.expires_ns == 0 || now.steady_ns < self.expires_ns
    }
}

/// None for a text that is no version as carry_out writes it.
fn parse_etag(etag: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(etag).ok()?;
    let version: u64 = text.parse().ok()?;
    (version != 0 && version.to_string() == text).then_some(version)
}
