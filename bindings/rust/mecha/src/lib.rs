// SPDX-License-Identifier: Apache-2.0
//! State, secrets and messages over back-ends chosen by Dapr component files, in the host process.
//!
//! A [`Runtime`] opens what the YAML names. [`State`], [`Secrets`] and [`PubSub`] are handles to one
//! component each; [`Runtime::serve`] brings messages. Every operation is a value that can be
//! awaited by any executor, or run on the spot with `wait`:
//!
//! ```no_run
//! # fn main() -> mecha::Result<()> {
//! let runtime = mecha::Runtime::builder().app_id("shop").resource_path("resources").start()?;
//! let orders = runtime.state("orders");
//! orders.set("7", "{\"total\": 40}").json().wait()?;
//! if let Some(order) = orders.get("7").wait()? {
//!     println!("{}", String::from_utf8_lossy(&order)); // a Value is the bytes, not a copy of them
//! }
//! # Ok(())
//! # }
//! # async fn awaited(orders: mecha::State) -> mecha::Result<()> {
//! let order = orders.get("7").await?; // dropping the future cancels the operation
//! # drop(order);
//! # Ok(())
//! # }
//! ```
//!
//! Handles and results may outlive the runtime: they then answer [`Status::Closed`], or go on to
//! hold what they have. Nothing here panics, but for a handler that does; see [`Server`].
#![deny(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]
#![allow(clippy::declare_interior_mutable_const)] // what clippy 1.63 says of thread_local

mod answer;
mod call;
mod error;
mod handler;
pub mod json;
mod logs;
mod operation;
mod payload;
mod pubsub;
mod readiness;
mod request;
mod runtime;
mod scope;
mod secrets;
mod serve;
mod shared;
mod state;
mod state_operations;
mod status;
mod update;
mod verdict;

pub use answer::{Answer, Item, Metadata};
pub use call::{OperationId, Retry, RetryPattern, Trace};
pub use error::Error;
pub use handler::Server;
pub use logs::{LogRecord, Severity};
pub use operation::{Operation, Verb};
pub use payload::Payload;
pub use pubsub::{Message, PubSub, Publish, PublishMany, Published, PublishedMany};
pub use request::{Entry, EntryVerdict, Request, RequestInfo};
pub use runtime::{ApplyResource, DeleteResource, Ping, Runtime, RuntimeBuilder, Text};
pub use scope::Scoped;
pub use secrets::{Secret, SecretGet, SecretList, Secrets};
pub use serve::{Next, Ordering, Requests, Serve, ServeOptions, Stop, Waiting};
pub use state::{
    Consistency, Deleted, Matches, Outcomes, Page, State, Value, Values, Write, Written,
    NEVER_EXPIRES,
};
pub use state_operations::{Apply, Delete, Get, GetMany, Keys, List, Query, Set};
pub use status::{Retryable, Status};
pub use update::{Change, Update};
pub use verdict::{IntoVerdict, Verdict};

/// The programs of the README are compiled, and its start is run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// What operations return.
pub type Result<T> = std::result::Result<T, Error>;

/// The content type of values and messages that are JSON.
pub const JSON: &str = "application/json";

/// The version of the loaded library, as `0.1.0`.
#[must_use]
pub fn library_version() -> &'static str {
    // A constant of the library, terminated by NUL.
    unsafe { std::ffi::CStr::from_ptr(mecha_sys::mecha_version_string()) }.to_str().unwrap_or("")
}
