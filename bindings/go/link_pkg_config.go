// SPDX-License-Identifier: Apache-2.0

//go:build !mecha_static

package mecha

// Links to libmecha.so, as pkg-config finds it.

// #cgo pkg-config: mecha
import "C"
