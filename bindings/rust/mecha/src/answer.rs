// SPDX-License-Identifier: Apache-2.0
//! Answer: what an operation returned, as the C functions give it. Owns it; a clone is a second
//! owner of the same data. Nothing is copied, and it may outlive the runtime.
use crate::status::Status;
use mecha_sys as sys;
use std::marker::PhantomData;
use std::mem::size_of;
use std::ptr::{self, NonNull};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The bytes of a view that lives at least as long as `'a`; an absent one is empty.
///
/// # Safety
/// `view` is from a C function and lives as long as `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(view: sys::mecha_view) -> &'a [u8] {
    if view.data.is_null() {
        &[]
    } else {
        // The caller says that it lives so long.
        unsafe { std::slice::from_raw_parts(view.data.cast(), view.size) }
    }
}

/// As `bytes`, for text. The library's text is UTF-8; what is not is shown as empty.
///
/// # Safety
/// As for `bytes`.
pub(crate) unsafe fn text<'a>(view: sys::mecha_view) -> &'a str {
    // The caller says that it lives so long.
    std::str::from_utf8(unsafe { bytes(view) }).unwrap_or("")
}

pub(crate) fn to_view(bytes: &[u8]) -> sys::mecha_view {
    sys::mecha_view { data: bytes.as_ptr().cast(), size: bytes.len() }
}

pub(crate) const ABSENT: sys::mecha_view = sys::mecha_view { data: ptr::null(), size: 0 };

/// As `to_view`, but empty text is absent: for optional arguments.
pub(crate) fn to_optional_view(text: &str) -> sys::mecha_view {
    if text.is_empty() {
        ABSENT
    } else {
        to_view(text.as_bytes())
    }
}

pub(crate) fn size32<T>() -> u32 {
    size_of::<T>() as u32
}

pub(crate) fn to_time(unix_ms: i64) -> Option<SystemTime> {
    let since = Duration::from_millis(u64::try_from(unix_ms).ok().filter(|&ms| ms > 0)?);
    UNIX_EPOCH.checked_add(since)
}

/// What an operation returned: items, metadata, errors. Immutable; a clone shares it.
#[derive(Default)]
pub struct Answer {
    result: Option<NonNull<sys::mecha_result>>,
}

// Results are immutable and counted atomically: rule 5 of the C headers.
unsafe impl Send for Answer {}
unsafe impl Sync for Answer {}

impl Clone for Answer {
    fn clone(&self) -> Answer {
        unsafe { Answer::from_raw(sys::mecha_result_retain(self.as_ptr())) }
    }
}

impl Drop for Answer {
    #[inline]
    fn drop(&mut self) {
        if let Some(result) = self.result {
            unsafe { sys::mecha_result_release(result.as_ptr()) }
        }
    }
}

impl Answer {
    /// Takes over a result; NULL makes an empty answer.
    ///
    /// # Safety
    /// `result` is NULL or a reference that the caller owns.
    #[must_use]
    pub unsafe fn from_raw(result: *mut sys::mecha_result) -> Answer {
        Answer { result: NonNull::new(result) }
    }

    /// The C result, still owned by this answer; NULL when empty.
    #[inline]
    #[must_use]
    pub fn as_ptr(&self) -> *mut sys::mecha_result {
        self.result.map_or(ptr::null_mut(), NonNull::as_ptr)
    }

    /// The C result, now the caller's to release.
    #[must_use]
    pub fn into_raw(self) -> *mut sys::mecha_result {
        let result = self.as_ptr();
        std::mem::forget(self);
        result
    }

    fn info(&self) -> sys::mecha_result_info {
        let mut info: sys::mecha_result_info = unsafe { std::mem::zeroed() };
        info.struct_size = size32::<sys::mecha_result_info>();
        if self.result.is_some() {
            unsafe { sys::mecha_result_read(self.as_ptr(), &mut info) };
        }
        info
    }

    /// How many items it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.info().count
    }

    /// True without items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How the operation ended.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::from_raw(self.info().status)
    }

    /// An HTTP or gRPC code from the other side; 0 = none.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.info().code
    }

    /// How many tries were made.
    #[must_use]
    pub fn tries(&self) -> u64 {
        self.info().number
    }

    /// True when a failed write may have happened all the same.
    #[must_use]
    pub fn maybe_applied(&self) -> bool {
        self.info().flags & sys::MECHA_RESULT_MAYBE_APPLIED != 0
    }

    /// A list's token for the next page; none on the last.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        let page = self.info().page;
        let page = unsafe { text(page) };
        Some(page).filter(|page| !page.is_empty())
    }

    /// Item `index`, and whether there is one; else it is all zeros.
    #[inline]
    fn read(&self, index: usize) -> (sys::mecha_item, bool) {
        let mut raw: sys::mecha_item = unsafe { std::mem::zeroed() };
        raw.struct_size = size32::<sys::mecha_item>();
        let status = unsafe { sys::mecha_result_item(self.as_ptr(), index, &mut raw) };
        (raw, status == sys::MECHA_OK)
    }

    /// One item; none past the last.
    #[must_use]
    pub fn item(&self, index: usize) -> Option<Item<'_>> {
        let (raw, is_there) = self.read(index);
        is_there.then_some(Item { raw, answer: PhantomData })
    }

    /// The value of the first item, alive as long as the result. For the shortest way to it.
    #[inline]
    pub(crate) fn first_value(&self) -> *const [u8] {
        unsafe { bytes(self.read(0).0.value) }
    }

    /// All items in order.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> + '_ {
        (0..self.len()).filter_map(move |index| self.item(index))
    }

    /// Why item `index` failed, for a person; its status' name when there is nothing to add.
    #[must_use]
    pub fn item_message(&self, index: usize) -> &str {
        let message = unsafe {
            let error = sys::mecha_result_error(self.as_ptr(), index);
            std::ffi::CStr::from_ptr(sys::mecha_error_message(error))
        };
        match message.to_str().unwrap_or("") {
            "" => self.item(index).map_or("", |item| item.status().name()),
            message => message,
        }
    }

    /// The metadata of the whole, in order. Keys are lower-case and may repeat.
    #[must_use]
    pub fn metadata(&self) -> Metadata<'_> {
        Metadata { read: MetadataOf::Result, answer: self, next: 0 }
    }

    pub(crate) fn request_metadata(&self, index: usize) -> Metadata<'_> {
        Metadata { read: MetadataOf::Request(index), answer: self, next: 0 }
    }

    pub(crate) fn has_error(&self) -> bool {
        self.result.is_some()
            && unsafe { !sys::mecha_result_error(self.as_ptr(), sys::MECHA_RESULT_WHOLE).is_null() }
    }
}

impl std::fmt::Debug for Answer {
    // Without the values: they may be secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Answer({}, {} items)", self.status(), self.len())
    }
}

/// One item of an [`Answer`], borrowed from it.
#[derive(Clone, Copy)]
pub struct Item<'a> {
    raw: sys::mecha_item,
    answer: PhantomData<&'a Answer>,
}

// Views into an immutable result.
unsafe impl Send for Item<'_> {}
unsafe impl Sync for Item<'_> {}

impl<'a> Item<'a> {
    /// How it ended.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::from_raw(self.raw.status)
    }

    /// True when the value was stored as JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.raw.flags & sys::MECHA_ITEM_JSON != 0
    }

    /// A secret's name.
    #[must_use]
    pub fn group(&self) -> &'a str {
        unsafe { text(self.raw.group) }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &'a str {
        unsafe { text(self.raw.key) }
    }

    /// The key's bytes, should it be no UTF-8.
    #[must_use]
    pub fn key_bytes(&self) -> &'a [u8] {
        unsafe { bytes(self.raw.key) }
    }

    /// The bytes of the value.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        unsafe { bytes(self.raw.value) }
    }

    /// The version of the value; empty when there is none.
    #[must_use]
    pub fn etag(&self) -> &'a str {
        unsafe { text(self.raw.etag) }
    }

    /// The content type of the value, where there is one.
    #[must_use]
    pub fn content_type(&self) -> &'a str {
        unsafe { text(self.raw.content_type) }
    }

    /// A number that belongs to it: a notice's severity.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.raw.number
    }

    /// When it expires; none: never, or the store cannot tell.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        to_time(self.raw.expires_unix_ms)
    }
}

impl std::fmt::Debug for Item<'_> {
    // Without the value: it may be a secret.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Item({:?}, {})", self.key(), self.status())
    }
}

#[derive(Clone, Copy)]
enum MetadataOf {
    Result,
    Request(usize),
}

/// Names and values in order; a name may come several times. Values are bytes.
#[derive(Clone)]
pub struct Metadata<'a> {
    read: MetadataOf,
    answer: &'a Answer,
    next: usize,
}

impl<'a> Metadata<'a> {
    /// The first value of that name.
    #[must_use]
    pub fn find(mut self, name: &str) -> Option<&'a [u8]> {
        self.find_map(|(key, value)| (key == name).then_some(value))
    }
}

impl<'a> Iterator for Metadata<'a> {
    type Item = (&'a str, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.answer.as_ptr();
        let mut entry = sys::mecha_kv { key: ABSENT, value: ABSENT };
        let status = match self.read {
            MetadataOf::Result => unsafe {
                let kind = sys::MECHA_METADATA_HEADERS;
                sys::mecha_result_metadata(result, kind, self.next, &mut entry)
            },
            MetadataOf::Request(index) => unsafe {
                sys::mecha_request_metadata(result, index, self.next, &mut entry)
            },
        };
        self.next += 1;
        (status == sys::MECHA_OK).then(|| unsafe { (text(entry.key), bytes(entry.value)) })
    }
}
