// SPDX-License-Identifier: Apache-2.0
//! Update: read, compute, write if nobody else wrote meanwhile; else pause and start over.
use crate::state::{ttl_ms, Conditions, State, Value, Written};
use crate::{Error, Result, Status};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

/// What [`State::update`] makes of a key. Texts and bytes convert to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Store this.
    Set(Vec<u8>),
    /// Leave the key as it is, absent or present.
    Keep,
    /// Delete the key, if it is there.
    Delete,
}

impl From<String> for Change {
    fn from(text: String) -> Change {
        Change::Set(text.into_bytes())
    }
}

impl From<&str> for Change {
    fn from(text: &str) -> Change {
        Change::Set(text.into())
    }
}

impl From<Vec<u8>> for Change {
    fn from(bytes: Vec<u8>) -> Change {
        Change::Set(bytes)
    }
}

/// An update that has not run yet: [`State::update`]. It blocks; `wait` runs it.
#[must_use = "an update does nothing unless it is waited for"]
pub struct Update<'a, F> {
    state: &'a State,
    key: &'a str,
    change: F,
    conditions: Conditions<'a>,
    timeout: Duration,
    pauses: (Duration, Duration),
}

impl<'a, F: FnMut(Option<&Value>) -> Change> Update<'a, F> {
    pub(crate) fn new(state: &'a State, key: &'a str, change: F) -> Update<'a, F> {
        Update {
            state,
            key,
            change,
            conditions: Conditions { is_first_write: true, ..Conditions::default() },
            timeout: Duration::from_secs(60),
            pauses: (Duration::from_micros(100), Duration::from_millis(100)),
        }
    }

    /// The value is JSON.
    pub fn json(mut self) -> Self {
        self.conditions.content_type = crate::JSON;
        self
    }

    /// How long the value lives.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.conditions.ttl_ms = ttl_ms(ttl);
        self
    }

    /// How long it may take, all tries together; 60 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The first and the longest pause after a lost race; each is a random part of its ceiling.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.pauses = (first, longest);
        self
    }

    /// Runs it on this thread. A failure that may have been applied is returned, not tried again.
    ///
    /// # Errors
    /// `DeadlineExceeded` when others kept changing the key; else as get, set and delete.
    pub fn wait(mut self) -> Result<Written> {
        let end = Instant::now().checked_add(self.timeout);
        let left = || end.map_or(Duration::MAX, |end| end - Instant::now().min(end));
        let mut ceiling = self.pauses.0.max(Duration::from_nanos(1));
        loop {
            let current = self.state.get(self.key).timeout(left()).wait()?;
            let wanted = (self.change)(current.as_ref());
            match self.replace(current, &wanted, left()) {
                Err(error) if error.status() == Status::Aborted && !error.maybe_applied() => {}
                result => return result,
            }
            let pause = ceiling.mul_f64(random_part());
            if pause >= left() {
                let text = "update: others kept changing the key until the deadline; not written";
                return Err(Error::new(Status::DeadlineExceeded, text));
            }
            std::thread::sleep(pause);
            ceiling = (ceiling * 2).min(self.pauses.1);
        }
    }

    fn replace(&self, current: Option<Value>, wanted: &Change, left: Duration) -> Result<Written> {
        let etag = current.as_ref().map_or("", Value::etag);
        match wanted {
            Change::Set(value) => {
                let conditions = Conditions { etag, ..self.conditions };
                let set = self.state.set(self.key, value).under(conditions);
                set.timeout(left).wait()
            }
            Change::Delete if current.is_some() => {
                self.state.delete(self.key).if_etag(etag).timeout(left).wait()
            }
            _ => Ok(Written::of(current.map(|value| value.into_parts().0).unwrap_or_default())),
        }
    }
}

/// From 0 to 1, without a crate for it.
fn random_part() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1u64 << 53) as f64
}
