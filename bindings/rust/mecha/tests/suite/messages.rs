// SPDX-License-Identifier: Apache-2.0
//! Messages: published, awaited, waited for and handled; answered, or not.
use crate::support::{block_on, builder, in_memory, poll_once};
use mecha::{
    EntryVerdict, Message, Ordering, Request, Requests, ServeOptions, Severity, Status, Trace,
    Verdict,
};
use std::sync::atomic::{AtomicUsize, Ordering as Memory};
use std::sync::{mpsc, Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

const SOON: Option<Duration> = Some(Duration::from_secs(20));

fn next(requests: &Requests) -> Request {
    requests.wait(SOON).unwrap().expect("a request comes")
}

#[test]
fn a_message_comes_with_all_it_has() {
    let runtime = in_memory();
    let topics = ServeOptions::topics("messages", &["created"]).credit(4);
    let requests = runtime.serve(topics.ordering(Ordering::Serial)).wait().unwrap();
    let message = Message::json(r#"{"id": 7}"#).id("m1").key("k1");
    let message = message.ttl(Duration::from_secs(60)).metadata("cloudevent.type", "order");
    let published = runtime.pubsub("messages").publish("created", message).wait().unwrap();
    assert_eq!(published.id(), "m1");
    let request = next(&requests);
    assert_eq!(request.body(), br#"{"id": 7}"#);
    assert_eq!(request.json().unwrap()["id"].as_i64(), Some(7));
    let info = request.info();
    assert_eq!((info.component, info.topic, info.path), ("messages", "created", "created"));
    assert_eq!((info.message_id, info.ordering_key), ("m1", "k1"));
    assert_eq!((info.attempt, info.content_type), (1, "application/json"));
    assert!(!info.is_batch && !info.is_raw && !info.is_redelivered && !info.is_route);
    assert_eq!(request.metadata().find("cloudevent.type"), Some(&b"order"[..]));
    assert!(request.metadata().count() > 3);
    assert_eq!(request.check(), Status::Ok);
    request.extend(Duration::from_secs(60)).unwrap();
    request.reply(Verdict::Ok).unwrap();
    let report = requests.stop().wait().unwrap();
    assert_eq!(report.json().unwrap()["finished"].as_i64(), Some(1), "{report}");
    assert_eq!(requests.wait(SOON).unwrap_err().status(), Status::Closed);
    assert_eq!(requests.set_credit(1).unwrap_err().status(), Status::Closed);
}

#[test]
fn requests_are_awaited() {
    let runtime = in_memory();
    block_on(async {
        let topics = ServeOptions::topics("messages", &["t"]);
        let requests = runtime.serve(topics).await.unwrap();
        assert!(poll_once(&mut requests.next()).is_pending());
        let broker = runtime.pubsub("messages");
        let publisher = std::thread::spawn(move || {
            for number in 0..100 {
                broker.publish("t", number.to_string()).wait().unwrap();
            }
        });
        let mut sum = 0;
        for _ in 0..100 {
            let request = requests.next().await.unwrap();
            sum += request.json().unwrap().as_i64().unwrap();
            request.reply(Verdict::Ok).unwrap();
        }
        assert_eq!(sum, 4950);
        publisher.join().unwrap();
        requests.stop().await.unwrap();
        assert!(requests.next().await.is_none());
    });
}

#[test]
fn several_tasks_share_the_requests_and_another_stops_them() {
    let runtime = in_memory();
    let requests = runtime.serve(ServeOptions::topics("messages", &["t"])).wait().unwrap();
    let broker = runtime.pubsub("messages");
    let handled = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(request) = block_on(requests.next()) {
                    handled.fetch_add(1, Memory::SeqCst);
                    request.reply(Verdict::Ok).unwrap();
                }
            });
        }
        for _ in 0..200 {
            broker.publish("t", "x").wait().unwrap();
        }
        while handled.load(Memory::SeqCst) < 200 {
            std::thread::yield_now();
        }
        block_on(requests.stop()).unwrap();
    });
    assert_eq!(handled.load(Memory::SeqCst), 200);
}

#[test]
fn awaiting_ends_when_the_runtime_does() {
    let runtime = in_memory();
    let topics = ServeOptions::topics("messages", &["t"]);
    let requests = runtime.serve(topics).wait().unwrap();
    let (ready, is_ready) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        assert!(poll_once(&mut requests.next()).is_pending());
        ready.send(()).unwrap();
        block_on(requests.next()).is_none()
    });
    is_ready.recv().unwrap();
    runtime.shutdown(Duration::from_secs(5)).unwrap();
    assert!(waiting.join().unwrap());
}

#[test]
fn a_request_without_an_answer_comes_again() {
    let runtime = in_memory();
    let topics = ServeOptions::topics("messages", &["t"]).setting("redeliveryInterval", "10ms");
    let requests = runtime.serve(topics).wait().unwrap();
    runtime.pubsub("messages").publish("t", "x").wait().unwrap();
    drop(next(&requests));
    let again = next(&requests);
    assert_eq!(again.info().attempt, 2);
    again.reply(Verdict::RetryAfter(Duration::from_millis(1))).unwrap();
    let third = next(&requests);
    assert_eq!(third.info().attempt, 3);
    third.reply(Verdict::Drop).unwrap();
    runtime.pubsub("messages").publish("t", "y").wait().unwrap();
    next(&requests).reply(Verdict::Ok).unwrap();
    runtime.pubsub("messages").publish("t", "z").wait().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(next(&requests).body(), b"z", "what was dropped or handled does not come again");
}

#[test]
fn a_handler_may_fail_and_panic() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let hears = said.clone();
    let log = move |record: &mecha::LogRecord<'_>| {
        if record.severity == Severity::Error {
            hears.lock().unwrap().push(record.text.to_owned());
        }
    };
    let runtime = builder().on_log(log).start().unwrap();
    let topics = ServeOptions::topics("messages", &["t"]).setting("redeliveryInterval", "10ms");
    let (done, is_done) = mpsc::channel();
    let done = Mutex::new(done);
    let seen = AtomicUsize::new(0);
    let store = runtime.state("store");
    let handler = move |request: &mecha::Request| -> Result<Verdict, String> {
        store.set("last", request.body()).wait().unwrap(); // within the request
        match seen.fetch_add(1, Memory::SeqCst) {
            0 => panic!("on purpose"),
            1 => Err("no luck".into()),
            _ => {
                done.lock().unwrap().send(request.info().attempt).unwrap();
                Ok(Verdict::Ok)
            }
        }
    };
    let server = runtime.serve(topics).wait().unwrap().handle(2, handler).unwrap();
    runtime.pubsub("messages").publish("t", "x").wait().unwrap();
    assert_eq!(is_done.recv().unwrap(), 3);
    let report = server.stop(Duration::from_secs(10)).unwrap();
    assert!(report.contains("finished"));
    let said = said.lock().unwrap();
    assert!(said.iter().any(|text| text.contains("panicked: on purpose")), "{said:?}");
    assert!(said.iter().any(|text| text.contains("no luck")), "{said:?}");
}

#[test]
fn a_batch_is_answered_message_by_message() {
    let runtime = in_memory();
    let topics = ServeOptions::topics("messages", &["t"]).setting("redeliveryInterval", "10ms");
    let topics = topics.batch(10, Duration::from_millis(200)).paused();
    let requests = runtime.serve(topics).wait().unwrap();
    let messages: Vec<Message> = ["a", "b", "c"].into_iter().map(Message::from).collect();
    let published = runtime.pubsub("messages").publish_many("t", &messages).wait().unwrap();
    assert_eq!((published.len(), published.status()), (3, Status::Ok));
    assert!(requests.wait(Some(Duration::from_millis(20))).unwrap().is_none());
    requests.set_credit(8).unwrap();
    let request = next(&requests);
    assert!(request.info().is_batch);
    assert_eq!(request.entries().map(|entry| entry.body()[0]).collect::<Vec<_>>(), b"abc");
    let ok = |index| EntryVerdict { index, verdict: Verdict::Ok };
    request.reply_each(&[ok(0), ok(2)]).unwrap();
    let again = next(&requests);
    assert_eq!((again.len(), again.body()), (1, &b"b"[..]));
    let error = again.reply_each(&[ok(7)]).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    let third = next(&requests);
    third.reply(Verdict::Ok).unwrap();
}

#[test]
fn calls_of_a_request_carry_its_trace_and_end_with_it() {
    let runtime = in_memory();
    let requests = runtime.serve(ServeOptions::topics("messages", &["t"])).wait().unwrap();
    let broker = runtime.pubsub("messages");
    let trace = Trace::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    trace.run(|| broker.publish("t", "first").wait().unwrap());
    let request = next(&requests);
    assert!(request.info().traceparent.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    request.run(|| broker.publish("t", "second").wait().unwrap());
    let store = runtime.state("store");
    block_on(request.scope(async {
        store.set("key", "value").inline(false).await.unwrap();
    }));
    store.get("key").within(&request).wait().unwrap();
    let second = next(&requests);
    assert!(second.info().traceparent.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    block_on(trace.scope(broker.publish("t", Message::empty()))).unwrap();
    let third = next(&requests);
    assert!(third.info().traceparent.contains("4bf92f3577b34da6a3ce929d0e0e4736"));
    let scope = request.scope(async { store.get("key").await });
    request.reply(Verdict::Ok).unwrap();
    assert_eq!(block_on(scope).unwrap_err().status(), Status::Gone);
    for request in [second, third] {
        request.reply(Verdict::Ok).unwrap();
    }
}

#[test]
fn a_raw_message_has_no_envelope_and_a_wrong_one_is_refused() {
    let runtime = in_memory();
    let requests = runtime
        .serve(ServeOptions::topics("messages", &["t"]).setting("rawPayload", "true"))
        .wait()
        .unwrap();
    let broker = runtime.pubsub("messages");
    broker.publish("t", Message::new(b"\x00\xff").raw()).wait().unwrap();
    let request = next(&requests);
    assert_eq!(request.body(), b"\x00\xff");
    assert!(request.info().is_raw);
    request.reply(Verdict::Ok).unwrap();
    let error = broker.publish("t", Message::json("{")).wait().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    let error = broker.publish("", "x").wait().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    let error = runtime.pubsub("none").publish("t", "x").wait().unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
    let error = runtime.serve(ServeOptions::topics("none", &["t"])).wait().unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
    let refused = runtime.serve(ServeOptions::spec("{nonsense"));
    assert_eq!(block_on(refused).unwrap_err().status(), Status::InvalidArgument);
}

#[test]
fn paths_of_declared_subscriptions_are_served() {
    let runtime = in_memory();
    let subscription = "
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: orders}
spec: {pubsubname: messages, topic: orders, routes: {default: /orders}}
";
    runtime.apply_resource(subscription).wait().unwrap();
    let requests = runtime.serve(ServeOptions::paths(&["/orders"])).wait().unwrap();
    runtime.pubsub("messages").publish("orders", "x").wait().unwrap();
    let request = next(&requests);
    let info = request.info();
    assert_eq!((info.path, info.subscription, info.is_route), ("/orders", "orders", true));
    request.reply(Verdict::Ok).unwrap();
    runtime.delete_resource("Subscription", "orders").wait().unwrap();
    let error = block_on(runtime.delete_resource("Subscription", "orders")).unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
}

#[test]
fn a_stop_in_time_says_what_it_had_to_abandon() {
    let runtime = in_memory();
    let requests = runtime.serve(ServeOptions::topics("messages", &["t"])).wait().unwrap();
    runtime.pubsub("messages").publish("t", "x").wait().unwrap();
    let request = next(&requests);
    let error = requests.stop().timeout(Duration::from_millis(50)).wait().unwrap_err();
    assert_eq!(error.status(), Status::DeadlineExceeded);
    let report = error.answer().item(0).unwrap().value();
    let report = mecha::json::Json::parse(report).unwrap();
    assert_eq!(report["abandoned"].as_i64(), Some(1), "{report}");
    assert_ne!(request.check(), Status::Ok);
    let error = request.reply(Verdict::Ok).unwrap_err();
    assert_eq!(error.status(), Status::Gone);
    assert!(error.message().contains("not open any more"), "{error}");
}

#[test]
fn waking_ends_a_wait_and_the_descriptor_tells() {
    let runtime = in_memory();
    let requests = runtime.serve(ServeOptions::topics("messages", &["t"])).wait().unwrap();
    assert!(requests.fd() >= 0);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| requests.wait(SOON).unwrap().is_none());
        requests.wake();
        assert!(waiting.join().unwrap());
    });
    let dropped = requests;
    assert!(matches!(poll_once(&mut dropped.next()), Poll::Pending));
    drop(dropped);
    drop(runtime);
}
