# SPDX-License-Identifier: Apache-2.0
"""Stores orders and totals: an order and its customer's new total are one transaction, written only
while the order's key is absent. So a total is never wrong, however often an order comes."""
import itertools
import random
import threading
import time

import mecha
from mecha import JSON, Write

from order import to_json

_PATIENCE = 30.0  # seconds that a store which comes and goes is waited for
_PREFIX = "customer-"


class Ledger:
    """What the store holds. Several threads may store at once."""

    def __init__(self, store):
        self._store = store
        self._lock = threading.Lock()
        self.stored = self.already_stored = self.retries = 0

    def store(self, order):
        """Stores an order once; raises mecha.Error when that could not be done."""
        give_up = time.monotonic() + _PATIENCE
        may_be_ours = False
        for pause in (min(0.0001 * 2**n, 0.2) for n in itertools.count()):
            try:
                is_new = self._store_once(order)
                if is_new is not None:
                    self._count(is_new or may_be_ours)
                    return
                self._count_retry()  # the total has changed since it was read
            except mecha.Error as error:
                # It may have been written all the same. Trying again cannot count it twice.
                may_be_ours = may_be_ours or error.maybe_applied
                if not (error.maybe_applied or error.retryable) or time.monotonic() > give_up:
                    raise
            time.sleep(random.uniform(0, pause))

    def _store_once(self, order):
        """True: stored. False: it was there. None: somebody else was faster, try again."""
        seen, customer = self._store.get_many([order.key, order.customer_key])
        if seen is not None:
            return False
        total = {"orders": 0, "total_cents": 0} if customer is None else customer.json()
        total = {"orders": total["orders"] + 1,
                 "total_cents": total["total_cents"] + order.amount_cents}
        try:
            self._store.apply([
                Write.set(order.key, order.json, content_type=JSON, first_write=True),
                Write.set(order.customer_key, to_json(total), content_type=JSON, first_write=True,
                          etag=None if customer is None else customer.etag)])
        except mecha.Aborted as error:
            if error.maybe_applied:
                raise
            return False if error.items[0].status is mecha.Status.ABORTED else None
        return True

    def _count(self, is_new):
        with self._lock:
            self.stored += is_new
            self.already_stored += not is_new

    def _count_retry(self):
        with self._lock:
            self.retries += 1

    def totals(self):
        """The total of each customer."""
        keys = sorted(set(self._store.keys(_PREFIX)))
        found = {}
        for at in range(0, len(keys), 100):
            page = keys[at:at + 100]
            for key, item in zip(page, self._store.get_many(page)):
                found[key.removeprefix(_PREFIX)] = item.json()
        return found
