// SPDX-License-Identifier: Apache-2.0
//! The operations of a state store, as the verbs of Operation.
use crate::answer::{size32, to_optional_view, to_view, Answer};
use crate::error::Error;
use crate::operation::{Operation, Steps};
use crate::payload::Payload;
use crate::shared::Shared;
use crate::state::{
    conditions, Conditions, Consistency, Matches, Outcomes, Page, State, Value, Values, Write,
    Written,
};
use crate::Result;
use mecha_sys as sys;
use std::ptr;
use std::sync::Arc;

/// Reads one key: [`State::get`].
pub struct Get<'a> {
    store: &'a str,
    key: &'a str,
    consistency: Consistency,
}

impl<'a> Get<'a> {
    #[inline]
    pub(crate) fn new(store: &'a str, key: &'a str) -> Get<'a> {
        Get { store, key, consistency: Consistency::Default }
    }
}

/// NULL where the options are the defaults: that is the shorter way.
#[inline]
fn with_options<R>(
    consistency: Consistency,
    submit: impl FnOnce(*const sys::mecha_state_get_options) -> R,
) -> R {
    if consistency == Consistency::Default {
        return submit(ptr::null());
    }
    submit(&sys::mecha_state_get_options {
        struct_size: size32::<sys::mecha_state_get_options>(),
        consistency: consistency.raw(),
    })
}

impl Steps for Get<'_> {
    type Output = Option<Value>;

    #[inline]
    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let (store, key) = (to_view(self.store.as_bytes()), to_view(self.key.as_bytes()));
        with_options(self.consistency, |options| unsafe {
            sys::mecha_state_get(shared.runtime(), call, store, key, options, out)
        })
    }

    #[inline]
    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Option<Value>> {
        if status >= 0 {
            return Ok(Some(Value::new(answer)));
        }
        // An absent key has a result and no error; a store that is not there has an error.
        if status == sys::MECHA_NOT_FOUND && !answer.as_ptr().is_null() && !answer.has_error() {
            return Ok(None);
        }
        Err(Error::from_answer(status, answer))
    }
}

impl<'a> Operation<'a, Get<'a>> {
    /// How fresh it must be.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.verb.consistency = consistency;
        self
    }
}

/// Reads several keys: [`State::get_many`].
pub struct GetMany<'a> {
    store: &'a str,
    keys: Vec<&'a str>,
    consistency: Consistency,
}

impl<'a> GetMany<'a> {
    pub(crate) fn new<K: AsRef<str>>(store: &'a str, keys: &'a [K]) -> GetMany<'a> {
        GetMany {
            store,
            keys: keys.iter().map(AsRef::as_ref).collect(),
            consistency: Consistency::Default,
        }
    }
}

impl Steps for GetMany<'_> {
    type Output = Values;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let store = to_view(self.store.as_bytes());
        let keys: Vec<_> = self.keys.iter().map(|key| to_view(key.as_bytes())).collect();
        let (keys, count) = (keys.as_ptr(), keys.len());
        let runtime = shared.runtime();
        with_options(self.consistency, |options| unsafe {
            sys::mecha_state_get_many(runtime, call, store, keys, count, options, out)
        })
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Values> {
        Values::from(status, answer)
    }
}

impl<'a> Operation<'a, GetMany<'a>> {
    /// How fresh they must be.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.verb.consistency = consistency;
        self
    }
}

/// Writes one key: [`State::set`].
pub struct Set<'a> {
    store: &'a str,
    key: &'a str,
    value: Payload<'a>,
    conditions: Conditions<'a>,
    consistency: Consistency,
}

impl<'a> Set<'a> {
    #[inline]
    pub(crate) fn new(store: &'a str, key: &'a str, value: Payload<'a>) -> Set<'a> {
        Set {
            store,
            key,
            value,
            conditions: Conditions::default(),
            consistency: Consistency::Default,
        }
    }
}

impl Steps for Set<'_> {
    type Output = Written;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_state_set_options {
            struct_size: size32::<sys::mecha_state_set_options>(),
            flags: self.conditions.flags(),
            consistency: self.consistency.raw(),
            reserved: 0,
            etag: to_optional_view(self.conditions.etag),
            content_type: to_optional_view(self.conditions.content_type),
            ttl_ms: self.conditions.ttl_ms,
        };
        let (store, key) = (to_view(self.store.as_bytes()), to_view(self.key.as_bytes()));
        let (runtime, value) = (shared.runtime(), self.value.to_buffer());
        unsafe { sys::mecha_state_set(runtime, call, store, key, value, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Written> {
        Written::from(status, answer)
    }
}

impl<'a> Operation<'a, Set<'a>> {
    pub(crate) fn under(mut self, conditions: Conditions<'a>) -> Self {
        self.verb.conditions = conditions;
        self
    }

    conditions!(set verb.conditions);

    /// How widely it must have spread.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.verb.consistency = consistency;
        self
    }
}

/// Deletes one key: [`State::delete`].
pub struct Delete<'a> {
    store: &'a str,
    key: &'a str,
    conditions: Conditions<'a>,
    consistency: Consistency,
}

impl<'a> Delete<'a> {
    pub(crate) fn new(store: &'a str, key: &'a str) -> Delete<'a> {
        Delete { store, key, conditions: Conditions::default(), consistency: Consistency::Default }
    }
}

impl Steps for Delete<'_> {
    type Output = Written;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_state_delete_options {
            struct_size: size32::<sys::mecha_state_delete_options>(),
            flags: self.conditions.flags(),
            consistency: self.consistency.raw(),
            reserved: 0,
            etag: to_optional_view(self.conditions.etag),
        };
        let (store, key) = (to_view(self.store.as_bytes()), to_view(self.key.as_bytes()));
        unsafe { sys::mecha_state_delete(shared.runtime(), call, store, key, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Written> {
        Written::from(status, answer)
    }
}

impl<'a> Operation<'a, Delete<'a>> {
    conditions!(verb.conditions);

    /// How widely it must have spread.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.verb.consistency = consistency;
        self
    }
}

/// Applies several writes: [`State::apply`].
pub struct Apply<'a> {
    store: &'a str,
    writes: &'a [Write<'a>],
    is_atomic: bool,
    consistency: Consistency,
}

impl<'a> Apply<'a> {
    pub(crate) fn new(store: &'a str, writes: &'a [Write<'a>]) -> Apply<'a> {
        Apply { store, writes, is_atomic: true, consistency: Consistency::Default }
    }
}

fn to_op(write: &Write<'_>, metadata: &[sys::mecha_kv]) -> sys::mecha_state_op {
    let mut op: sys::mecha_state_op = unsafe { std::mem::zeroed() };
    op.kind = if write.is_delete {
        sys::MECHA_STATE_DELETE
    } else {
        op.value = write.value.to_buffer();
        sys::MECHA_STATE_SET
    };
    op.flags = write.conditions.flags();
    op.key = to_view(write.key.as_bytes());
    op.etag = to_optional_view(write.conditions.etag);
    op.content_type = to_optional_view(write.conditions.content_type);
    op.ttl_ms = write.conditions.ttl_ms;
    op.metadata = metadata.as_ptr();
    op.metadata_count = metadata.len();
    op
}

pub(crate) fn key_values(entries: &[(&str, &[u8])]) -> Vec<sys::mecha_kv> {
    let to_raw = |&(key, value): &(&str, &[u8])| sys::mecha_kv {
        key: to_view(key.as_bytes()),
        value: to_view(value),
    };
    entries.iter().map(to_raw).collect()
}

impl Steps for Apply<'_> {
    type Output = Outcomes;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_state_apply_options {
            struct_size: size32::<sys::mecha_state_apply_options>(),
            atomic: u32::from(self.is_atomic),
            consistency: self.consistency.raw(),
            reserved: 0,
        };
        let metadata: Vec<_> =
            self.writes.iter().map(|write| key_values(&write.metadata)).collect();
        let pairs = self.writes.iter().zip(&metadata);
        let ops: Vec<_> = pairs.map(|(write, metadata)| to_op(write, metadata)).collect();
        let (store, ops, count) = (to_view(self.store.as_bytes()), ops.as_ptr(), ops.len());
        let runtime = shared.runtime();
        unsafe { sys::mecha_state_apply(runtime, call, store, ops, count, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Outcomes> {
        Outcomes::from(status, answer)
    }
}

impl<'a> Operation<'a, Apply<'a>> {
    /// Each write succeeds or fails by itself, instead of all together.
    pub fn independent(mut self) -> Self {
        self.verb.is_atomic = false;
        self
    }

    /// How widely they must have spread.
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.verb.consistency = consistency;
        self
    }
}

/// Reads one page of keys: [`State::list`].
pub struct List<'a> {
    store: &'a str,
    prefix: &'a str,
    limit: u32,
    page: &'a str,
}

impl<'a> List<'a> {
    pub(crate) fn new(store: &'a str, prefix: &'a str) -> List<'a> {
        List { store, prefix, limit: 0, page: "" }
    }
}

impl Steps for List<'_> {
    type Output = Page;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_state_list_options {
            struct_size: size32::<sys::mecha_state_list_options>(),
            limit: self.limit,
            page: to_optional_view(self.page),
        };
        let (store, prefix) = (to_view(self.store.as_bytes()), to_view(self.prefix.as_bytes()));
        unsafe { sys::mecha_state_list(shared.runtime(), call, store, prefix, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Page> {
        Page::from(status, answer)
    }
}

impl<'a> Operation<'a, List<'a>> {
    /// Keys per page at most: 100 unless set, 1,000 at most.
    pub fn limit(mut self, limit: u32) -> Self {
        self.verb.limit = limit;
        self
    }

    /// The page to read, as [`Page::next`] of the one before has it.
    pub fn page(mut self, page: &'a str) -> Self {
        self.verb.page = page;
        self
    }
}

/// Finds values: [`State::query`].
pub struct Query<'a> {
    store: &'a str,
    query: &'a str,
    limit: u32,
    page: &'a str,
}

impl<'a> Query<'a> {
    pub(crate) fn new(store: &'a str, query: &'a str) -> Query<'a> {
        Query { store, query, limit: 0, page: "" }
    }
}

impl Steps for Query<'_> {
    type Output = Matches;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_state_query_options {
            struct_size: size32::<sys::mecha_state_query_options>(),
            limit: self.limit,
            page: to_optional_view(self.page),
        };
        let (store, query) = (to_view(self.store.as_bytes()), to_view(self.query.as_bytes()));
        unsafe { sys::mecha_state_query(shared.runtime(), call, store, query, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Matches> {
        Matches::from(status, answer)
    }
}

impl<'a> Operation<'a, Query<'a>> {
    /// Values per page at most; the query's own limit or 100 unless set, 1,000 at most.
    pub fn limit(mut self, limit: u32) -> Self {
        self.verb.limit = limit;
        self
    }

    /// The page to read, as [`Matches::next`] of the one before has it.
    pub fn page(mut self, page: &'a str) -> Self {
        self.verb.page = page;
        self
    }
}

/// Walks over keys, page after page: [`State::keys`]. Keys written meanwhile may show or not, and
/// one may show twice. After an error it ends.
pub struct Keys {
    state: State,
    prefix: String,
    page: std::vec::IntoIter<String>,
    next: Option<String>,
}

impl Keys {
    pub(crate) fn new(state: State, prefix: &str) -> Keys {
        Keys {
            state,
            prefix: prefix.to_owned(),
            page: Vec::new().into_iter(),
            next: Some(String::new()),
        }
    }

    fn turn(&mut self, page: Result<Page>) -> Result<()> {
        self.next = None;
        let page = page?;
        self.next = page.next().map(str::to_owned);
        self.page = page.keys().map(str::to_owned).collect::<Vec<_>>().into_iter();
        Ok(())
    }

    /// The next key, for async code; none after the last.
    ///
    /// # Errors
    /// When a page cannot be read.
    pub async fn next_key(&mut self) -> Result<Option<String>> {
        loop {
            if let Some(key) = self.page.next() {
                return Ok(Some(key));
            }
            let page = match &self.next {
                Some(token) => self.state.list(&self.prefix).page(token).await,
                None => return Ok(None),
            };
            self.turn(page)?;
        }
    }
}

impl Iterator for Keys {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Result<String>> {
        loop {
            if let Some(key) = self.page.next() {
                return Some(Ok(key));
            }
            let page = self.state.list(&self.prefix).page(self.next.as_deref()?).wait();
            if let Err(error) = self.turn(page) {
                return Some(Err(error));
            }
        }
    }
}
