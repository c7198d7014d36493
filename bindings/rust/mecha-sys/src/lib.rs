// SPDX-License-Identifier: Apache-2.0
//! The C functions of libmecha, as they are. Programs use the crate `mecha`, which is built on them.
//!
//! The declarations are written by a script from the C headers and committed; a test compares them
//! with what C compilers measured. The headers say what each function does.
//!
//! The build script finds the library: in the folder `MECHA_LIB_DIR`, or by the command
//! `pkg-config`. The feature `static` links libmecha.a instead of libmecha.so.
#![allow(non_camel_case_types)]
#![allow(clippy::missing_safety_doc)]

#[rustfmt::skip]
mod bindings;

pub use bindings::*;
