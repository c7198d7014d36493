// SPDX-License-Identifier: Apache-2.0
//! Etags, values of all kinds, transactions, lists, expiry.
use crate::{name_of, start, yes_no};
use mecha::{Change, Result, State, Value, Write};
use std::thread::sleep;
use std::time::Duration;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The value of a key, "(absent)", or the status of a failure.
fn value_of(store: &State, key: &str) -> String {
    match store.get(key).wait() {
        Ok(Some(value)) => String::from_utf8_lossy(&value).into_owned(),
        Ok(None) => "(absent)".to_owned(),
        Err(error) => error.status().to_string(),
    }
}

fn etag_of(store: &State, key: &str) -> Result<String> {
    let value = store.get(key).wait()?;
    Ok(value.map_or(String::new(), |value| value.etag().to_owned()))
}

fn etags(store: &State) -> Result<()> {
    println!("get a: {}", value_of(store, "a"));
    println!("set a=1: {}", name_of(&store.set("a", "1").wait()));
    println!("get a: {}", value_of(store, "a"));
    println!("get a has an etag: {}", yes_no(!etag_of(store, "a")?.is_empty()));
    println!("set a=2 if absent: {}", name_of(&store.set("a", "2").first_write().wait()));
    let old = etag_of(store, "a")?;
    println!("set a=2 with its etag: {}", name_of(&store.set("a", "2").if_etag(&old).wait()));
    println!("etag changed: {}", yes_no(etag_of(store, "a")? != old));
    println!("set a=3 with the old etag: {}", name_of(&store.set("a", "3").if_etag(&old).wait()));
    println!("delete a with the old etag: {}", name_of(&store.delete("a").if_etag(&old).wait()));
    println!("get a: {}", value_of(store, "a"));
    let current = etag_of(store, "a")?;
    println!("delete a with its etag: {}", name_of(&store.delete("a").if_etag(&current).wait()));
    println!("get a: {}", value_of(store, "a"));
    println!("delete a again: {}", name_of(&store.delete("a").wait()));
    Ok(())
}

fn values(store: &State) -> Result<()> {
    let json = r#"{"n": 1, "text": "é"}"#;
    println!("set json: {}", name_of(&store.set("json", json).json().wait()));
    println!("get json: {}", value_of(store, "json"));
    println!("set empty: {}", name_of(&store.set("empty", "").wait()));
    let empty = store.get("empty").wait()?;
    let length = empty.as_ref().map_or(0, |value| value.len());
    println!("get empty: found {}, bytes {length}", yes_no(empty.is_some()));
    println!("set bytes: {}", name_of(&store.set("bytes", b"\x00\x01\xff").wait()));
    println!("get bytes: {}", store.get("bytes").wait()?.map_or(String::new(), |v| hex(&v)));
    let keys = ["json", "nothing", "bytes"];
    let values = store.get_many(&keys).wait()?;
    println!("get_many: {}", values.status());
    for (key, item) in keys.iter().zip(values.iter()) {
        let shown =
            if item.value().is_empty() { item.status().to_string() } else { hex(item.value()) };
        println!("  {key}: {shown}");
    }
    Ok(())
}

fn transactions(store: &State) -> Result<()> {
    let both = [Write::set("t1", "one"), Write::set("t2", "two"), Write::delete("empty")];
    println!("transaction: {}", name_of(&store.apply(&both).wait()));
    let show = |key| value_of(store, key);
    println!("t1 {}, t2 {}, empty {}", show("t1"), show("t2"), show("empty"));
    let old = etag_of(store, "t2")?;
    println!("set t2=2: {}", name_of(&store.set("t2", "2").wait()));
    let broken = [Write::set("t1", "new"), Write::set("t2", "new").if_etag(&old)];
    let failed = store.apply(&broken).wait();
    let at = failed.as_ref().err().and_then(|error| error.detail("index")).unwrap_or("");
    println!("transaction with an old etag: {} at {at}", name_of(&failed));
    println!("t1 {}, t2 {}", show("t1"), show("t2"));
    let outcomes = store.apply(&broken).independent().wait()?;
    println!("apply one by one: {}", outcomes.status());
    for (index, item) in outcomes.iter().enumerate() {
        println!("  {index}: {}", item.status());
    }
    println!("t1 {}, t2 {}", show("t1"), show("t2"));
    Ok(())
}

fn lists(store: &State) -> Result<()> {
    let mut keys = store.keys("t").collect::<Result<Vec<String>>>()?;
    keys.sort();
    println!("keys that start with t: {}", keys.join(" "));
    for _ in 0..5 {
        let add = |value: Option<&Value>| {
            let old = value.and_then(|value| value.as_str().ok()?.parse().ok()).unwrap_or(0);
            Change::from((old + 1).to_string())
        };
        store.update("count", add).wait()?;
    }
    println!("counted to: {}", value_of(store, "count"));
    Ok(())
}

pub fn run(folder: &str) -> Result<()> {
    let runtime = start(folder)?;
    let store = runtime.state("store");
    etags(&store)?;
    values(&store)?;
    transactions(&store)?;
    lists(&store)?;
    let short = store.set("short", "soon gone").ttl(Duration::from_secs(1)).wait();
    println!("set short with a TTL of 1 s: {}", name_of(&short));
    println!("get short: {}", value_of(&store, "short"));
    sleep(Duration::from_millis(2500));
    println!("get short after 2.5 s: {}", value_of(&store, "short"));
    Ok(())
}
