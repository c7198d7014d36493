// SPDX-License-Identifier: Apache-2.0
//! pubsub.example-rust: queues in memory that one thread owns. Every function copies its request,
//! hands it to that thread and returns at once (THREADS_QUICK); messages are delivered, and tasks
//! completed, there. It has no leases and no pauses: the library does without.

mod broker;
mod host;
mod spi;
mod worker;

use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::ptr::null;
use std::sync::mpsc::{channel, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use broker::{Body, Broker, End};
use host::Host;
use spi::{ComponentType, Constant, FeedNumber, Plugin, PubSubFunctions, Task};
use worker::Job;

const UNAVAILABLE: i32 = -14;
const NO_MEMORY: i32 = -105;

/// The broker rests here, or a thread works on it.
enum Place {
    Resting(Broker),
    Working(Sender<Job>, JoinHandle<Broker>),
}

struct Component {
    host: Host,
    place: Mutex<Place>,
}

/// What the functions of a feed get. The component outlives it.
struct Feed {
    component: *const Component,
    number: FeedNumber,
}

impl Component {
    fn lock(&self) -> std::sync::MutexGuard<'_, Place> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> i32 {
        let mut place = self.lock();
        let broker = match &mut *place {
            Place::Resting(broker) => std::mem::take(broker),
            Place::Working(..) => return spi::OK,
        };
        let host = self.host;
        let (sender, jobs) = channel();
        let named = Builder::new().name("example-rust".into());
        match named.spawn(move || worker::run(host, jobs, broker)) {
            Ok(thread) => {
                *place = Place::Working(sender, thread);
                spi::OK
            }
            Err(_) => NO_MEMORY,
        }
    }

    /// Waits until the thread has done what was handed to it.
    fn rest(&self) {
        let mut place = self.lock();
        if let Place::Working(sender, thread) =
            std::mem::replace(&mut *place, Place::Resting(Broker::default()))
        {
            drop(sender);
            *place = Place::Resting(thread.join().unwrap_or_default());
        }
    }

    /// False when no thread is there to do it.
    fn hand_over(&self, job: Job) -> bool {
        match &*self.lock() {
            Place::Working(sender, _) => sender.send(job).is_ok(),
            Place::Resting(_) => false,
        }
    }

    fn hand_over_task(&self, task: Task, job: Job) {
        if !self.hand_over(job) {
            self.host.complete(task, UNAVAILABLE, &[]);
        }
    }
}

unsafe fn component<'a>(context: *mut c_void) -> &'a Component {
    &*context.cast()
}

unsafe fn feed<'a>(context: *mut c_void) -> (&'a Component, FeedNumber) {
    let feed = &*context.cast::<Feed>();
    (&*feed.component, feed.number)
}

unsafe extern "C" fn create(host: *const spi::Host) -> *mut c_void {
    let place = Mutex::new(Place::Resting(Broker::default()));
    Box::into_raw(Box::new(Component {
        host: Host(host),
        place,
    }))
    .cast()
}

/// Also resume.
unsafe extern "C" fn start(context: *mut c_void, task: Task) {
    let status = component(context).start();
    component(context).host.complete(task, status, &[]);
}

unsafe extern "C" fn suspend(context: *mut c_void, _keep_connections: u32) {
    component(context).rest();
}

unsafe extern "C" fn close(context: *mut c_void) {
    component(context).rest();
    drop(Box::from_raw(context.cast::<Component>()));
}

unsafe extern "C" fn publish(context: *mut c_void, task: Task, request: *const spi::Publish) {
    let enqueued_unix_ms = component(context).host.unix_ms();
    let bodies = std::slice::from_raw_parts((*request).messages, (*request).message_count)
        .iter()
        .map(|message| Body {
            payload: message.payload.to_vec(),
            content_type: message.content_type.to_vec(),
            enqueued_unix_ms,
        })
        .collect();
    let topic = (*request).topic.to_vec();
    let job = Job::Publish {
        task,
        topic,
        bodies,
    };
    component(context).hand_over_task(task, job);
}

unsafe extern "C" fn open_feed(
    context: *mut c_void,
    request: *const spi::FeedRequest,
) -> *mut c_void {
    let number = (*request).feed;
    component(context).hand_over(Job::Open {
        feed: number,
        topic: (*request).topic.to_vec(),
        group: (*request).group.to_vec(),
    });
    Box::into_raw(Box::new(Feed {
        component: context.cast(),
        number,
    }))
    .cast()
}

unsafe extern "C" fn subscribe(context: *mut c_void, task: Task) {
    feed(context).0.hand_over_task(task, Job::Confirm { task });
}

unsafe extern "C" fn request(context: *mut c_void, more: u64) {
    let (component, feed) = feed(context);
    component.hand_over(Job::Request { feed, more });
}

unsafe extern "C" fn settle(context: *mut c_void, task: Task, request: *const spi::Settle) {
    let (component, feed) = feed(context);
    let end = match (*request).kind {
        spi::SETTLE_RETURN if (*request).flags & spi::SETTLE_UNSEEN != 0 => End::Untaken,
        spi::SETTLE_RETURN => End::Returned,
        _ => End::Done,
    };
    let job = Job::Settle {
        task,
        feed,
        number: (*request).number,
        end,
    };
    component.hand_over_task(task, job);
}

unsafe extern "C" fn stop(context: *mut c_void, task: Task) {
    let (component, feed) = feed(context);
    component.hand_over_task(task, Job::Stop { task, feed });
}

unsafe extern "C" fn close_feed(context: *mut c_void) {
    let (component, feed) = feed(context);
    let (closed, is_closed) = channel();
    if component.hand_over(Job::Close { feed, closed }) {
        let _ = is_closed.recv();
    }
    drop(Box::from_raw(context.cast::<Feed>()));
}

/// A text that ends with NUL.
const fn text(bytes: &'static [u8]) -> *const c_char {
    bytes.as_ptr().cast()
}

static FUNCTIONS: Constant<PubSubFunctions> = Constant(PubSubFunctions {
    struct_size: size_of::<PubSubFunctions>() as u32,
    reserved: 0,
    publish: Some(publish),
    publish_many: Some(publish),
    open_feed: Some(open_feed),
    subscribe: Some(subscribe),
    lease_ns: None,
    request: Some(request),
    settle: Some(settle),
    renew: None,
    stop: Some(stop),
    close_feed: Some(close_feed),
});

static BROKER_TYPE: Constant<ComponentType> = Constant(ComponentType {
    struct_size: size_of::<ComponentType>() as u32,
    kind: spi::COMPONENT_PUBSUB,
    type_name: text(b"pubsub.example-rust\0"),
    version: text(b"v1\0"),
    status: text(b"alpha\0"),
    description: text(b"Queues in memory, as an example of a plug-in.\0"),
    threads: spi::THREADS_QUICK,
    capabilities: spi::CAN_ORDER | spi::CAN_COUNT | spi::IS_EMBEDDED,
    fields: null(),
    field_count: 0,
    state: null(),
    secrets: null(),
    create: Some(create),
    init: Some(start),
    ping: None,
    suspend: Some(suspend),
    resume: Some(start),
    close: Some(close),
    pubsub: &FUNCTIONS.0,
});

static TYPES: Constant<[*const ComponentType; 1]> = Constant([&BROKER_TYPE.0]);

static PLUGIN: Constant<Plugin> = Constant(Plugin {
    struct_size: size_of::<Plugin>() as u32,
    spi_version: spi::SPI_VERSION,
    name: text(b"rust_pubsub\0"),
    version: text(b"1.0.0\0"),
    types: TYPES.0.as_ptr(),
    type_count: 1,
});

/// The one function that a plug-in exports.
#[no_mangle]
pub extern "C" fn mecha_plugin_entry(_library: *const c_void) -> *const Plugin {
    &PLUGIN.0
}
