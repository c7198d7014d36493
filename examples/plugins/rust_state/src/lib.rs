// SPDX-License-Identifier: Apache-2.0
//! state.example-rust: a sorted map in memory that one thread owns. Every function copies its
//! request, hands it to that thread and returns at once (THREADS_QUICK); tasks are completed there.

mod spi;
mod store;
mod worker;

use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::ptr::null;
use std::sync::mpsc::{channel, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use spi::{ComponentType, Constant, Plugin, StateFunctions, Task, View};
use store::{Store, Write};
use worker::{Host, Job, Work};

const UNAVAILABLE: i32 = -14;
const NO_MEMORY: i32 = -105;

/// The store rests here, or a thread works on it.
enum Place {
    Resting(Store),
    Working(Sender<Job>, JoinHandle<Store>),
}

struct Component {
    host: Host,
    place: Mutex<Place>,
}

impl Component {
    fn lock(&self) -> std::sync::MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> i32 {
        let mut place = self.lock();
        let store = match &mut *place {
            Place::Resting(store) => std::mem::take(store),
            Place::Working(..) => return spi::OK,
        };
        let host = self.host;
        let (sender, jobs) = channel();
        let named = Builder::new().name("example-rust".into());
        match named.spawn(move || worker::run(host, jobs, store)) {
            Ok(thread) => {
                *place = Place::Working(sender, thread);
                spi::OK
            }
            Err(_) => NO_MEMORY,
        }
    }

    /// Waits until the thread has completed what was handed to it.
    fn rest(&self) {
        let mut place = self.lock();
        if let Place::Working(sender, thread) =
            std::mem::replace(&mut *place, Place::Resting(Store::default()))
        {
            drop(sender);
            *place = Place::Resting(thread.join().unwrap_or_default());
        }
    }

    fn hand_over(&self, task: Task, work: Work) {
        let is_taken = match &*self.lock() {
            Place::Working(sender, _) => sender.send(Job { task, work }).is_ok(),
            Place::Resting(_) => false,
        };
        if !is_taken {
            self.host.complete(task, UNAVAILABLE, &[], View::ABSENT);
        }
    }
}

unsafe fn component<'a>(context: *mut c_void) -> &'a Component {
    &*context.cast()
}

unsafe extern "C" fn create(host: *const spi::Host) -> *mut c_void {
    let place = Mutex::new(Place::Resting(Store::default()));
    Box::into_raw(Box::new(Component {
        host: Host(host),
        place,
    }))
    .cast()
}

/// Also resume.
unsafe extern "C" fn start(context: *mut c_void, task: Task) {
    let status = component(context).start();
    component(context)
        .host
        .complete(task, status, &[], View::ABSENT);
}

unsafe extern "C" fn suspend(context: *mut c_void, _keep_connections: u32) {
    component(context).rest();
}

unsafe extern "C" fn close(context: *mut c_void) {
    component(context).rest();
    drop(Box::from_raw(context.cast::<Component>()));
}

unsafe extern "C" fn get(context: *mut c_void, task: Task, request: *const spi::StoreGet) {
    let keys = std::slice::from_raw_parts((*request).keys, (*request).key_count);
    let work = Work::Get(keys.iter().map(|key| key.bytes().to_vec()).collect());
    component(context).hand_over(task, work);
}

unsafe extern "C" fn apply(context: *mut c_void, task: Task, request: *const spi::StoreApply) {
    let writes = std::slice::from_raw_parts((*request).writes, (*request).write_count)
        .iter()
        .map(|write| Write {
            is_set: write.kind == spi::SET,
            condition: write.condition,
            flags: write.flags,
            key: write.key.bytes().to_vec(),
            value: write.value.bytes().to_vec(),
            etag: write.etag.bytes().to_vec(),
            ttl_ms: write.ttl_ms,
        })
        .collect();
    let is_atomic = (*request).atomic != 0;
    component(context).hand_over(task, Work::Apply { writes, is_atomic });
}

unsafe extern "C" fn list(context: *mut c_void, task: Task, request: *const spi::StoreList) {
    let position = (*request).position;
    let work = Work::List {
        prefix: (*request).prefix.bytes().to_vec(),
        position: (!position.data.is_null()).then(|| position.bytes().to_vec()),
        limit: (*request).limit as usize,
    };
    component(context).hand_over(task, work);
}

/// A text that ends with NUL.
const fn text(bytes: &'static [u8]) -> *const c_char {
    bytes.as_ptr().cast()
}

static FUNCTIONS: Constant<StateFunctions> = Constant(StateFunctions {
    struct_size: size_of::<StateFunctions>() as u32,
    reserved: 0,
    get: Some(get),
    write: Some(apply),
    get_many: Some(get),
    apply: Some(apply),
    list: Some(list),
});

static STATE_TYPE: Constant<ComponentType> = Constant(ComponentType {
    struct_size: size_of::<ComponentType>() as u32,
    kind: spi::COMPONENT_STATE,
    type_name: text(b"state.example-rust\0"),
    version: text(b"v1\0"),
    status: text(b"alpha\0"),
    description: text(b"A sorted map in memory, as an example of a plug-in.\0"),
    threads: spi::THREADS_QUICK,
    capabilities: spi::CAN_ETAG
        | spi::CAN_TRANSACTION
        | spi::CAN_TTL
        | spi::CAN_STRONG
        | spi::CAN_JSON
        | spi::CAN_ANY_KEY
        | spi::CAN_LONG_KEY
        | spi::IS_EMBEDDED,
    fields: null(),
    field_count: 0,
    state: &FUNCTIONS.0,
    secrets: null(),
    create: Some(create),
    init: Some(start),
    ping: None,
    suspend: Some(suspend),
    resume: Some(start),
    close: Some(close),
});

static TYPES: Constant<[*const ComponentType; 1]> = Constant([&STATE_TYPE.0]);

static PLUGIN: Constant<Plugin> = Constant(Plugin {
    struct_size: size_of::<Plugin>() as u32,
    spi_version: spi::SPI_VERSION,
    name: text(b"rust_state\0"),
    version: text(b"1.0.0\0"),
    types: TYPES.0.as_ptr(),
    type_count: 1,
});

/// The one function that a plug-in exports.
#[no_mangle]
pub extern "C" fn mecha_plugin_entry(_library: *const c_void) -> *const Plugin {
    &PLUGIN.0
}
