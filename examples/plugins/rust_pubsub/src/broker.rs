// SPDX-License-Identifier: Apache-2.0
//! Topics, groups and feeds. One thread owns them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use crate::host::Host;
use crate::spi::FeedNumber;

pub struct Body {
    pub payload: Vec<u8>,
    pub content_type: Vec<u8>,
    pub enqueued_unix_ms: i64,
}

/// What becomes of a delivery.
#[derive(Clone, Copy, PartialEq)]
pub enum End {
    Done,
    Returned,
    /// As Returned, and no handler has had it: the delivery does not count.
    Untaken,
}

/// A message as one group keeps it.
struct Entry {
    sequence: u64,
    attempt: u32,
    body: Arc<Body>,
}

/// Competing consumers. It stays, and keeps messages for those to come.
#[derive(Default)]
struct Group {
    waiting: BTreeMap<u64, Entry>,
    /// The feeds of the group; whose turn is next stands first.
    members: VecDeque<FeedNumber>,
}

struct Feed {
    topic: Vec<u8>,
    group: Vec<u8>,
    credit: u64,
    last_number: u64,
    held: HashMap<u64, Entry>,
}

#[derive(Default)]
pub struct Broker {
    topics: HashMap<Vec<u8>, HashMap<Vec<u8>, Group>>,
    feeds: HashMap<FeedNumber, Feed>,
    last_sequence: u64,
}

impl Broker {
    pub fn publish(&mut self, host: Host, topic: &[u8], bodies: Vec<Body>) {
        let groups = match self.topics.get_mut(topic) {
            Some(groups) => groups,
            None => return, // nobody is there to get them
        };
        for body in bodies {
            self.last_sequence += 1;
            let body = Arc::new(body);
            for group in groups.values_mut() {
                let entry = Entry {
                    sequence: self.last_sequence,
                    attempt: 0,
                    body: Arc::clone(&body),
                };
                group.waiting.insert(entry.sequence, entry);
            }
        }
        for group in groups.values_mut() {
            deliver(host, group, &mut self.feeds);
        }
    }

    pub fn open(&mut self, number: FeedNumber, topic: Vec<u8>, group: Vec<u8>) {
        let groups = self.topics.entry(topic.clone()).or_default();
        let members = &mut groups.entry(group.clone()).or_default().members;
        members.push_back(number);
        let feed = Feed {
            topic,
            group,
            credit: 0,
            last_number: 0,
            held: HashMap::new(),
        };
        self.feeds.insert(number, feed);
    }

    pub fn request(&mut self, host: Host, number: FeedNumber, more: u64) {
        if let Some(feed) = self.feeds.get_mut(&number) {
            feed.credit += more;
        }
        self.deliver_beside(host, number);
    }

    /// False when the delivery is none of this feed's.
    pub fn settle(&mut self, host: Host, feed: FeedNumber, number: u64, end: End) -> bool {
        let entry = match self.feeds.get_mut(&feed) {
            Some(feed) => feed.held.remove(&number),
            None => None,
        };
        match entry {
            None => false,
            Some(mut entry) => {
                if end == End::Untaken {
                    entry.attempt -= 1;
                }
                if end != End::Done {
                    if let Some(group) = self.group_of(feed) {
                        group.waiting.insert(entry.sequence, entry);
                    }
                    self.deliver_beside(host, feed);
                }
                true
            }
        }
    }

    /// It gets no more; the others of its group do.
    pub fn stop(&mut self, host: Host, number: FeedNumber) {
        if let Some(group) = self.group_of(number) {
            group.members.retain(|member| *member != number);
        }
        self.deliver_beside(host, number);
    }

    /// What it holds goes back.
    pub fn close(&mut self, host: Host, number: FeedNumber) {
        self.stop(host, number);
        if let Some(feed) = self.feeds.remove(&number) {
            let groups = self.topics.get_mut(&feed.topic);
            if let Some(group) = groups.and_then(|groups| groups.get_mut(&feed.group)) {
                for (_, entry) in feed.held {
                    group.waiting.insert(entry.sequence, entry);
                }
                deliver(host, group, &mut self.feeds);
            }
        }
    }

    fn group_of(&mut self, number: FeedNumber) -> Option<&mut Group> {
        let feed = self.feeds.get(&number)?;
        self.topics.get_mut(&feed.topic)?.get_mut(&feed.group)
    }

    /// To the feed, and to those beside it in its group.
    fn deliver_beside(&mut self, host: Host, number: FeedNumber) {
        if let Some(feed) = self.feeds.get(&number) {
            let groups = self.topics.get_mut(&feed.topic);
            if let Some(group) = groups.and_then(|groups| groups.get_mut(&feed.group)) {
                deliver(host, group, &mut self.feeds);
            }
        }
    }
}

/// The next member with credit; it goes to the end of the row.
fn next_taker(group: &mut Group, feeds: &HashMap<FeedNumber, Feed>) -> Option<FeedNumber> {
    let place = group
        .members
        .iter()
        .position(|number| feeds.get(number).map_or(false, |feed| feed.credit > 0))?;
    let number = group.members.remove(place)?;
    group.members.push_back(number);
    Some(number)
}

fn deliver(host: Host, group: &mut Group, feeds: &mut HashMap<FeedNumber, Feed>) {
    while let Some(sequence) = group.waiting.keys().next().copied() {
        let number = match next_taker(group, feeds) {
            Some(number) => number,
            None => return,
        };
        if let (Some(feed), Some(mut entry)) =
            (feeds.get_mut(&number), group.waiting.remove(&sequence))
        {
            let named = feed.last_number + 1;
            if !host.deliver(number, named, entry.attempt + 1, &entry.body) {
                group.waiting.insert(sequence, entry);
                return; // it stops just now, or memory is short: the next change tries again
            }
            entry.attempt += 1;
            feed.last_number = named;
            feed.credit -= 1;
            feed.held.insert(named, entry);
        }
    }
}
