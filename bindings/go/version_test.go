// SPDX-License-Identifier: Apache-2.0

package mecha

import (
	"strings"
	"testing"
)

func TestVersionsThatFit(t *testing.T) {
	for _, pair := range []struct {
		loaded, wanted uint32
		fits           bool
	}{
		{1000, 1000, true}, {1001, 1000, true}, {1000, 1001, false}, {2000, 1000, false},
		{1000, 2000, false}, {1_000_000, 1000, false}, {1_001_000, 1_000_000, true},
		{1_000_000, 1_001_000, false}, {2_000_000, 1_000_000, false},
	} {
		err := checkVersion(pair.loaded, pair.wanted)
		if (err == nil) != pair.fits {
			t.Errorf("library %d, headers %d: %v", pair.loaded, pair.wanted, err)
		}
		if err != nil && (StatusOf(err) != ErrVersion ||
			!strings.Contains(err.Error(), numbers(pair.loaded)) ||
			!strings.Contains(err.Error(), numbers(pair.wanted))) {
			t.Error("an error without both numbers: ", err)
		}
	}
}
