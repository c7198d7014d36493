// SPDX-License-Identifier: Apache-2.0

//go:build mecha_static

package mecha

// With -tags mecha_static the program holds the library itself.

// #cgo pkg-config: --static mecha-static
import "C"
