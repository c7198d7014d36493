// SPDX-License-Identifier: Apache-2.0
//! Update: read, compute, write if nobody else wrote meanwhile; else pause and start over.
use crate::operation::Operation;
use crate::readiness::Pause;
use crate::state::{ttl_ms, Conditions, State, Value, Written};
use crate::state_operations::{Delete, Get, Set};
use crate::{Error, Result, Status};
use std::collections::hash_map::RandomState;
use std::future::Future;
use std::hash::{BuildHasher, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};
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

/// An update that has not run yet: [`State::update`]. Await it, or [`wait`](Update::wait) for it.
///
/// As a future it needs no executor of a certain kind, and pauses on a timer. Dropping it then ends
/// it; a write that was under way may have happened all the same.
#[must_use = "an update does nothing unless it is awaited or waited for"]
pub struct Update<'a, F> {
    race: Race<'a>,
    timeout: Duration,
    change: Option<F>,
    running: Option<Running<'a>>,
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Written>> + Send + 'a>>;

// The change is not pinned, and what runs is in a box.
impl<F> Unpin for Update<'_, F> {}

impl<'a, F: FnMut(Option<&Value>) -> Change> Update<'a, F> {
    pub(crate) fn new(state: &'a State, key: &'a str, change: F) -> Update<'a, F> {
        let race = Race {
            state,
            key,
            conditions: Conditions { is_first_write: true, ..Conditions::default() },
            ceiling: Duration::from_micros(100),
            longest_pause: Duration::from_millis(100),
            end: None,
        };
        Update { race, timeout: Duration::from_secs(60), change: Some(change), running: None }
    }

    /// The value is JSON.
    pub fn json(mut self) -> Self {
        self.race.conditions.content_type = crate::JSON;
        self
    }

    /// How long the value lives.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.race.conditions.ttl_ms = ttl_ms(ttl);
        self
    }

    /// How long it may take, all tries together; 60 s unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The first and the longest pause after a lost race; each is a random part of its ceiling.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.race.ceiling = first.max(Duration::from_nanos(1));
        self.race.longest_pause = longest;
        self
    }

    /// Runs it on this thread; within an executor rather await it. A failure that may have been
    /// applied is returned, not tried again.
    ///
    /// # Errors
    /// `DeadlineExceeded` when others kept changing the key; else as get, set and delete.
    ///
    /// # Panics
    /// When it was polled before.
    pub fn wait(mut self) -> Result<Written> {
        self.race.end = Instant::now().checked_add(self.timeout);
        let mut race = self.race;
        let mut change = self.change.take().expect("it was not polled before");
        loop {
            let current = race.get().wait()?;
            let wanted = change(current.as_ref());
            let result = match race.step(current.as_ref(), &wanted) {
                Step::Set(set) => set.wait(),
                Step::Delete(delete) => delete.wait(),
                Step::Keep => return Ok(kept(current)),
            };
            match race.judge(result) {
                Ok(pause) => std::thread::sleep(pause),
                Err(result) => return result,
            }
        }
    }
}

impl<'a, F: FnMut(Option<&Value>) -> Change + Send + 'a> Future for Update<'a, F> {
    type Output = Result<Written>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Written>> {
        let this = &mut *self;
        if let Some(change) = this.change.take() {
            this.race.end = Instant::now().checked_add(this.timeout);
            this.running = Some(Box::pin(run(this.race, change)));
        }
        let running = this.running.as_mut().expect("it has begun");
        running.as_mut().poll(context)
    }
}

async fn run<F>(mut race: Race<'_>, mut change: F) -> Result<Written>
where
    F: FnMut(Option<&Value>) -> Change + Send,
{
    loop {
        let current = race.get().await?;
        let wanted = change(current.as_ref());
        let result = match race.step(current.as_ref(), &wanted) {
            Step::Set(set) => set.await,
            Step::Delete(delete) => delete.await,
            Step::Keep => return Ok(kept(current)),
        };
        match race.judge(result) {
            Ok(pause) => Pause::new(&race.state.shared, pause).await,
            Err(result) => return result,
        }
    }
}

/// One update that others may disturb: its time, its pauses, its write.
#[derive(Clone, Copy)]
struct Race<'a> {
    state: &'a State,
    key: &'a str,
    conditions: Conditions<'a>,
    ceiling: Duration,
    longest_pause: Duration,
    end: Option<Instant>,
}

/// What is to be done about the value that was read.
enum Step<'s> {
    Set(Operation<'s, Set<'s>>),
    Delete(Operation<'s, Delete<'s>>),
    Keep,
}

impl Race<'_> {
    fn left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    fn get(&self) -> Operation<'_, Get<'_>> {
        self.state.get(self.key).timeout(self.left())
    }

    fn step<'s>(&'s self, current: Option<&'s Value>, wanted: &'s Change) -> Step<'s> {
        let etag = current.map_or("", Value::etag);
        match wanted {
            Change::Set(value) => {
                let conditions = Conditions { etag, ..self.conditions };
                let set = self.state.set(self.key, value).under(conditions);
                Step::Set(set.timeout(self.left()))
            }
            Change::Delete if current.is_some() => {
                Step::Delete(self.state.delete(self.key).if_etag(etag).timeout(self.left()))
            }
            _ => Step::Keep,
        }
    }

    /// The pause before the next try, or how it ended.
    fn judge(&mut self, result: Result<Written>) -> std::result::Result<Duration, Result<Written>> {
        match &result {
            Err(error) if error.status() == Status::Aborted && !error.maybe_applied() => {}
            _ => return Err(result),
        }
        let pause = self.ceiling.mul_f64(random_part());
        self.ceiling = (self.ceiling * 2).min(self.longest_pause);
        if pause >= self.left() {
            let text = "update: others kept changing the key until the deadline; not written";
            return Err(Err(Error::new(Status::DeadlineExceeded, text)));
        }
        Ok(pause)
    }
}

fn kept(current: Option<Value>) -> Written {
    Written::of(current.map(|value| value.into_parts().0).unwrap_or_default())
}

/// From 0 to 1, without a crate for it.
fn random_part() -> f64 {
    let bits = RandomState::new().build_hasher().finish();
    (bits >> 11) as f64 / (1u64 << 53) as f64
}
