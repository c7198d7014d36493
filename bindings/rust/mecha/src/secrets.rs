// SPDX-License-Identifier: Apache-2.0
//! Secrets: a handle to one secret store. The values are wiped when the last owner is gone.
use crate::answer::{size32, to_view, Answer, Item};
use crate::error::{check, Error};
use crate::operation::{Operation, Steps};
use crate::shared::Shared;
use crate::Result;
use mecha_sys as sys;
use std::sync::Arc;

/// A handle to one secret store; clones are cheap. An unknown store shows at the first call.
#[derive(Clone)]
pub struct Secrets {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
}

impl Secrets {
    /// The store's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Reads one secret: none when it is absent.
    pub fn get<'a>(&'a self, name: &'a str) -> Operation<'a, SecretGet<'a>> {
        let store = &*self.name;
        Operation::new(&self.shared, SecretGet { store, name })
    }

    /// Reads every secret this application may see.
    pub fn list(&self) -> Operation<'_, SecretList<'_>> {
        Operation::new(&self.shared, SecretList { store: &self.name })
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secrets({})", self.name)
    }
}

/// One secret, or several: keys and values. Wiped when the last clone is gone.
#[derive(Clone)]
pub struct Secret {
    answer: Answer,
}

impl Secret {
    /// The value of the only key; of several, that of the first.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        self.answer.item(0).map_or(&[], |item| item.value())
    }

    /// As [`value`](Secret::value), as text.
    ///
    /// # Errors
    /// When it is not UTF-8.
    pub fn as_str(&self) -> std::result::Result<&str, std::str::Utf8Error> {
        std::str::from_utf8(self.value())
    }

    /// The value of one key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&[u8]> {
        let found = self.iter().find(|item| item.key() == key);
        found.map(|item| item.value())
    }

    /// The value of one key of the secret `name`, among several secrets.
    #[must_use]
    pub fn get_of(&self, name: &str, key: &str) -> Option<&[u8]> {
        let mut items = self.iter();
        let found = items.find(|item| item.group() == name && item.key() == key);
        found.map(|item| item.value())
    }

    /// Each key: [`Item::group`] is the secret's name.
    pub fn iter(&self) -> impl Iterator<Item = Item<'_>> + '_ {
        self.answer.items()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.answer.len()
    }

    /// True without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.answer.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Secret({} keys)", self.len())
    }
}

/// Reads one secret: [`Secrets::get`].
pub struct SecretGet<'a> {
    store: &'a str,
    name: &'a str,
}

impl Steps for SecretGet<'_> {
    type Output = Option<Secret>;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_secret_get_options {
            struct_size: size32::<sys::mecha_secret_get_options>(),
            reserved: 0,
        };
        let (store, name) = (to_view(self.store.as_bytes()), to_view(self.name.as_bytes()));
        unsafe { sys::mecha_secret_get(shared.runtime(), call, store, name, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Option<Secret>> {
        if status >= 0 {
            return Ok(Some(Secret { answer }));
        }
        if status == sys::MECHA_NOT_FOUND && !answer.as_ptr().is_null() && !answer.has_error() {
            return Ok(None);
        }
        Err(Error::from_answer(status, answer))
    }
}

/// Reads every secret: [`Secrets::list`].
pub struct SecretList<'a> {
    store: &'a str,
}

impl Steps for SecretList<'_> {
    type Output = Secret;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let options = sys::mecha_secret_list_options {
            struct_size: size32::<sys::mecha_secret_list_options>(),
            reserved: 0,
        };
        let store = to_view(self.store.as_bytes());
        unsafe { sys::mecha_secret_list(shared.runtime(), call, store, &options, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Secret> {
        check(status, answer).map(|answer| Secret { answer })
    }
}
