// SPDX-License-Identifier: Apache-2.0
//! Tests of the crate against the library of this tree. One program, so that it links once.
mod futures;
mod life;
mod messages;
mod state;
mod support;
