// SPDX-License-Identifier: Apache-2.0
//! The plug-in interface of Mecha, mecha/component.h, as far as a broker needs it.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const SPI_VERSION: u32 = 1;

pub const OK: i32 = 0;
pub const NOT_FOUND: i32 = -5;

pub const SETTLE_RETURN: u32 = 2;
pub const SETTLE_UNSEEN: u32 = 1;

pub const COMPONENT_PUBSUB: u32 = 3;
pub const THREADS_QUICK: u32 = 0;
pub const IS_EMBEDDED: u32 = 1 << 7;
pub const CAN_ORDER: u32 = 1 << 10;
pub const CAN_COUNT: u32 = 1 << 12;

pub type Task = u64;
pub type FeedNumber = u64;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct View {
    pub data: *const c_void,
    pub size: usize,
}

impl View {
    pub const ABSENT: View = View {
        data: std::ptr::null(),
        size: 0,
    };

    pub fn of(bytes: &[u8]) -> View {
        View {
            data: bytes.as_ptr().cast(),
            size: bytes.len(),
        }
    }

    /// A copy, while the library says that the bytes are valid.
    pub unsafe fn to_vec(self) -> Vec<u8> {
        if self.size == 0 {
            return Vec::new();
        }
        std::slice::from_raw_parts(self.data.cast::<u8>(), self.size).to_vec()
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct OutcomeItem {
    pub status: i32,
    pub applied: u32,
    pub flags: u32,
    pub reserved0: u32,
    pub group: View,
    pub key: View,
    pub value: View,
    pub etag: View,
    pub message: View,
    pub expires_unix_ms: i64,
    pub reserved: [u64; 3],
}

impl OutcomeItem {
    pub const DONE: OutcomeItem = OutcomeItem {
        status: OK,
        applied: 0,
        flags: 0,
        reserved0: 0,
        group: View::ABSENT,
        key: View::ABSENT,
        value: View::ABSENT,
        etag: View::ABSENT,
        message: View::ABSENT,
        expires_unix_ms: 0,
        reserved: [0; 3],
    };
}

#[repr(C)]
pub struct Outcome {
    pub struct_size: u32,
    pub status: i32,
    pub applied: u32,
    pub reserved: u32,
    pub message: View,
    pub items: *const OutcomeItem,
    pub item_count: usize,
    pub next: View,
}

#[repr(C)]
pub struct Delivery {
    pub number: u64,
    pub attempt: u32,
    pub reserved0: u32,
    pub payload: View,
    pub content_type: View,
    pub id: View,
    pub key: View,
    pub metadata: *const c_void,
    pub metadata_count: usize,
    pub enqueued_unix_ms: i64,
    pub held_since_ns: i64,
    pub reserved: [u64; 4],
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub spi_version: u32,
    pub identity: *const c_void,
    pub complete: unsafe extern "C" fn(*const Host, Task, *const Outcome),
    pub task_state: unsafe extern "C" fn(*const Host, Task) -> i32,
    pub task_remaining_ns: unsafe extern "C" fn(*const Host, Task) -> i64,
    pub steady_ns: unsafe extern "C" fn(*const Host) -> i64,
    pub wall_unix_ms: unsafe extern "C" fn(*const Host) -> i64,
    pub random: unsafe extern "C" fn(*const Host, *mut c_void, usize),
    pub log: unsafe extern "C" fn(*const Host, u32, View),
    pub setting_text: unsafe extern "C" fn(*const Host, *const c_char) -> View,
    pub setting_number: unsafe extern "C" fn(*const Host, *const c_char) -> i64,
    pub deliver: unsafe extern "C" fn(*const Host, FeedNumber, *const Delivery, usize) -> i32,
    pub feed_health: unsafe extern "C" fn(*const Host, FeedNumber, i32, View),
}

#[repr(C)]
pub struct Message {
    pub payload: View,
    pub content_type: View,
    pub key: View,
    pub metadata: *const c_void,
    pub metadata_count: usize,
    pub ttl_ms: i64,
    pub reserved: [u64; 4],
}

#[repr(C)]
pub struct Publish {
    pub struct_size: u32,
    pub reserved: u32,
    pub info: *const c_void,
    pub topic: View,
    pub messages: *const Message,
    pub message_count: usize,
}

#[repr(C)]
pub struct FeedRequest {
    pub struct_size: u32,
    pub reserved: u32,
    pub feed: FeedNumber,
    pub topic: View,
    pub group: View,
    pub consumer: View,
    pub metadata: *const c_void,
    pub metadata_count: usize,
}

#[repr(C)]
pub struct Settle {
    pub struct_size: u32,
    pub kind: u32,
    pub number: u64,
    pub delay_ns: i64,
    pub flags: u32,
    pub reserved: u32,
}

#[repr(C)]
pub struct PubSubFunctions {
    pub struct_size: u32,
    pub reserved: u32,
    pub publish: Option<unsafe extern "C" fn(*mut c_void, Task, *const Publish)>,
    pub publish_many: Option<unsafe extern "C" fn(*mut c_void, Task, *const Publish)>,
    pub open_feed: Option<unsafe extern "C" fn(*mut c_void, *const FeedRequest) -> *mut c_void>,
    pub subscribe: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub lease_ns: Option<unsafe extern "C" fn(*mut c_void) -> i64>,
    pub request: Option<unsafe extern "C" fn(*mut c_void, u64)>,
    pub settle: Option<unsafe extern "C" fn(*mut c_void, Task, *const Settle)>,
    pub renew: Option<unsafe extern "C" fn(*mut c_void, Task, *const c_void)>,
    pub stop: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub close_feed: Option<unsafe extern "C" fn(*mut c_void)>,
}

#[repr(C)]
pub struct ComponentType {
    pub struct_size: u32,
    pub kind: u32,
    pub type_name: *const c_char,
    pub version: *const c_char,
    pub status: *const c_char,
    pub description: *const c_char,
    pub threads: u32,
    pub capabilities: u32,
    pub fields: *const c_void,
    pub field_count: usize,
    pub state: *const c_void,
    pub secrets: *const c_void,
    pub create: Option<unsafe extern "C" fn(*const Host) -> *mut c_void>,
    pub init: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub ping: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub suspend: Option<unsafe extern "C" fn(*mut c_void, u32)>,
    pub resume: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub close: Option<unsafe extern "C" fn(*mut c_void)>,
    pub pubsub: *const PubSubFunctions,
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub spi_version: u32,
    pub name: *const c_char,
    pub version: *const c_char,
    pub types: *const *const ComponentType,
    pub type_count: usize,
}

/// A constant that holds pointers to other constants.
pub struct Constant<T>(pub T);
// SAFETY: nothing of it is ever written.
unsafe impl<T> Sync for Constant<T> {}

// What component.h says of these sizes, on a 64-bit machine.
const _: () = assert!(std::mem::size_of::<OutcomeItem>() == 128);
const _: () = assert!(std::mem::size_of::<Message>() == 104);
const _: () = assert!(std::mem::size_of::<Delivery>() == 144);
