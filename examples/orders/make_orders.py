#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes orders.jsonl: 5,000 orders, 60 of them twice, and 6 lines that are no order.

  make_orders.py > orders.jsonl       always the same text
  make_orders.py --orders 200000      a longer one, for measuring
"""
import argparse
import json
import random
import sys

FIRST = ("Ada Ben Chloé Dmitri Elif Farid Grace Hana Ines Jonas Kofi Lena Mateo Noor Olga Pia "
         "Quinn Rosa Sven Tariq Uma Vera Wei Ximena Yusuf Zoë").split()
LAST = "Aalto Berg Costa Diaz Eriksen Fischer García Haddad Ito Jansen Kaya Lund".split()
ITEMS = (("lamp", 3499), ("chair", 8900), ("desk", 24900), ("notebook", 450), ("pen", 180),
         ("mug", 1250), ("shelf", 5999), ("plant", 1599), ("rug", 12900), ("clock", 2790))
NO_ORDERS = (
    '{"id":"broken-1","customer":"Ada Berg","amount_cents":1200,"item":"lamp"',
    '{"id":"broken-2","amount_cents":1200,"item":"lamp"}',
    '{"id":"broken-3","customer":"Ada Berg","amount_cents":"12.00","item":"lamp"}',
    '{"id":"","customer":"Ada Berg","amount_cents":1200,"item":"lamp"}',
    '{"id":"broken-5","customer":"Ada Berg","amount_cents":-1200,"item":"lamp"}',
    'id,customer,amount_cents,item',
)


def make_customers(source):
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    return source.sample(names, 120)


def make_order(source, number, customers, weights):
    item, price = source.choice(ITEMS)
    quantity = source.choice((1, 1, 1, 2, 3))
    return {"id": f"{number:06d}", "customer": source.choices(customers, weights)[0],
            "item": item, "quantity": quantity, "amount_cents": price * quantity}


def make_lines(count):
    source = random.Random(20240613)
    customers = make_customers(source)
    # A few customers order much more than the rest: their totals are what threads compete for.
    weights = [1 / (rank + 1) for rank in range(len(customers))]
    lines = [json.dumps(make_order(source, number + 1, customers, weights), ensure_ascii=False,
                        separators=(",", ":")) for number in range(count)]
    for line in source.sample(lines, min(60, count)):
        lines.insert(source.randrange(lines.index(line), len(lines)) + 1, line)
    for line in NO_ORDERS:
        lines.insert(source.randrange(len(lines)), line)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--orders", type=int, default=5000)
    count = parser.parse_args().orders
    sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write("\n".join(make_lines(count)) + "\n")


if __name__ == "__main__":
    main()
