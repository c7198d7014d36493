// SPDX-License-Identifier: Apache-2.0
//! The plug-in interface of Mecha, mecha/component.h, as far as a state store needs it.
#![allow(dead_code)]

use std::os::raw::{c_char, c_void};

pub const SPI_VERSION: u32 = 1;

pub const OK: i32 = 0;
pub const CANCELLED: i32 = -1;
pub const INVALID_ARGUMENT: i32 = -3;
pub const NOT_FOUND: i32 = -5;
pub const ABORTED: i32 = -10;

pub const SET: u32 = 1;
pub const WRITE_IF_MATCH: u32 = 1;
pub const WRITE_IF_ABSENT: u32 = 2;

pub const COMPONENT_STATE: u32 = 1;
pub const THREADS_QUICK: u32 = 0;
pub const CAN_ETAG: u32 = 1 << 0;
pub const CAN_TRANSACTION: u32 = 1 << 1;
pub const CAN_TTL: u32 = 1 << 2;
pub const CAN_STRONG: u32 = 1 << 3;
pub const CAN_JSON: u32 = 1 << 4;
pub const CAN_ANY_KEY: u32 = 1 << 5;
pub const IS_EMBEDDED: u32 = 1 << 7;
pub const CAN_LONG_KEY: u32 = 1 << 8;

pub type Task = u64;

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

    /// The bytes, as long as the library says that they are valid.
    pub unsafe fn bytes(&self) -> &[u8] {
        if self.size == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.data.cast(), self.size)
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
    pub const EMPTY: OutcomeItem = OutcomeItem {
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
}

#[repr(C)]
pub struct StoreWrite {
    pub kind: u32,
    pub condition: u32,
    pub flags: u32,
    pub consistency: u32,
    pub key: View,
    pub value: View,
    pub etag: View,
    pub ttl_ms: i64,
    pub reserved: [u64; 4],
}

#[repr(C)]
pub struct StoreGet {
    pub struct_size: u32,
    pub consistency: u32,
    pub info: *const c_void,
    pub keys: *const View,
    pub key_count: usize,
}

#[repr(C)]
pub struct StoreApply {
    pub struct_size: u32,
    pub atomic: u32,
    pub info: *const c_void,
    pub writes: *const StoreWrite,
    pub write_count: usize,
}

#[repr(C)]
pub struct StoreList {
    pub struct_size: u32,
    pub limit: u32,
    pub info: *const c_void,
    pub prefix: View,
    pub position: View,
}

#[repr(C)]
pub struct StateFunctions {
    pub struct_size: u32,
    pub reserved: u32,
    pub get: Option<unsafe extern "C" fn(*mut c_void, Task, *const StoreGet)>,
    pub write: Option<unsafe extern "C" fn(*mut c_void, Task, *const StoreApply)>,
    pub get_many: Option<unsafe extern "C" fn(*mut c_void, Task, *const StoreGet)>,
    pub apply: Option<unsafe extern "C" fn(*mut c_void, Task, *const StoreApply)>,
    pub list: Option<unsafe extern "C" fn(*mut c_void, Task, *const StoreList)>,
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
    pub state: *const StateFunctions,
    pub secrets: *const c_void,
    pub create: Option<unsafe extern "C" fn(*const Host) -> *mut c_void>,
    pub init: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub ping: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub suspend: Option<unsafe extern "C" fn(*mut c_void, u32)>,
    pub resume: Option<unsafe extern "C" fn(*mut c_void, Task)>,
    pub close: Option<unsafe extern "C" fn(*mut c_void)>,
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
const _: () = assert!(std::mem::size_of::<StoreWrite>() == 104);
