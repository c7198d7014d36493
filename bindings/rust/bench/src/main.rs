// SPDX-License-Identifier: Apache-2.0
//! What a call costs from Rust: a blocking get of 16 and of 1,024 bytes from memory, and gets by
//! futures with 512 in flight on one thread. Prints a line of JSON for each: the median of several
//! rounds in nanoseconds per operation. bench/languages compares it with the same in C.
mod executor;

use executor::Executor;
use mecha::{Runtime, State};
use std::time::Instant;

const ROUNDS: usize = 15;
const CALLS: usize = 100_000;
const WINDOW: usize = 512;
const STORE: &str = "
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: store}
spec: {type: state.in-memory, version: v1}
";

fn measure(name: &str, mut round: impl FnMut() -> mecha::Result<()>) -> mecha::Result<()> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round()?;
        rounds.push(start.elapsed().as_nanos() as f64 / CALLS as f64);
    }
    rounds.sort_by(f64::total_cmp);
    let ns = rounds[ROUNDS / 2];
    println!("{{\"name\": \"{name}\", \"language\": \"rust\", \"ns\": {ns:.1}}}");
    Ok(())
}

fn measure_get(store: &State, name: &str, key: &str, size: usize) -> mecha::Result<()> {
    store.set(key, vec![0; size]).wait()?;
    measure(name, || {
        let mut seen = 0;
        for _ in 0..CALLS {
            seen += store.get(key).wait()?.map_or(0, |value| value.len());
        }
        assert_eq!(seen, CALLS * size);
        Ok(())
    })
}

fn main() -> mecha::Result<()> {
    let runtime = Runtime::builder().app_id("bench").resource_text(STORE).start()?;
    let store = runtime.state("store");
    measure_get(&store, "get_16", "k16", 16)?;
    measure_get(&store, "get_1024", "k1024", 1024)?;
    measure("queue_get", || {
        let mut executor = Executor::new(WINDOW);
        executor.run(CALLS, || store.get("k16").inline(false))
    })
}
