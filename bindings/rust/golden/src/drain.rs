// SPDX-License-Identifier: Apache-2.0
//! A shutdown while one of three messages is in a handler.
use crate::inbox::Inbox;
use crate::{name_of, start};
use mecha::{Message, Result, Runtime, ServeOptions, Server, Verdict};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

const AT_ONCE: Duration = Duration::ZERO;

/// Handlers wait until the door is open.
fn serve(runtime: &Runtime, inbox: &Inbox, door: &Arc<AtomicBool>) -> Result<Server> {
    let (inbox, door) = (inbox.clone(), door.clone());
    let options = ServeOptions::topics("messages", &["work"]).credit(1);
    let requests = runtime.serve(options).wait();
    println!("serve: {}", name_of(&requests));
    requests?.handle(1, move |request| {
        inbox.add(request.info().message_id.to_owned());
        while !door.load(Ordering::SeqCst) {
            sleep(Duration::from_millis(2));
        }
        Verdict::Ok
    })
}

fn shut_down_in_the_middle(folder: &str) -> Result<()> {
    let runtime = start(folder)?;
    let (inbox, door) = (Inbox::default(), Arc::new(AtomicBool::new(false)));
    let _server = serve(&runtime, &inbox, &door)?;
    let messages = runtime.pubsub("messages");
    for id in ["w1", "w2", "w3"] {
        let published = messages.publish("work", Message::new("work").id(id)).wait();
        println!("publish {id}: {}", name_of(&published));
    }
    println!("in hand: {}", inbox.take(1, Duration::from_secs(30)).join(" "));
    let opener = std::thread::spawn(move || {
        sleep(Duration::from_millis(300));
        door.store(true, Ordering::SeqCst);
    });
    println!("shutdown: {}", name_of(&runtime.shutdown(Duration::from_secs(20))));
    opener.join().expect("it only sleeps");
    println!("begun after the shutdown was asked: {}", inbox.take(0, AT_ONCE).len());
    println!("publish after it: {}", name_of(&messages.publish("work", "late").wait()));
    Ok(())
}

/// What was not begun comes to the next process, where the broker outlives this one.
fn take_the_rest(folder: &str) -> Result<()> {
    let runtime = start(folder)?;
    let (inbox, door) = (Inbox::default(), Arc::new(AtomicBool::new(true)));
    let _server = serve(&runtime, &inbox, &door)?;
    for id in inbox.take(2, Duration::from_secs(5)) {
        println!("then: {id}");
    }
    sleep(Duration::from_millis(500));
    println!("more: {}", inbox.take(0, AT_ONCE).len());
    Ok(())
}

pub fn run(folder: &str) -> Result<()> {
    shut_down_in_the_middle(folder)?;
    take_the_rest(folder)
}
