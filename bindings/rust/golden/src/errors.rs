// SPDX-License-Identifier: Apache-2.0
//! Mistakes while opening, in calls, while suspended and after shutdown.
use crate::{name_of, start, yes_no};
use mecha::{Message, Result, Retryable, Runtime, Status};
use std::time::Duration;

const FIVE_SECONDS: Duration = Duration::from_secs(5);

/// The status of a failure, whether it may be tried again, and whether its text names `word`.
fn report<T>(what: &str, result: Result<T>, word: &str) {
    let error = match result {
        Ok(_) => return println!("{what}: OK"),
        Err(error) => error,
    };
    let retry = match error.retryable() {
        Retryable::No => "never",
        Retryable::Safe => "safe",
        Retryable::OnlyIfIdempotent => "if idempotent",
    };
    let names = yes_no(error.message().contains(word));
    println!("{what}: {}, retry {retry}, names {word} {names}", error.status());
}

fn open_badly() {
    let open = || Runtime::builder().app_id("golden");
    let opened = open().resource_path("no-such-folder").open();
    report("open a folder that is not there", opened, "no-such-folder");
    let unknown = "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n\
                   spec: {type: state.nothing, version: v1}\n";
    let opened = open().resource_text(unknown).open();
    report("open an unknown component type", opened, "state.nothing");
    report("open with an unknown setting", open().setting("colour", "blue").open(), "colour");
}

pub fn run(folder: &str) -> Result<()> {
    open_badly();
    let runtime = start(folder)?;
    let store = runtime.state("store");
    report("get of another store", runtime.state("elsewhere").get("a").wait(), "elsewhere");
    report("get without a key", store.get("").wait(), "key");
    report("set of JSON that is none", store.set("a", "{").json().wait(), "JSON");
    report("transaction without a write", store.apply(&[]).wait(), "store");
    report("query", store.query(r#"{"filter": {}}"#).wait(), "query");
    let elsewhere = runtime.pubsub("elsewhere");
    report("publish to another broker", elsewhere.publish("t", "x").wait(), "elsewhere");
    let messages = runtime.pubsub("messages");
    report("publish to no topic", messages.publish("", "x").wait(), "topic");
    report("publish JSON that is none", messages.publish("t", Message::json("{")).wait(), "JSON");
    println!("suspend: {}", name_of(&runtime.suspend(FIVE_SECONDS)));
    report("get while suspended", store.get("a").wait(), "suspend");
    println!("resume: {}", name_of(&runtime.resume()));
    let value = store.get("a").wait()?;
    let status = if value.is_some() { Status::Ok } else { Status::NotFound };
    println!("get after resume: {status}, found {}", yes_no(value.is_some()));
    println!("shutdown: {}", name_of(&runtime.shutdown(FIVE_SECONDS)));
    report("get after shutdown", store.get("a").wait(), "shut");
    Ok(())
}
