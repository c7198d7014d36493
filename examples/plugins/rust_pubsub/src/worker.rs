// SPDX-License-Identifier: Apache-2.0
//! The thread that owns the broker: it takes jobs from a channel, delivers, and completes their
//! tasks. It ends, and gives the broker back, when the channel is closed and empty.

use std::sync::mpsc::{Receiver, Sender};

use crate::broker::{Body, Broker, End};
use crate::host::Host;
use crate::spi::{self, FeedNumber, OutcomeItem, Task};

pub enum Job {
    Publish {
        task: Task,
        topic: Vec<u8>,
        bodies: Vec<Body>,
    },
    Open {
        feed: FeedNumber,
        topic: Vec<u8>,
        group: Vec<u8>,
    },
    /// Whatever was asked before has been done.
    Confirm {
        task: Task,
    },
    Request {
        feed: FeedNumber,
        more: u64,
    },
    Settle {
        task: Task,
        feed: FeedNumber,
        number: u64,
        end: End,
    },
    Stop {
        task: Task,
        feed: FeedNumber,
    },
    Close {
        feed: FeedNumber,
        closed: Sender<()>,
    },
}

pub fn run(host: Host, jobs: Receiver<Job>, mut broker: Broker) -> Broker {
    for job in jobs {
        match job {
            Job::Publish {
                task,
                topic,
                bodies,
            } => {
                let items = vec![OutcomeItem::DONE; bodies.len()];
                broker.publish(host, &topic, bodies);
                host.complete(task, spi::OK, &items);
            }
            Job::Open { feed, topic, group } => broker.open(feed, topic, group),
            Job::Confirm { task } => host.complete(task, spi::OK, &[]),
            Job::Request { feed, more } => broker.request(host, feed, more),
            Job::Settle {
                task,
                feed,
                number,
                end,
            } => {
                let is_known = broker.settle(host, feed, number, end);
                host.complete(task, if is_known { spi::OK } else { spi::NOT_FOUND }, &[]);
            }
            Job::Stop { task, feed } => {
                broker.stop(host, feed);
                host.complete(task, spi::OK, &[]);
            }
            Job::Close { feed, closed } => {
                broker.close(host, feed);
                // It waits for this, so it is there.
                let _ = closed.send(());
            }
        }
    }
    broker
}
