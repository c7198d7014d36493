// SPDX-License-Identifier: Apache-2.0
//! Life of a runtime: opening, suspending, closing in any order, forking, and what is wrong.
use crate::support::{block_on, builder, in_memory, poll_once};
use mecha::{Runtime, ServeOptions, Status, Verdict};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;
use std::time::Duration;

#[test]
fn a_mistake_in_the_resources_shows_when_it_is_opened() {
    let error = Runtime::builder().resource_path("/nowhere/at/all").open().unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
    let error = Runtime::builder().resource_text("kind: [").open().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    assert!(error.message().contains("1:1"), "{error}");
    let error = builder().setting("no_such_setting", "1").open().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    let unstarted = builder().namespace("north").open().unwrap();
    let error = unstarted.state("store").get("key").wait().unwrap_err();
    assert_eq!(error.status(), Status::FailedPrecondition);
    unstarted.start().unwrap();
    unstarted.start().unwrap();
    assert!(unstarted.state("store").get("key").wait().unwrap().is_none());
}

#[test]
fn it_describes_itself() {
    let runtime = in_memory();
    let described = runtime.describe().unwrap().json().unwrap();
    assert!(!described["components"].items().is_empty() || !described.members().is_empty());
    runtime.state("store").set("key", "value").wait().unwrap();
    assert!(runtime.metrics().unwrap().contains("mecha"));
    runtime.ping("store").wait().unwrap();
    assert_eq!(runtime.ping("none").wait().unwrap_err().status(), Status::NotFound);
    assert_eq!(block_on(runtime.ping("store")).unwrap_err().status(), Status::Unimplemented);
    assert!(!mecha::library_version().is_empty());
}

#[test]
fn suspended_it_answers_so_and_goes_on_afterwards() {
    let runtime = in_memory();
    let store = runtime.state("store");
    store.set("key", "value").wait().unwrap();
    runtime.suspend(Duration::from_secs(5)).unwrap();
    assert_eq!(store.get("key").wait().unwrap_err().status(), Status::Suspended);
    assert_eq!(block_on(store.get("key")).unwrap_err().status(), Status::Suspended);
    runtime.resume().unwrap();
    assert_eq!(runtime.resume().unwrap_err().status(), Status::FailedPrecondition);
    runtime.suspend_keeping_connections(Duration::from_secs(5)).unwrap();
    runtime.resume().unwrap();
    assert_eq!(&block_on(store.get("key")).unwrap().unwrap()[..], b"value");
    runtime.shutdown(Duration::from_secs(5)).unwrap();
    assert_eq!(runtime.shutdown(Duration::ZERO).unwrap_err().status(), Status::Closed);
}

#[test]
fn everything_may_be_dropped_in_any_order() {
    for order in 0..24 {
        let runtime = in_memory();
        let store = runtime.state("store");
        let topics = ServeOptions::topics("messages", &["t"]);
        let requests = runtime.serve(topics).wait().unwrap();
        assert!(poll_once(&mut requests.next()).is_pending());
        runtime.pubsub("messages").publish("t", "x").wait().unwrap();
        let request = requests.wait(Some(Duration::from_secs(10))).unwrap();
        let clone = store.clone();
        let get = clone.get("key").inline(false);
        let mut boxes: Vec<Box<dyn std::any::Any>> =
            vec![Box::new(runtime), Box::new(store), Box::new(requests), Box::new(request)];
        let mut rest = order;
        for left in (1..=4).rev() {
            drop(boxes.remove(rest % left));
            rest /= left;
        }
        assert_eq!(block_on(get).unwrap_err().status(), Status::Closed);
    }
}

#[test]
fn a_hundred_runtimes_leave_nothing_behind() {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    let started = Arc::new(AtomicUsize::new(0));
    let before = descriptors();
    for _ in 0..100 {
        let (start, stop) = (started.clone(), started.clone());
        let runtime = builder()
            .on_thread_start(move |_| {
                start.fetch_add(1, Ordering::SeqCst);
            })
            .on_thread_stop(move |name| {
                assert!(!name.is_empty());
                stop.fetch_sub(1, Ordering::SeqCst);
            })
            .on_log(|_| {})
            .start()
            .unwrap();
        let topics = ServeOptions::topics("messages", &["t"]);
        let requests = runtime.serve(topics).wait().unwrap();
        assert!(poll_once(&mut requests.next()).is_pending());
        block_on(runtime.state("store").set("key", "value").inline(false)).unwrap();
    }
    assert_eq!(started.load(Ordering::SeqCst), 0);
    // Other tests run beside this one, and have few.
    assert!(threads() < 150 && descriptors() < before + 150);
}

#[test]
fn it_may_be_closed_while_it_is_in_use() {
    for _ in 0..10 {
        let runtime = in_memory();
        let (store, broker) = (runtime.state("store"), runtime.pubsub("messages"));
        let requests = runtime.serve(ServeOptions::topics("messages", &["t"])).wait().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| while store.set("key", "value").wait().is_ok() {});
            scope.spawn(|| while block_on(store.get("key").inline(false)).is_ok() {});
            scope.spawn(|| while broker.publish("t", "x").wait().is_ok() {});
            scope.spawn(|| {
                while let Ok(Some(request)) = requests.wait(None) {
                    let _ = request.reply(Verdict::Ok); // too late, once
                }
            });
            scope.spawn(|| while block_on(requests.next()).is_some() {});
            std::thread::sleep(Duration::from_millis(5));
            drop(runtime);
        });
        assert_eq!(store.get("key").wait().unwrap_err().status(), Status::Closed);
    }
}

#[test]
fn a_runtime_may_end_in_its_own_handler() {
    let runtime = Arc::new(std::sync::Mutex::new(Some(in_memory())));
    let (over, is_over) = std::sync::mpsc::channel();
    let over = std::sync::Mutex::new(over);
    let server = {
        let held = runtime.lock().unwrap();
        let topics = ServeOptions::topics("messages", &["t"]);
        let requests = held.as_ref().unwrap().serve(topics).wait().unwrap();
        held.as_ref().unwrap().pubsub("messages").publish("t", "x").wait().unwrap();
        let runtime = runtime.clone();
        requests.handle(1, move |_| {
            drop(runtime.lock().unwrap().take());
            over.lock().unwrap().send(()).unwrap();
            Verdict::Ok
        })
    };
    is_over.recv().unwrap();
    drop(server);
}

extern "C" {
    fn fork() -> i32;
    fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
    fn alarm(seconds: u32) -> u32;
}

#[test]
fn after_a_fork_the_child_has_errors_and_the_parent_everything() {
    let runtime = in_memory();
    let store = runtime.state("store");
    block_on(store.set("key", "value").inline(false)).unwrap();
    let topics = ServeOptions::topics("messages", &["t"]);
    let requests = runtime.serve(topics).wait().unwrap();
    assert!(poll_once(&mut requests.next()).is_pending());
    let child = unsafe { fork() };
    if child == 0 {
        unsafe { alarm(20) };
        let is_forked = |status: Status| status == Status::Forked;
        let mut good = is_forked(store.get("key").wait().unwrap_err().status());
        let mut get = store.get("key").inline(false);
        good &= match poll_once(&mut get) {
            std::task::Poll::Ready(Err(error)) => is_forked(error.status()),
            _ => false,
        };
        good &= matches!(poll_once(&mut requests.next()), std::task::Poll::Ready(None));
        good &= is_forked(requests.wait(None).unwrap_err().status());
        drop(get);
        drop(requests);
        drop(store);
        drop(runtime);
        unsafe { _exit(i32::from(!good)) };
    }
    let mut status = -1;
    assert_eq!(unsafe { waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
    assert_eq!(&store.get("key").wait().unwrap().unwrap()[..], b"value");
    runtime.pubsub("messages").publish("t", "x").wait().unwrap();
    let request = block_on(requests.next()).unwrap();
    request.reply(Verdict::Ok).unwrap();
}

#[test]
fn a_call_on_a_thread_of_the_library_that_would_block_it_is_refused_or_done() {
    let store = Arc::new(std::sync::Mutex::new(None::<mecha::State>));
    let seen = store.clone();
    let log = move |_: &mecha::LogRecord<'_>| {
        if let Some(store) = &*seen.lock().unwrap() {
            let _ = store.get("key").wait();
            panic!("a panic of the log function ends nothing");
        }
    };
    let runtime = builder().on_log(log).start().unwrap();
    *store.lock().unwrap() = Some(runtime.state("store"));
    assert!(runtime.state("store").get("key").wait().unwrap().is_none());
    *store.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
}
