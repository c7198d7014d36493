// SPDX-License-Identifier: Apache-2.0
//! Ledger: puts an order and its customer's new total into the store, both or neither. It keeps
//! nothing itself, so the program may be killed at any point and run again. Any thread.
use crate::order::{Order, Total, CUSTOMER_PREFIX, ORDER_PREFIX};
use mecha::{Error, Retryable, State, Status, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a store that comes and goes is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Ledger {
    store: State,
    pub stored: AtomicU64,
    pub before: AtomicU64, // by an earlier run, or another worker
    pub rivals: AtomicU64, // how often another worker was faster
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Ledger {
    pub fn new(store: State) -> Ledger {
        Ledger {
            store,
            stored: AtomicU64::new(0),
            before: AtomicU64::new(0),
            rivals: AtomicU64::new(0),
        }
    }

    /// Stores one order. Trying again cannot count it twice: its key is written only while it is
    /// absent, in one transaction with the total.
    pub fn put(&self, order: &Order) -> Result<(), Error> {
        let give_up = Instant::now() + PATIENCE;
        let mut pause = Duration::from_micros(100);
        loop {
            let error = match self.put_once(order) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if error.status() == Status::Aborted && !error.maybe_applied() {
                count(&self.rivals); // the total has changed meanwhile
            } else if Instant::now() > give_up
                || (error.retryable() == Retryable::No && !error.maybe_applied())
            {
                return Err(error);
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    fn put_once(&self, order: &Order) -> Result<(), Error> {
        let order_key = format!("{ORDER_PREFIX}{}", order.id);
        let customer_key = format!("{CUSTOMER_PREFIX}{}", order.customer);
        let seen = self.store.get_many(&[&order_key, &customer_key]).wait()?;
        let (old_order, old_total) = match (seen.get(0), seen.get(1)) {
            (Some(order), Some(total)) => (order, total),
            _ => return Err(Error::new(Status::Internal, "an answer without both keys")),
        };
        for (index, item) in seen.iter().enumerate() {
            if item.status() != Status::Ok && item.status() != Status::NotFound {
                return Err(Error::new(item.status(), seen.message(index).to_owned()));
            }
        }
        if old_order.status() == Status::Ok {
            count(&self.before);
            return Ok(());
        }
        let mut total = Total::default();
        if old_total.status() == Status::Ok {
            total = Total::parse(old_total.value())
                .map_err(|problem| Error::new(Status::DataLoss, problem))?;
        }
        total.orders += 1;
        total.cents += order.cents;
        // First write: the order only while its key is absent, the total only over what was read.
        let writes = [
            Write::set(&order_key, &order.json).json().first_write(),
            Write::set(&customer_key, total.to_json()).json().if_etag(old_total.etag()),
        ];
        match self.store.apply(&writes).wait() {
            Ok(_) => count(&self.stored),
            Err(error) if is_stored_already(&error) => count(&self.before),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Which of the two was it? Item 0 is the order.
fn is_stored_already(error: &Error) -> bool {
    let order = error.answer().item(0).map(|item| item.status());
    error.status() == Status::Aborted && !error.maybe_applied() && order == Some(Status::Aborted)
}
