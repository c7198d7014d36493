// SPDX-License-Identifier: Apache-2.0
//! State and secrets: values, etags, transactions, pages, errors.
use crate::support::{block_on, in_memory, MEMORY};
use mecha::json::Json;
use mecha::{Change, Consistency, OperationId, Retry, Retryable, Runtime, Status, Write};
use std::time::Duration;

#[test]
fn a_value_is_its_bytes_and_knows_its_version() {
    let runtime = in_memory();
    let store = runtime.state("store");
    assert!(store.get("absent").wait().unwrap().is_none());
    let written = store.set("key", "value").wait().unwrap();
    let value = store.get("key").consistency(Consistency::Strong).wait().unwrap().unwrap();
    assert_eq!(&value[..], b"value");
    assert_eq!(value.as_str(), Ok("value"));
    assert_eq!(value.etag(), written.etag());
    assert!(!value.is_json());
    assert!(value.expires().is_none());
    drop(runtime);
    let second = value.clone();
    drop(value);
    assert_eq!(second.as_bytes(), b"value", "it outlives the runtime and the first owner");
}

#[test]
fn large_and_foreign_values_travel_without_a_copy() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let large: Vec<u8> = (0..100_000u32).map(|number| number as u8).collect();
    store.set("large", large.clone()).wait().unwrap();
    let value = store.get("large").wait().unwrap().unwrap();
    assert_eq!(value.as_bytes(), &large[..]);
    block_on(store.set("again", value.clone()).inline(false)).unwrap();
    store.set("third", &value).wait().unwrap();
    let values = store.get_many(&["again", "third"]).wait().unwrap();
    assert!(values.iter().all(|item| item.value() == large));
    let error = runtime.state("nowhere").set("large", large).wait().unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
}

#[test]
fn an_etag_decides_who_writes() {
    let runtime = in_memory();
    let store = runtime.state("store");
    store.set("key", "1").first_write().wait().unwrap();
    let error = store.set("key", "2").first_write().wait().unwrap_err();
    assert_eq!(error.status(), Status::Aborted);
    assert_eq!(error.retryable(), Retryable::No);
    let old = store.get("key").wait().unwrap().unwrap();
    store.set("key", "2").if_etag(old.etag()).wait().unwrap();
    let error = store.delete("key").if_etag(old.etag()).wait().unwrap_err();
    assert_eq!(error.status(), Status::Aborted);
    store.delete("key").wait().unwrap();
    store.delete("key").wait().unwrap();
}

#[test]
fn json_is_checked_and_a_time_to_live_ends() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let error = store.set("key", "{").json().wait().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    let object = Json::from([("n", Json::from(7)), ("name", Json::from("Zoë"))]);
    let short = Duration::from_secs(10);
    store.set("key", object.to_string()).json().ttl(short).wait().unwrap();
    let value = store.get("key").wait().unwrap().unwrap();
    assert!(value.is_json() && value.expires().is_some());
    assert_eq!(value.json().unwrap()["name"].as_str(), Some("Zoë"));
    runtime.advance_clock(Duration::from_secs(11)).unwrap();
    assert!(store.get("key").wait().unwrap().is_none());
    store.set("key", "x").ttl(mecha::NEVER_EXPIRES).wait().unwrap();
    let plain = store.get("key").wait().unwrap().unwrap();
    assert_eq!(plain.json().unwrap_err().status(), Status::DataLoss);
}

#[test]
fn a_transaction_is_all_or_nothing() {
    let runtime = in_memory();
    let store = runtime.state("store");
    store.set("b", "old").wait().unwrap();
    let writes = [Write::set("a", "1"), Write::set("b", "2").first_write(), Write::delete("c")];
    let error = store.apply(&writes).wait().unwrap_err();
    assert_eq!(error.status(), Status::Aborted);
    assert_eq!(error.detail("index"), Some("1"));
    let answer = error.answer();
    assert_eq!(answer.item(0).unwrap().status(), Status::Cancelled);
    assert_eq!(answer.item(1).unwrap().status(), Status::Aborted);
    assert!(!answer.item_message(1).is_empty());
    assert!(store.get("a").wait().unwrap().is_none());

    let outcomes = store.apply(&writes).independent().wait().unwrap();
    assert_eq!(outcomes.status(), Status::Partial);
    assert_eq!(
        outcomes.iter().map(|item| item.status()).collect::<Vec<_>>(),
        [Status::Ok, Status::Aborted, Status::Ok]
    );
    assert!(!outcomes.get(0).unwrap().etag().is_empty());

    let writes = [Write::set("a", "3").json().metadata("x", "y"), Write::delete("b")];
    assert_eq!(store.apply(&writes).wait().unwrap().len(), 2);
}

#[test]
fn several_keys_are_read_at_once_and_listed_page_by_page() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let names: Vec<String> = (0..250).map(|number| format!("k{number:03}")).collect();
    for name in &names {
        store.set(name, name).wait().unwrap();
    }
    let values = store.get_many(&["k000", "none", "k249"]).wait().unwrap();
    assert_eq!(values.get(0).unwrap().value(), b"k000");
    assert_eq!(values.get(1).unwrap().status(), Status::NotFound);
    assert_eq!(values.get(2).unwrap().key(), "k249");
    assert!(values.get(3).is_none());

    let page = store.list("k").limit(100).wait().unwrap();
    assert_eq!(page.len(), 100);
    assert!(page.next().is_some());
    let mut keys: Vec<String> = store.keys("k").map(|key| key.unwrap()).collect();
    keys.sort();
    assert_eq!(keys, names);
    let mut count = 0;
    block_on(async {
        let mut keys = store.keys("k00");
        while let Some(key) = keys.next_key().await.unwrap() {
            assert!(key.starts_with("k00"));
            count += 1;
        }
    });
    assert_eq!(count, 10);
}

#[test]
fn a_query_finds_values() {
    let runtime = in_memory();
    let store = runtime.state("store");
    for number in 0..5 {
        let (key, value) = (format!("k{number}"), format!("{{\"n\":{number}}}"));
        store.set(&key, value).json().wait().unwrap();
    }
    let query = r#"{"filter": {"GT": {"n": 1}}, "sort": [{"key": "n", "order": "DESC"}]}"#;
    let matches = match store.query(query).limit(2).wait() {
        Ok(matches) => matches,
        Err(error) => {
            assert_eq!(error.status(), Status::Unimplemented, "{error}");
            return;
        }
    };
    assert_eq!(matches.iter().map(|item| item.key()).collect::<Vec<_>>(), ["k4", "k3"]);
    let rest = store.query(query).limit(2).page(matches.next().unwrap()).wait().unwrap();
    assert_eq!(rest.get(0).unwrap().value(), b"{\"n\":2}");
    let error = store.query("{").wait().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
}

#[test]
fn an_update_of_many_threads_loses_nothing() {
    let runtime = in_memory();
    let store = runtime.state("store");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let add = |old: Option<&mecha::Value>| {
                        let old: u32 = old.map_or(0, |old| old.as_str().unwrap().parse().unwrap());
                        Change::from((old + 1).to_string())
                    };
                    store.update("count", add).wait().unwrap();
                }
            });
        }
    });
    assert_eq!(&store.get("count").wait().unwrap().unwrap()[..], b"200");
    store.update("count", |_| Change::Keep).wait().unwrap();
    store.update("count", |_| Change::Delete).wait().unwrap();
    assert!(store.get("count").wait().unwrap().is_none());
}

#[test]
fn an_error_says_what_and_where() {
    let runtime = in_memory();
    let error = runtime.state("nowhere").get("key").wait().unwrap_err();
    assert_eq!(error.status(), Status::NotFound);
    assert!(error.message().contains("nowhere"), "{error}");
    assert!(format!("{error:?}").starts_with("NOT_FOUND: "));
    assert!(error.detail("no\0such").is_none() && error.detail("nothing").is_none());
    let error = runtime.state("store").get("").wait().unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
    let boxed: Box<dyn std::error::Error + Send + Sync> = error.into();
    assert!(!boxed.to_string().is_empty());
    assert_eq!(Status::from_raw(-9999), Status::Unknown);
    assert_eq!(Status::Gone.to_string(), "GONE");
}

#[test]
fn every_option_of_a_call_reaches_the_library() {
    let runtime = in_memory();
    let store = runtime.state("store");
    let trace = mecha::Trace::new("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    let id = OperationId::new();
    let set = store.set("key", "value").timeout(Duration::from_secs(5)).idempotent();
    let retry = Retry::times(2).interval(Duration::from_millis(1));
    let set = set.retry(retry.pattern(mecha::RetryPattern::Exponential));
    let set = set.metadata("name", "value").trace(&trace).idempotency_key("once").id(&id);
    set.interrupted(|| false).wait().unwrap();
    assert_ne!(id.get(), 0);
    assert_eq!(runtime.cancel(&id).unwrap_err().status(), Status::NotFound);
    let retry = Retry::until_timeout().max_interval(Duration::from_millis(5));
    block_on(store.get("key").no_timeout().retry(retry)).unwrap();
    let wrong = mecha::Trace::new("nonsense");
    let result = store.get("key").trace(&wrong).wait();
    assert!(result.is_ok() || result.unwrap_err().status() == Status::InvalidArgument);
}

#[test]
fn secrets_come_with_their_keys_and_nothing_shows_them() {
    let folder = std::env::temp_dir().join(format!("mecha-rust-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("secrets.json");
    std::fs::write(&file, r#"{"one": "first", "two": "second"}"#).unwrap();
    let yaml = format!(
        "{MEMORY}---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: vault}}\n\
         spec:\n  type: secretstores.local.file\n  version: v1\n  metadata:\n  \
         - {{name: secretsFile, value: \"{}\"}}\n",
        file.display()
    );
    let runtime = Runtime::builder().app_id("test").resource_text(yaml).start().unwrap();
    let vault = runtime.secrets("vault");
    let secret = vault.get("one").wait().unwrap().unwrap();
    assert_eq!(secret.as_str(), Ok("first"));
    assert_eq!(secret.get("one"), Some(&b"first"[..]));
    assert!(!format!("{secret:?} {vault:?}").contains("first"));
    assert!(vault.get("none").wait().unwrap().is_none());
    assert_eq!(vault.get("").wait().unwrap_err().status(), Status::InvalidArgument);
    let all = block_on(vault.list()).unwrap();
    assert_eq!(all.get_of("two", "two"), Some(&b"second"[..]));
    assert_eq!(runtime.secrets("none").list().wait().unwrap_err().status(), Status::NotFound);
    std::fs::remove_dir_all(&folder).unwrap();
}
