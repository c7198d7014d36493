# SPDX-License-Identifier: Apache-2.0
"""One order, checked, in the form that all languages store."""
import dataclasses
import json

_MOST_CENTS = 10**12
_LONGEST_NAME = 200


class Refused(ValueError):
    """The text is no order."""


@dataclasses.dataclass(frozen=True)
class Order:
    """One line of the input."""
    id: str
    customer: str
    amount_cents: int
    json: str  # the whole line, normalised

    @property
    def key(self):
        return f"order-{self.id}"

    @property
    def customer_key(self):
        return f"customer-{self.customer}"


def _name(line, field):
    """A text that can be part of a key: "||" separates the parts of a key in the store."""
    name = line.get(field)
    if not isinstance(name, str):
        raise Refused(f'no text "{field}"')
    if not name or len(name.encode()) > _LONGEST_NAME or "||" in name:
        raise Refused(f'"{field}" is empty, over {_LONGEST_NAME} bytes or holds "||"')
    return name


def parse_order(text):
    """Reads one line; Refused when it is no order."""
    try:
        line = json.loads(text)
    except ValueError:
        raise Refused("not JSON") from None
    if not isinstance(line, dict):
        raise Refused("not a JSON object")
    amount = line.get("amount_cents")
    id, customer = _name(line, "id"), _name(line, "customer")
    if type(amount) is not int or not 0 <= amount <= _MOST_CENTS:
        raise Refused('"amount_cents" is not a whole number of cents from 0 to 10^12')
    return Order(id, customer, amount, to_json(line))


def to_json(value):
    """Compact, with sorted keys."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
