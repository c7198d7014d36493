// SPDX-License-Identifier: Apache-2.0

package mecha

// #include "flat.h"
import "C"

import "fmt"

// builtAgainst is the version of the C headers this package was compiled with.
const builtAgainst = C.MECHA_API_VERSION

// Version is the version of the loaded library, "0.1.0".
func Version() string { return C.GoString(C.mecha_version_string()) }

// String names a status, "NOT_FOUND".
func (status Status) String() string {
	return C.GoString(C.mecha_status_name(C.mecha_status(status)))
}

// checkVersion says whether a library does for this package: it must not be older, and until 1.0 of
// the same minor version.
func checkVersion(loaded, wanted uint32) error {
	sameLine := loaded/1000 == wanted/1000
	if wanted >= 1_000_000 {
		sameLine = loaded/1_000_000 == wanted/1_000_000
	}
	if sameLine && loaded >= wanted {
		return nil
	}
	return newError(ErrVersion, fmt.Sprintf(
		"libmecha is version %s and this program was built with the headers of %s: install the "+
			"library of that version, or build the program again", numbers(loaded), numbers(wanted)))
}

func numbers(version uint32) string {
	return fmt.Sprintf("%d.%d.%d", version/1_000_000, version/1000%1000, version%1000)
}
