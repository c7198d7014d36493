# SPDX-License-Identifier: Apache-2.0
"""The build backend of mecha-runtime, for a distribution of modules only."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "backend"))
from mecha_build import (build_sdist, build_wheel,  # noqa: E402
                         prepare_metadata_for_build_wheel)

__all__ = ["build_sdist", "build_wheel", "prepare_metadata_for_build_wheel"]
