// SPDX-License-Identifier: Apache-2.0
//! golden SCENARIO FOLDER: runs one golden scenario on the resources in FOLDER. The steps are those
//! of tests/golden/cpp; what each prints is in tests/golden/expected.
mod drain;
mod errors;
mod inbox;
mod pubsub;
mod secrets;
mod state;

use mecha::{Result, Runtime, Status};

/// Opens and starts a runtime on the resources of the scenario.
fn start(folder: &str) -> Result<Runtime> {
    Runtime::builder().app_id("golden").resource_path(folder).start()
}

/// `OK`, `ABORTED` and so on.
fn name_of<T>(result: &Result<T>) -> &'static str {
    result.as_ref().map_or_else(|error| error.status(), |_| Status::Ok).name()
}

fn yes_no(value: bool) -> &'static str {
    if value {
        "yes"
    } else {
        "no"
    }
}

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let run: fn(&str) -> Result<()> = match arguments.first().map(String::as_str) {
        Some("state") => state::run,
        Some("secrets") => secrets::run,
        Some("errors") => errors::run,
        Some("pubsub") => pubsub::run,
        Some("drain") => drain::run,
        _ => {
            eprintln!("usage: golden state|secrets|errors|pubsub|drain FOLDER");
            return 2.into();
        }
    };
    match run(arguments.get(1).map_or("", String::as_str)) {
        Ok(()) => 0.into(),
        Err(error) => {
            eprintln!("golden: {error}");
            1.into()
        }
    }
}
