// SPDX-License-Identifier: Apache-2.0
//! What the library gave to this component. Its functions may be called from any thread.

use std::ptr::null;

use crate::broker::Body;
use crate::spi::{self, Delivery, FeedNumber, Outcome, OutcomeItem, Task, View};

#[derive(Clone, Copy)]
pub struct Host(pub *const spi::Host);
// SAFETY: component.h says so.
unsafe impl Send for Host {}
unsafe impl Sync for Host {}

impl Host {
    fn table(&self) -> &spi::Host {
        // SAFETY: valid until close has returned, and the thread ends before that.
        unsafe { &*self.0 }
    }

    pub fn complete(&self, task: Task, status: i32, items: &[OutcomeItem]) {
        let outcome = Outcome {
            struct_size: std::mem::size_of::<Outcome>() as u32,
            status,
            applied: 0,
            reserved: 0,
            message: View::ABSENT,
            items: items.as_ptr(),
            item_count: items.len(),
            next: View::ABSENT,
        };
        // SAFETY: all that the outcome points to lives until the call has copied it.
        unsafe { (self.table().complete)(self.0, task, &outcome) }
    }

    pub fn unix_ms(&self) -> i64 {
        // SAFETY: as above.
        unsafe { (self.table().wall_unix_ms)(self.0) }
    }

    /// Whether the library took the message.
    pub fn deliver(&self, feed: FeedNumber, number: u64, attempt: u32, body: &Body) -> bool {
        let delivery = Delivery {
            number,
            attempt,
            reserved0: 0,
            payload: View::of(&body.payload),
            content_type: View::of(&body.content_type),
            id: View::ABSENT,
            key: View::ABSENT,
            metadata: null(),
            metadata_count: 0,
            enqueued_unix_ms: body.enqueued_unix_ms,
            held_since_ns: 0,
            reserved: [0; 4],
        };
        // SAFETY: as above.
        unsafe { (self.table().deliver)(self.0, feed, &delivery, 1) == spi::OK }
    }
}
