# SPDX-License-Identifier: Apache-2.0
"""docs/components.md is what scripts/generate_components.py makes of the component.yaml files."""
import subprocess
import sys
import tempfile
from pathlib import Path

import pages

PAGE = "docs/components.md"


def main():
    manifests = sorted(pages.ROOT.glob("components/*/*/component.yaml"))
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "components.md"
        subprocess.run([sys.executable, pages.ROOT / "scripts/generate_components.py", "docs", made,
                        *manifests], check=True)
        is_current = made.read_text() == pages.read(PAGE)
    pages.finish([] if is_current else [
        f"{PAGE} is out of date; run: python3 scripts/generate_components.py docs {PAGE} "
        "components/*/*/component.yaml"], f"{len(manifests)} components")


if __name__ == "__main__":
    main()
