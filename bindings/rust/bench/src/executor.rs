// SPDX-License-Identifier: Apache-2.0
//! Executor: so many futures in flight on one thread; each has a waker of its own.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};

struct Ready {
    places: Mutex<Vec<usize>>,
    changed: Condvar,
}

struct Place {
    index: usize,
    ready: Arc<Ready>,
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut places = self.ready.places.lock().unwrap();
        places.push(self.index);
        if places.len() == 1 {
            self.ready.changed.notify_one();
        }
    }
}

pub struct Executor {
    ready: Arc<Ready>,
    wakers: Vec<Waker>,
}

impl Executor {
    pub fn new(window: usize) -> Executor {
        let ready = Arc::new(Ready { places: Mutex::new(Vec::new()), changed: Condvar::new() });
        let waker = |index| Waker::from(Arc::new(Place { index, ready: ready.clone() }));
        let wakers = (0..window).map(waker).collect();
        Executor { ready, wakers }
    }

    /// Runs `count` futures that `make` makes, as many at a time as there are places.
    pub fn run<T, F>(&mut self, count: usize, make: impl Fn() -> F) -> mecha::Result<()>
    where
        F: Future<Output = mecha::Result<T>> + Unpin,
    {
        let mut running: Vec<Option<F>> = self.wakers.iter().map(|_| None).collect();
        let mut due: Vec<usize> = (0..running.len()).collect();
        let (mut begun, mut done) = (0, 0);
        while done < count {
            for place in due.drain(..) {
                done += self.go_on(&mut running[place], place, || {
                    begun += 1;
                    (begun <= count).then(&make)
                })?;
            }
            if done < count {
                let places = self.ready.places.lock().unwrap();
                let mut places = self.ready.changed.wait_while(places, |p| p.is_empty()).unwrap();
                std::mem::swap(&mut *places, &mut due);
            }
        }
        Ok(())
    }

    /// Polls the future in one place, and its followers, until one is pending. How many are over.
    fn go_on<T, F: Future<Output = mecha::Result<T>> + Unpin>(
        &self,
        place: &mut Option<F>,
        index: usize,
        mut next: impl FnMut() -> Option<F>,
    ) -> mecha::Result<usize> {
        let mut context = Context::from_waker(&self.wakers[index]);
        let mut over = 0;
        loop {
            if place.is_none() {
                *place = next();
            }
            let future = match place {
                Some(future) => future,
                None => return Ok(over),
            };
            match Pin::new(future).poll(&mut context) {
                Poll::Pending => return Ok(over),
                Poll::Ready(result) => {
                    result?;
                    over += 1;
                    *place = None;
                }
            }
        }
    }
}
