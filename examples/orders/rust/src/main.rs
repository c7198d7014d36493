// SPDX-License-Identifier: Apache-2.0
//! Orders in Rust: what examples/orders does in C++, on the same stores and brokers. Programs in
//! both languages can share them.
mod ledger;
mod order;
mod stop;

use ledger::Ledger;
use mecha::{Message, Retry, Runtime, ServeOptions, State, Verdict};
use order::{Order, Total};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::atomic::Ordering;
use std::sync::Arc;
use std::time::Duration;
use std::{env, error, fs, io, process};

type Result<T> = std::result::Result<T, Box<dyn error::Error>>;

const USAGE: &str = "\
usage: orders publish [options] FILE   publishes the orders of FILE, one JSON object per line
       orders worker [options]         stores what comes, until Ctrl-C or SIGTERM
       orders totals [options]         prints the customers' totals

  --resources DIR  where the YAML of store and broker is (default: sqlite, beside the source)
  --data DIR       where the files of embedded ones are kept (default: this folder)
  --threads N      how many threads store orders (default: 4)";

const BROKER: &str = "order-messages"; // the pubsub component in the YAML
const TOPIC: &str = "orders";
const SUBSCRIPTION: &str = r#"{"pubsubname": "order-messages", "topic": "orders",
    "deadLetterTopic": "orders-refused", "metadata": {"redeliveryAttempts": "1000000"}}"#;
const TIME_TO_FINISH: Duration = Duration::from_secs(30);

struct Options {
    words: Vec<String>,
    resources: String,
    data: String,
    threads: usize,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options {
        words: Vec::new(),
        resources: concat!(env!("CARGO_MANIFEST_DIR"), "/../sqlite").into(),
        data: ".".into(),
        threads: 4,
    };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
        match &*argument {
            "--resources" => options.resources = value()?,
            "--data" => options.data = value()?,
            "--threads" => options.threads = value()?.parse()?,
            _ => options.words.push(argument),
        }
    }
    Ok(options)
}

fn run(options: &Options) -> Result<()> {
    let words: Vec<&str> = options.words.iter().map(String::as_str).collect();
    let input: Option<Box<dyn Read>> = match words[..] {
        ["publish", "-"] => Some(Box::new(io::stdin())),
        ["publish", file] => Some(Box::new(fs::File::open(file)?)),
        ["worker"] | ["totals"] => None,
        _ => return Err(USAGE.into()),
    };
    // Embedded stores take relative paths from the current folder, so --data is that folder.
    let resources = fs::canonicalize(&options.resources).map_err(|error| {
        format!("no YAML in {}: {error}; name its folder with --resources", options.resources)
    })?;
    env::set_current_dir(&options.data)?;
    let runtime = Runtime::builder().app_id("orders").resource_path(resources).start()?;
    match input {
        Some(input) => publish(&runtime, input),
        None if words == ["worker"] => work(&runtime, options.threads),
        None => print_totals(&runtime.state("orders")),
    }
}

/// Publishes a hundred orders at a time. Run it again after a failure: nothing doubles.
fn publish(runtime: &Runtime, input: impl Read) -> Result<()> {
    let (mut orders, mut published, mut skipped) = (Vec::new(), 0, 0);
    for (number, line) in BufReader::new(input).lines().enumerate() {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        match Order::parse(line.as_bytes()) {
            Ok(order) => orders.push(order.json),
            Err(reason) => {
                eprintln!("line {}: skipped: {reason}", number + 1);
                skipped += 1;
            }
        }
        if orders.len() == 100 {
            published += publish_all(runtime, &mut orders)?;
        }
    }
    published += publish_all(runtime, &mut orders)?;
    println!("{published} orders published, {skipped} skipped");
    Ok(())
}

fn publish_all(runtime: &Runtime, orders: &mut Vec<String>) -> Result<usize> {
    if orders.is_empty() {
        return Ok(0);
    }
    let messages: Vec<Message> = orders.iter().map(Message::json).collect();
    let retry = Retry::until_timeout().interval(Duration::from_millis(200));
    // Idempotent: workers know an order by its id.
    let broker = runtime.pubsub(BROKER);
    let publish = broker.publish_many(TOPIC, &messages).idempotent().retry(retry);
    let published = publish.timeout(Duration::from_secs(30)).wait()?;
    if let Some(index) = (0..published.len())
        .find(|&index| published.get(index).map_or(true, |item| item.status().is_failure()))
    {
        return Err(format!("{}\nrun it again: nothing doubles", published.message(index)).into());
    }
    let count = orders.len();
    orders.clear();
    Ok(count)
}

/// Stores orders until a signal, and finishes those it has in hand.
fn work(runtime: &Runtime, threads: usize) -> Result<()> {
    let ledger = Arc::new(Ledger::new(runtime.state("orders")));
    let credit = u32::try_from(threads * 8)?; // a few at hand, so that no thread waits
    let requests = runtime.serve(ServeOptions::spec(SUBSCRIPTION).credit(credit)).wait()?;
    let stores = ledger.clone();
    let server = requests.handle(threads, move |request| match Order::parse(request.body()) {
        Ok(order) => stores.put(&order).map(|()| Verdict::Ok),
        Err(reason) => {
            eprintln!("orders: message refused: {reason}");
            Ok(Verdict::Drop) // to the refused ones
        }
    })?;
    stop::catch_signals();
    eprintln!("worker {} is ready", process::id());
    stop::await_signal();
    server.stop(TIME_TO_FINISH)?;
    println!(
        "worker: {} orders stored, {} stored before, {} retries",
        ledger.stored.load(Ordering::Relaxed),
        ledger.before.load(Ordering::Relaxed),
        ledger.rivals.load(Ordering::Relaxed)
    );
    Ok(())
}

fn print_totals(store: &State) -> Result<()> {
    let mut totals = BTreeMap::new();
    for key in store.keys(order::CUSTOMER_PREFIX) {
        let key = key?;
        if let Some(value) = store.get(&key).wait()? {
            totals.insert(key[order::CUSTOMER_PREFIX.len()..].to_owned(), Total::parse(&value)?);
        }
    }
    let mut sum = Total::default();
    let mut rows = String::new();
    for (name, total) in &totals {
        sum.orders += total.orders;
        sum.cents += total.cents;
        rows += &row(name, total);
    }
    rows += &row(&format!("{} customers", totals.len()), &sum);
    match io::stdout().write_all(rows.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()), // as of `totals | head`
        written => Ok(written?),
    }
}

fn row(name: &str, total: &Total) -> String {
    let (whole, rest) = (total.cents / 100, total.cents % 100);
    format!("{name:<24} {:>8} {whole:>11}.{rest:02}\n", total.orders)
}

fn main() {
    if let Err(error) = parse(env::args().skip(1)).and_then(|options| run(&options)) {
        eprintln!("orders: {error}");
        process::exit(1);
    }
}
