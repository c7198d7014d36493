// SPDX-License-Identifier: Apache-2.0
//! PubSub: a handle to one pubsub component, to publish with. Runtime::serve subscribes.
use crate::answer::{size32, to_optional_view, to_view, Answer};
use crate::error::check;
use crate::operation::{Operation, Steps};
use crate::payload::Payload;
use crate::shared::Shared;
use crate::state::answers;
use crate::state_operations::key_values;
use crate::{Item, Result, Status};
use mecha_sys as sys;
use std::sync::Arc;
use std::time::Duration;

/// A handle to one pubsub component; clones are cheap. An unknown one shows at the first call.
#[derive(Clone)]
pub struct PubSub {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
}

impl PubSub {
    /// The component's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Publishes one message; it is over when the broker has it.
    pub fn publish<'a>(
        &'a self,
        topic: &'a str,
        message: impl Into<Message<'a>>,
    ) -> Operation<'a, Publish<'a>> {
        let (pubsub, message) = (&*self.name, message.into());
        let verb = Publish { pubsub, topic, message };
        Operation::new(&self.shared, verb)
    }

    /// Publishes several messages; each succeeds or fails by itself. It is an error when the broker
    /// has none of them.
    pub fn publish_many<'a>(
        &'a self,
        topic: &'a str,
        messages: &'a [Message<'a>],
    ) -> Operation<'a, PublishMany<'a>> {
        let pubsub = &*self.name;
        let verb = PublishMany { pubsub, topic, messages };
        Operation::new(&self.shared, verb)
    }
}

impl std::fmt::Debug for PubSub {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "PubSub({})", self.name)
    }
}

/// One message. Texts and bytes convert to it.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Message<'a> {
    data: Option<Payload<'a>>,
    content_type: &'a str,
    id: &'a str,
    key: &'a str,
    metadata: Vec<(&'a str, &'a [u8])>,
    ttl_ms: i64,
    flags: u32,
}

impl<'a> Message<'a> {
    /// A message with this data; its type is `text/plain` unless set.
    pub fn new(data: impl Into<Payload<'a>>) -> Message<'a> {
        Message { data: Some(data.into()), ..Message::default() }
    }

    /// `data` must be JSON; handlers get it as it is written here.
    pub fn json(data: impl Into<Payload<'a>>) -> Message<'a> {
        Message::new(data).content_type(crate::JSON)
    }

    /// An event without data.
    pub fn empty() -> Message<'a> {
        Message::default()
    }

    /// What the data is. With `application/cloudevents+json` it is the envelope.
    pub fn content_type(mut self, content_type: &'a str) -> Self {
        self.content_type = content_type;
        self
    }

    /// Its id; a new UUID unless set here or in the metadata.
    pub fn id(mut self, id: &'a str) -> Self {
        self.id = id;
        self
    }

    /// The ordering key.
    pub fn key(mut self, key: &'a str) -> Self {
        self.key = key;
        self
    }

    /// How long it is worth delivering.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl_ms = crate::call::milliseconds(ttl).max(1);
        self
    }

    /// Without an envelope: the bytes go to the broker as they are.
    pub fn raw(mut self) -> Self {
        self.flags |= sys::MECHA_MESSAGE_RAW;
        self
    }

    /// Adds metadata: `cloudevent.type` and the like change the envelope.
    pub fn metadata(mut self, name: &'a str, value: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        self.metadata.push((name, value.as_ref()));
        self
    }

    fn to_raw(&self, metadata: &[sys::mecha_kv]) -> sys::mecha_message {
        let mut raw: sys::mecha_message = unsafe { std::mem::zeroed() };
        if let Some(data) = &self.data {
            raw.data = data.to_buffer();
        }
        raw.content_type = to_optional_view(self.content_type);
        raw.id = to_optional_view(self.id);
        raw.key = to_optional_view(self.key);
        raw.metadata = metadata.as_ptr();
        raw.metadata_count = metadata.len();
        raw.ttl_ms = self.ttl_ms;
        raw.flags = self.flags;
        raw
    }
}

impl<'a, T: Into<Payload<'a>>> From<T> for Message<'a> {
    fn from(data: T) -> Self {
        Message::new(data)
    }
}

/// # Safety
/// As `Steps::submit`.
unsafe fn publish(
    shared: &Shared,
    call: *const sys::mecha_call,
    (pubsub, topic): (&str, &str),
    messages: &[Message<'_>],
    out: *mut *mut sys::mecha_result,
) -> sys::mecha_status {
    let options = sys::mecha_publish_options {
        struct_size: size32::<sys::mecha_publish_options>(),
        reserved: 0,
    };
    let metadata: Vec<_> = messages.iter().map(|message| key_values(&message.metadata)).collect();
    let pairs = messages.iter().zip(&metadata);
    let raw: Vec<_> = pairs.map(|(message, metadata)| message.to_raw(metadata)).collect();
    let (pubsub, topic) = (to_view(pubsub.as_bytes()), to_view(topic.as_bytes()));
    let (raw, count, runtime) = (raw.as_ptr(), raw.len(), shared.runtime());
    unsafe { sys::mecha_publish(runtime, call, pubsub, topic, raw, count, &options, out) }
}

/// Publishes one message: [`PubSub::publish`].
pub struct Publish<'a> {
    pubsub: &'a str,
    topic: &'a str,
    message: Message<'a>,
}

impl Steps for Publish<'_> {
    type Output = Published;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        let where_to = (self.pubsub, self.topic);
        unsafe { publish(shared, call, where_to, std::slice::from_ref(&self.message), out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<Published> {
        check(status, answer).map(|answer| Published { answer })
    }
}

/// Publishes several messages: [`PubSub::publish_many`].
pub struct PublishMany<'a> {
    pubsub: &'a str,
    topic: &'a str,
    messages: &'a [Message<'a>],
}

impl Steps for PublishMany<'_> {
    type Output = PublishedMany;

    unsafe fn submit(
        &mut self,
        shared: &Shared,
        call: *const sys::mecha_call,
        out: *mut *mut sys::mecha_result,
    ) -> sys::mecha_status {
        unsafe { publish(shared, call, (self.pubsub, self.topic), self.messages, out) }
    }

    fn finish(
        &mut self,
        _: &Arc<Shared>,
        status: sys::mecha_status,
        answer: Answer,
    ) -> Result<PublishedMany> {
        PublishedMany::from(status, answer)
    }
}

/// What publishing one message returned.
#[derive(Clone, Debug)]
pub struct Published {
    answer: Answer,
}

impl Published {
    /// The message's id; empty for a raw message that was given none.
    #[must_use]
    pub fn id(&self) -> &str {
        self.answer.item(0).map_or("", |item| item.key())
    }

    /// The broker's own id for it; empty where it has none.
    #[must_use]
    pub fn broker_id(&self) -> &str {
        self.answer.item(0).map_or("", |item| item.etag())
    }

    /// What it reads from.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }
}

answers! {
    /// What publishing several messages returned, one item per message and in that order: its key
    /// is the message's id, its etag the broker's.
    PublishedMany
}
