// SPDX-License-Identifier: Apache-2.0
//! State: a handle to one state store, and what its operations return. The operations themselves
//! stand in state_operations.rs.
use crate::answer::{Answer, Item};
use crate::error::check;
use crate::operation::Operation;
use crate::payload::Payload;
use crate::shared::Shared;
use crate::state_operations::{Apply, Delete, Get, GetMany, Keys, List, Query, Set};
use crate::update::{Change, Update};
use crate::{json, Result, Status};
use mecha_sys as sys;
use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A time to live that never ends, also where the component has a default.
pub const NEVER_EXPIRES: Duration = Duration::MAX;

/// How fresh a read must be, and how widely a write must have spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// What the store does by itself: eventual.
    Default,
    /// A replica may answer.
    Eventual,
    /// Every reader sees it.
    Strong,
}

impl Consistency {
    pub(crate) fn raw(self) -> u32 {
        match self {
            Consistency::Default => sys::MECHA_STATE_CONSISTENCY_DEFAULT,
            Consistency::Eventual => sys::MECHA_STATE_EVENTUAL,
            Consistency::Strong => sys::MECHA_STATE_STRONG,
        }
    }
}

/// A handle to one state store; clones are cheap. An unknown store shows at the first call, as an
/// error that lists those loaded.
#[derive(Clone)]
pub struct State {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
}

impl State {
    /// The store's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads one key: none when it is absent.
    #[inline]
    pub fn get<'a>(&'a self, key: &'a str) -> Operation<'a, Get<'a>> {
        Operation::new(&self.shared, Get::new(&self.name, key))
    }

    /// Reads several keys; each may be absent or fail by itself.
    pub fn get_many<'a, K: AsRef<str>>(&'a self, keys: &'a [K]) -> Operation<'a, GetMany<'a>> {
        Operation::new(&self.shared, GetMany::new(&self.name, keys))
    }

    /// Writes one key.
    #[inline]
    pub fn set<'a>(
        &'a self,
        key: &'a str,
        value: impl Into<Payload<'a>>,
    ) -> Operation<'a, Set<'a>> {
        Operation::new(&self.shared, Set::new(&self.name, key, value.into()))
    }

    /// Deletes one key. An absent key is success, unless an etag was to match.
    pub fn delete<'a>(&'a self, key: &'a str) -> Operation<'a, Delete<'a>> {
        Operation::new(&self.shared, Delete::new(&self.name, key))
    }

    /// Applies several writes as one transaction, all or nothing; or independently, if told so. In a
    /// failed transaction nothing was written: the error's detail `index` names the write at fault,
    /// and its answer has the items.
    pub fn apply<'a>(&'a self, writes: &'a [Write<'a>]) -> Operation<'a, Apply<'a>> {
        Operation::new(&self.shared, Apply::new(&self.name, writes))
    }

    /// Reads one page of the keys that start with `prefix`, in no promised order.
    pub fn list<'a>(&'a self, prefix: &'a str) -> Operation<'a, List<'a>> {
        Operation::new(&self.shared, List::new(&self.name, prefix))
    }

    /// Finds values by what their JSON holds, one page of them. `query` is Dapr's JSON.
    pub fn query<'a>(&'a self, query: &'a str) -> Operation<'a, Query<'a>> {
        Operation::new(&self.shared, Query::new(&self.name, query))
    }

    /// All keys that start with `prefix`, page after page: an iterator that blocks at a page's end,
    /// or `next_key().await`.
    #[must_use]
    pub fn keys(&self, prefix: &str) -> Keys {
        Keys::new(self.clone(), prefix)
    }

    /// Reads a key, lets `change` make a new value of it, and writes that if nobody else wrote in
    /// between; else pauses for a growing random time and starts over. So `change` may run several
    /// times: it should do nothing but compute. It gets none when the key is absent. Await it, or
    /// `wait` for it.
    pub fn update<'a, F>(&'a self, key: &'a str, change: F) -> Update<'a, F>
    where
        F: FnMut(Option<&Value>) -> Change,
    {
        Update::new(self, key, change)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "State({})", self.name)
    }
}

/// The bytes of one key: reads like a `[u8]`, and owns them without a copy.
#[derive(Clone)]
pub struct Value {
    bytes: &'static [u8],
    answer: Answer,
}

impl Value {
    #[inline]
    pub(crate) fn new(answer: Answer) -> Value {
        // The bytes live as long as the answer, which lives as long as this; none get out with
        // their false lifetime.
        let bytes = unsafe { &*answer.first_value() };
        Value { bytes, answer }
    }

    pub(crate) fn into_parts(self) -> (Answer, &'static [u8]) {
        (self.answer, self.bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
    }

    /// The bytes as text.
    ///
    /// # Errors
    /// When they are not UTF-8.
    pub fn as_str(&self) -> std::result::Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self.bytes)
    }

    /// The bytes as JSON; for types of your own give the value to a parser, as
    /// `serde_json::from_slice(&value)`.
    ///
    /// # Errors
    /// `DataLoss` when they are not JSON.
    pub fn json(&self) -> Result<json::Json> {
        json::Json::parse(self.bytes)
    }

    /// Names this version of the value; give it back to write only if nobody else has.
    #[must_use]
    pub fn etag(&self) -> &str {
        self.answer.item(0).map_or("", |item| item.etag())
    }

    /// True when it was stored as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.answer.item(0).map_or(false, |item| item.is_json())
    }

    /// When it expires; none: never, or the store cannot tell.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.answer.item(0).and_then(|item| item.expires())
    }

    /// What it was read from.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }
}

impl Deref for Value {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        self.bytes == other.bytes
    }
}

impl PartialEq<[u8]> for Value {
    fn eq(&self, other: &[u8]) -> bool {
        self.bytes == other
    }
}

impl Eq for Value {}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self.bytes
    }
}

impl std::fmt::Debug for Value {
    // Without the bytes: they may be secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Value({} bytes)", self.bytes.len())
    }
}

/// The answer of several keys, writes, messages or matches, item by item.
macro_rules! answers {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            answer: Answer,
        }

        impl $name {
            pub(crate) fn from(status: sys::mecha_status, answer: Answer) -> Result<$name> {
                check(status, answer).map(|answer| $name { answer })
            }

            /// How many there are.
            #[must_use]
            pub fn len(&self) -> usize {
                self.answer.len()
            }

            /// True without any.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.answer.is_empty()
            }

            /// `Ok`, or `Partial` when some failed.
            #[must_use]
            pub fn status(&self) -> Status {
                self.answer.status()
            }

            /// Item `index`; none past the last.
            #[must_use]
            pub fn get(&self, index: usize) -> Option<Item<'_>> {
                self.answer.item(index)
            }

            /// All of them in order.
            pub fn iter(&self) -> impl Iterator<Item = Item<'_>> + '_ {
                self.answer.items()
            }

            /// Why item `index` failed, for a person.
            #[must_use]
            pub fn message(&self, index: usize) -> &str {
                self.answer.item_message(index)
            }

            /// What it reads from.
            #[must_use]
            pub fn answer(&self) -> &Answer {
                &self.answer
            }
        }
    };
}

pub(crate) use answers;

answers! {
    /// Several values, one per key asked for and in that order. An absent key's item has the status
    /// `NotFound`.
    Values
}

answers! {
    /// What several writes returned, one item per write and in that order, with its new etag.
    Outcomes
}

answers! {
    /// One page of the values that a query found, in the order asked for.
    Matches
}

impl Matches {
    /// Give it as `page` to read on; none on the last page.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.answer.page()
    }
}

/// One page of keys.
#[derive(Clone, Debug)]
pub struct Page {
    answer: Answer,
}

impl Page {
    pub(crate) fn from(status: sys::mecha_status, answer: Answer) -> Result<Page> {
        check(status, answer).map(|answer| Page { answer })
    }

    /// How many keys are on this page; 0 does not mean that it is the last.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answer.len()
    }

    /// True without keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answer.is_empty()
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> + '_ {
        self.answer.items().map(|item| item.key())
    }

    /// Give it as `page` to read on; none on the last page.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.answer.page()
    }
}

/// What a write of one key returned.
#[derive(Clone, Debug)]
pub struct Written {
    answer: Answer,
}

/// What deleting one key returned.
pub type Deleted = Written;

impl Written {
    pub(crate) fn from(status: sys::mecha_status, answer: Answer) -> Result<Written> {
        check(status, answer).map(Written::of)
    }

    pub(crate) fn of(answer: Answer) -> Written {
        Written { answer }
    }

    /// Names the version that was written; empty after a delete.
    #[must_use]
    pub fn etag(&self) -> &str {
        self.answer.item(0).map_or("", |item| item.etag())
    }

    /// What it reads from.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }
}

/// One write of [`State::apply`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Write<'a> {
    pub(crate) is_delete: bool,
    pub(crate) key: &'a str,
    pub(crate) value: Payload<'a>,
    pub(crate) conditions: Conditions<'a>,
    pub(crate) metadata: Vec<(&'a str, &'a [u8])>,
}

/// What sets and deletes have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Conditions<'a> {
    pub etag: &'a str,
    pub is_first_write: bool,
    pub content_type: &'a str,
    pub ttl_ms: i64,
}

impl Conditions<'_> {
    pub fn flags(&self) -> u32 {
        if self.is_first_write {
            sys::MECHA_STATE_FIRST_WRITE
        } else {
            0
        }
    }
}

pub(crate) fn ttl_ms(ttl: Duration) -> i64 {
    if ttl == NEVER_EXPIRES {
        -1
    } else {
        crate::call::milliseconds(ttl).max(1)
    }
}

/// The methods of whatever has `conditions`.
macro_rules! conditions {
    ($($path:ident).+) => {
        /// Only over this version of the value: otherwise it is `Aborted`.
        pub fn if_etag(mut self, etag: &'a str) -> Self {
            self.$($path).+.etag = etag;
            self.first_write()
        }

        /// With an etag: it must match. Without: the key must be absent; a delete deletes.
        pub fn first_write(mut self) -> Self {
            self.$($path).+.is_first_write = true;
            self
        }
    };
    (set $($path:ident).+) => {
        crate::state::conditions!($($path).+);

        /// The value is JSON: it must be, and is stored as such.
        pub fn json(self) -> Self {
            self.content_type(crate::JSON)
        }

        /// [`crate::JSON`], or anything else for bytes.
        pub fn content_type(mut self, content_type: &'a str) -> Self {
            self.$($path).+.content_type = content_type;
            self
        }

        /// How long it lives, at least; or [`crate::NEVER_EXPIRES`]. Without it the component's
        /// default counts.
        pub fn ttl(mut self, ttl: std::time::Duration) -> Self {
            self.$($path).+.ttl_ms = crate::state::ttl_ms(ttl);
            self
        }
    };
}

pub(crate) use conditions;

impl<'a> Write<'a> {
    /// Sets `key`.
    pub fn set(key: &'a str, value: impl Into<Payload<'a>>) -> Write<'a> {
        Write {
            is_delete: false,
            key,
            value: value.into(),
            conditions: Conditions::default(),
            metadata: Vec::new(),
        }
    }

    /// Deletes `key`.
    pub fn delete(key: &'a str) -> Write<'a> {
        Write { is_delete: true, ..Write::set(key, "") }
    }

    /// Adds metadata for the component.
    pub fn metadata(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.metadata.push((name, value.as_ref()));
        self
    }

    conditions!(set conditions);
}
