# SPDX-License-Identifier: Apache-2.0
"""One broken rule at one place."""
import dataclasses


@dataclasses.dataclass
class Offence:
    """`key` names the place in the allow lists and the ratchet (default: the path)."""
    path: str
    line: int
    rule: str
    what: str
    advice: str
    key: str = ""
    number: int = 0

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}: {self.advice} [{self.rule}]"
