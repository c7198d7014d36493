// SPDX-License-Identifier: Apache-2.0
//! Payload: bytes to send. Borrowed ones are copied if the library keeps them; owned ones are given
//! to it, and a value that came from it is passed on, without a copy.
use crate::answer::Answer;
use crate::state::Value;
use mecha_sys as sys;
use std::os::raw::c_void;
use std::ptr;
use std::sync::Arc;

/// Bytes to store or to publish: from `&str`, `&[u8]`, `String`, `Vec<u8>` or a [`Value`].
#[derive(Clone)]
pub struct Payload<'a> {
    content: Content<'a>,
}

#[derive(Clone)]
enum Content<'a> {
    Borrowed(&'a [u8]),
    Owned(Arc<Vec<u8>>),
    Answer(Answer, &'static [u8]),
}

/// Shorter bytes are copied faster than handed over.
const WORTH_GIVING: usize = 4096;

unsafe extern "C" fn release_vec(context: *mut c_void) {
    drop(unsafe { Arc::from_raw(context as *const Vec<u8>) });
}

unsafe extern "C" fn release_answer(context: *mut c_void) {
    unsafe { sys::mecha_result_release(context.cast()) }
}

impl Payload<'_> {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.content {
            Content::Borrowed(bytes) => bytes,
            Content::Owned(bytes) => bytes,
            Content::Answer(_, bytes) => bytes,
        }
    }

    /// For one call: whatever has a `release` goes on to own its bytes until that runs.
    pub(crate) fn to_buffer(&self) -> sys::mecha_buf {
        let bytes = self.as_bytes();
        let mut buffer = sys::mecha_buf {
            data: bytes.as_ptr().cast(),
            size: bytes.len(),
            release: None,
            ctx: ptr::null_mut(),
        };
        if bytes.len() < WORTH_GIVING {
            return buffer;
        }
        match &self.content {
            Content::Borrowed(_) => {}
            Content::Owned(bytes) => {
                buffer.release = Some(release_vec);
                buffer.ctx = Arc::into_raw(bytes.clone()) as *mut c_void;
            }
            Content::Answer(answer, _) => {
                buffer.release = Some(release_answer);
                buffer.ctx = answer.clone().into_raw().cast();
            }
        }
        buffer
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Payload { content: Content::Borrowed(bytes) }
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Payload<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Payload::from(&bytes[..])
    }
}

impl<'a> From<&'a Vec<u8>> for Payload<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Payload::from(&bytes[..])
    }
}

impl<'a> From<&'a str> for Payload<'a> {
    fn from(text: &'a str) -> Self {
        Payload::from(text.as_bytes())
    }
}

impl<'a> From<&'a String> for Payload<'a> {
    fn from(text: &'a String) -> Self {
        Payload::from(text.as_bytes())
    }
}

impl From<Vec<u8>> for Payload<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Payload { content: Content::Owned(Arc::new(bytes)) }
    }
}

impl From<String> for Payload<'_> {
    fn from(text: String) -> Self {
        Payload::from(text.into_bytes())
    }
}

impl<'a> From<&'a Value> for Payload<'a> {
    fn from(value: &'a Value) -> Self {
        Payload::from(&value[..])
    }
}

impl From<Value> for Payload<'_> {
    fn from(value: Value) -> Self {
        let (answer, bytes) = value.into_parts();
        Payload { content: Content::Answer(answer, bytes) }
    }
}

impl std::fmt::Debug for Payload<'_> {
    // Without the bytes: they may be secrets.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Payload({} bytes)", self.as_bytes().len())
    }
}
