// SPDX-License-Identifier: Apache-2.0
//! second_sqlite FILE: a program that brings a copy of SQLite, as rusqlite's feature `bundled` does.
//! Prints what the runtime warns of, and fails when it does not notice.
use mecha::Runtime;
use std::sync::{Arc, Mutex};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: second_sqlite FILE")?;
    let version = unsafe { std::ffi::CStr::from_ptr(libsqlite3_sys::sqlite3_libversion()) };
    println!("the program's SQLite: {}", version.to_str()?);
    let yaml = format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: store}}\n\
         spec: {{type: state.sqlite, version: v1, metadata: \
         [{{name: connectionString, value: \"{file}\"}}]}}\n"
    );
    let said = Arc::new(Mutex::new(Vec::new()));
    let hears = said.clone();
    let builder = Runtime::builder().app_id("test").resource_text(yaml);
    let log = move |record: &mecha::LogRecord<'_>| {
        hears.lock().expect("nobody panics").push(record.text.to_owned());
    };
    let runtime = builder.on_log(log).start()?;
    let store = runtime.state("store");
    store.set("key", "value").wait()?;
    assert_eq!(&store.get("key").wait()?.expect("it was just set")[..], b"value");
    let described = runtime.describe()?.json()?;
    let warnings = described["warnings"].to_string();
    runtime.shutdown(std::time::Duration::from_secs(5))?;
    println!("warnings: {warnings}");
    println!("log: {:?}", said.lock().expect("nobody panics"));
    if !warnings.contains("SQLite") {
        return Err("the second SQLite was not noticed".into());
    }
    Ok(())
}
