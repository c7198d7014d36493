// SPDX-License-Identifier: Apache-2.0
//! Futures: on any executor, cancelled by being dropped, and none lost.
use crate::support::{all, block_on, builder, in_memory, poll_once};
use mecha::{Change, OperationId, Status, Value};
use std::task::Poll;
use std::time::Duration;

fn is_send<T: Send>(value: T) -> T {
    value
}

#[test]
fn a_future_is_over_at_once_or_later() {
    let runtime = in_memory();
    let store = runtime.state("store");
    block_on(is_send(store.set("key", "value"))).unwrap();
    assert!(matches!(poll_once(&mut store.get("key")), Poll::Ready(Ok(Some(_)))));
    let mut later = store.get("key").inline(false);
    let first = poll_once(&mut later);
    let value = match first {
        Poll::Ready(value) => value,
        Poll::Pending => block_on(later),
    };
    assert_eq!(&value.unwrap().unwrap()[..], b"value");
}

#[test]
fn many_futures_of_several_threads_all_end() {
    let runtime = in_memory();
    let store = runtime.state("store");
    store.set("key", "value").wait().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let gets = (0..100).map(|_| store.get("key").inline(false)).collect();
                    for value in block_on(all(gets)) {
                        assert_eq!(&value.unwrap().unwrap()[..], b"value");
                    }
                }
            });
        }
    });
}

#[test]
fn futures_beyond_the_limit_wait_for_their_turn() {
    let runtime = builder().max_inflight(2).start().unwrap();
    let store = runtime.state("store");
    store.set("key", "value").wait().unwrap();
    for _ in 0..20 {
        let gets = (0..50).map(|_| store.get("key").inline(false)).collect();
        for value in block_on(all(gets)) {
            assert_eq!(&value.unwrap().unwrap()[..], b"value");
        }
    }
    // Whoever gave up waiting takes nobody's turn.
    let mut waiting: Vec<_> = (0..50).map(|_| store.get("key").inline(false)).collect();
    waiting.iter_mut().for_each(|get| drop(poll_once(get)));
    drop(waiting);
    assert!(block_on(store.get("key").inline(false)).unwrap().is_some());
}

#[test]
fn an_update_is_awaited_and_pauses_without_a_thread_of_the_executor() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let add = |old: Option<&Value>| {
        let old: u32 = old.map_or(0, |old| old.as_str().unwrap().parse().unwrap());
        Change::from((old + 1).to_string())
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let updates = (0..5).map(|_| store.update("count", add)).collect();
                    block_on(all(updates)).into_iter().for_each(|done| drop(done.unwrap()));
                }
            });
        }
    });
    assert_eq!(&store.get("count").wait().unwrap().unwrap()[..], b"200");
    // A rival at the first try: the second one is after the pause.
    let mut tries = 0;
    let pause = Duration::from_millis(20);
    let rival = |_: Option<&Value>| {
        tries += 1;
        if tries == 1 {
            store.set("count", "rival").wait().unwrap();
        }
        Change::from("mine")
    };
    block_on(is_send(store.update("count", rival).pauses(pause, pause))).unwrap();
    assert_eq!(tries, 2);
    assert_eq!(&store.get("count").wait().unwrap().unwrap()[..], b"mine");
    block_on(store.update("count", |_| Change::Keep)).unwrap();
    block_on(store.update("count", |_| Change::Delete)).unwrap();
    assert!(store.get("count").wait().unwrap().is_none());
}

#[test]
fn an_update_ends_at_its_deadline_or_when_it_is_dropped() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let always_late = |_: Option<&Value>| {
        store.set("key", "rival").wait().unwrap();
        Change::from("mine")
    };
    let pause = Duration::from_millis(2);
    let update = store.update("key", always_late).pauses(pause, pause);
    let error = block_on(update.timeout(Duration::from_millis(50))).unwrap_err();
    assert_eq!(error.status(), Status::DeadlineExceeded);
    let hour = Duration::from_secs(3600);
    let mut update = store.update("key", always_late).pauses(hour, hour).timeout(hour * 24);
    assert!(matches!(poll_once(&mut update), Poll::Pending)); // in its pause
    drop(update);
    assert_eq!(&store.get("key").wait().unwrap().unwrap()[..], b"rival");
}

#[test]
fn a_future_that_is_dropped_is_cancelled_and_leaves_nothing() {
    let runtime = in_memory();
    let store = runtime.state("store");
    for round in 0..1000 {
        let key = format!("key{round}");
        let mut set = store.set(&key, "value").inline(false);
        let _ = poll_once(&mut set);
        drop(set);
    }
    drop(store.get("never polled"));
    let report = runtime.shutdown(Duration::from_secs(10)).unwrap();
    assert!(!report.is_empty());
}

#[test]
fn an_operation_is_cancelled_by_its_number() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let id = OperationId::new();
    let mut get = store.get("key").inline(false).id(&id);
    if poll_once(&mut get).is_pending() {
        assert_ne!(id.get(), 0);
        let _ = runtime.cancel(&id);
        match block_on(get) {
            Ok(value) => assert!(value.is_none()),
            Err(error) => assert_eq!(error.status(), Status::Cancelled),
        }
    }
}

#[test]
fn futures_end_when_the_runtime_does() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let mut gets: Vec<_> = (0..50).map(|_| store.get("key").inline(false)).collect();
    let over: Vec<bool> = gets.iter_mut().map(|get| poll_once(get).is_ready()).collect();
    drop(runtime);
    for (get, over) in gets.into_iter().zip(over) {
        if !over {
            match block_on(get) {
                Ok(value) => assert!(value.is_none()),
                Err(error) => {
                    assert!(matches!(error.status(), Status::Closed | Status::Cancelled), "{error}")
                }
            }
        }
    }
    assert_eq!(block_on(store.get("key")).unwrap_err().status(), Status::Closed);
    assert_eq!(store.get("key").wait().unwrap_err().status(), Status::Closed);
}

#[test]
fn a_future_may_end_what_it_came_from() {
    let runtime = in_memory();
    block_on(async move {
        let store = runtime.state("store");
        store.get("key").inline(false).await.unwrap();
        drop(runtime);
        drop(store);
    });
}

#[test]
fn threads_of_the_host_are_enough() {
    let runtime = builder().host_threads().start().unwrap();
    assert!(runtime.fd() >= 0);
    let store = runtime.state("store");
    let mut set = store.set("key", "value").inline(false);
    let mut ready = poll_once(&mut set);
    while ready.is_pending() {
        runtime.run(Some(Duration::from_millis(100))).unwrap();
        ready = poll_once(&mut set);
    }
    assert!(matches!(ready, Poll::Ready(Ok(_))));
}
