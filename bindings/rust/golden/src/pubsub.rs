// SPDX-License-Identifier: Apache-2.0
//! A declared subscription with two routes, and what becomes of messages by their data.
use crate::inbox::Inbox;
use crate::{name_of, start};
use mecha::{Message, Request, Result, Runtime, ServeOptions, Server, Verdict};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);

/// One line for one handling, and what becomes of the message: its data says it.
fn handle(request: &Request, inbox: &Inbox) -> Verdict {
    let info = request.info();
    let data = String::from_utf8_lossy(request.body());
    let (verdict, name) = match (&*data, info.topic, info.attempt) {
        ("poison", topic, _) if topic != "dead" => (Verdict::Retry, "RETRY"),
        ("unwanted", topic, _) if topic != "dead" => (Verdict::Drop, "DROP"),
        ("second try", _, 1) => (Verdict::Retry, "RETRY"),
        _ => (Verdict::Ok, "OK"),
    };
    let kind = request.metadata().find("cloudevent.type").unwrap_or(b"none");
    inbox.add(format!(
        "{} of {}: {} type {} as {}, attempt {}{}{}: {data} -> {name}",
        info.path,
        info.topic,
        info.message_id,
        String::from_utf8_lossy(kind),
        info.content_type,
        info.attempt,
        if info.is_redelivered { " (again)" } else { "" },
        if info.is_last_attempt { " (last)" } else { "" },
    ));
    verdict
}

fn serve(runtime: &Runtime, options: ServeOptions<'_>, inbox: &Inbox) -> Result<Server> {
    let inbox = inbox.clone();
    runtime.serve(options).wait()?.handle(1, move |request| handle(request, &inbox))
}

fn print_all(lines: Vec<String>) {
    for line in lines {
        println!("  {line}");
    }
}

pub fn run(folder: &str) -> Result<()> {
    let runtime = start(folder)?;
    let messages = runtime.pubsub("messages");
    let inbox = Inbox::default();
    let paths = serve(&runtime, ServeOptions::paths(&["/plain", "/urgent"]), &inbox);
    println!("serve the paths: {}", name_of(&paths));
    let dead = serve(&runtime, ServeOptions::topics("messages", &["dead"]), &inbox);
    println!("serve topic dead: {}", name_of(&dead));
    let many = serve(&runtime, ServeOptions::topics("messages", &["many"]), &inbox);
    println!("serve topic many: {}", name_of(&many));

    let publish = |message: Message<'_>, data: &str, handlings| -> Result<()> {
        let published = messages.publish("news", message).wait();
        println!("publish {data}: {} as {}", name_of(&published), published?.id());
        print_all(inbox.take(handlings, PATIENCE));
        Ok(())
    };
    publish(Message::new("hello").id("m1"), "hello", 1)?;
    let urgent = Message::new("fire").id("m2").metadata("cloudevent.type", "urgent");
    publish(urgent, "fire", 1)?;
    publish(Message::new("second try").id("m3"), "second try", 2)?;
    publish(Message::new("unwanted").id("m4"), "unwanted", 2)?;
    publish(Message::new("poison").id("m5"), "poison", 4)?;

    let json = messages.publish("news", Message::json(r#"{"n": 1}"#).id("j1")).wait();
    println!("publish JSON: {}", name_of(&json));
    print_all(inbox.take(1, PATIENCE));

    let batch: Vec<_> =
        ["b1", "b2", "b3"].iter().map(|id| Message::new("one of many").id(id)).collect();
    let published = messages.publish_many("many", &batch).wait()?;
    println!("publish three: {}, {}", published.status(), published.len());
    let mut lines = inbox.take(3, PATIENCE);
    lines.sort();
    print_all(lines);
    Ok(())
}
