#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""golden.py SCENARIO FOLDER: runs one golden scenario on the resources in FOLDER.

tests/golden/README.md tells the scenarios; what each prints is in tests/golden/expected.
"""
import sys
import time

import messages
import mecha


def attempt(call, *arguments, **options):
    """(status, outcome): the outcome is the exception of a call that failed."""
    try:
        return mecha.Status.OK, call(*arguments, **options)
    except mecha.Error as error:
        return error.status, error


def name(call, *arguments, **options):
    """The name of the status that a call ends with."""
    return attempt(call, *arguments, **options)[0].name


def yes_no(value):
    return "yes" if value else "no"


# --- state ---

def value_of(store, key):
    item = store.get(key)
    return "(absent)" if item is None else item.text()


def etags(store):
    def show():
        print("get a:", value_of(store, "a"))
    show()
    print("set a=1:", name(store.set, "a", "1"))
    show()
    print("get a has an etag:", yes_no(store.get("a").etag))
    print("set a=2 if absent:", name(store.set, "a", "2", first_write=True))
    old = store.get("a").etag
    print("set a=2 with its etag:", name(store.set, "a", "2", first_write=True, etag=old))
    print("etag changed:", yes_no(store.get("a").etag != old))
    print("set a=3 with the old etag:", name(store.set, "a", "3", first_write=True, etag=old))
    print("delete a with the old etag:", name(store.delete, "a", first_write=True, etag=old))
    show()
    current = store.get("a").etag
    print("delete a with its etag:", name(store.delete, "a", first_write=True, etag=current))
    show()
    print("delete a again:", name(store.delete, "a"))


def values(store):
    text = '{"n": 1, "text": "é"}'
    print("set json:", name(store.set, "json", text, content_type=mecha.JSON))
    print("get json:", value_of(store, "json"))
    print("set empty:", name(store.set, "empty", b""))
    empty = store.get("empty")
    print(f"get empty: found {yes_no(empty is not None)}, bytes {len(empty.value)}")
    print("set bytes:", name(store.set, "bytes", b"\0\1\xff"))
    print("get bytes:", store.get("bytes").value.hex())
    keys = ["json", "nothing", "bytes"]
    status, items = attempt(store.get_many, keys)
    print("get_many:", status.name)
    for key, item in zip(keys, items):
        print(f"  {key}:", "NOT_FOUND" if item is None else item.value.hex())


def transactions(store):
    write = mecha.Write
    print("transaction:", name(store.apply, [write.set("t1", "one"), write.set("t2", "two"),
                                             write.delete("empty")]))
    print(f"t1 {value_of(store, 't1')}, t2 {value_of(store, 't2')}, "
          f"empty {value_of(store, 'empty')}")
    old = store.get("t2").etag
    print("set t2=2:", name(store.set, "t2", "2"))
    broken = [write.set("t1", "new"), write.set("t2", "new", first_write=True, etag=old)]
    status, error = attempt(store.apply, broken)
    print("transaction with an old etag:", status.name, "at", error.detail("index"))
    print(f"t1 {value_of(store, 't1')}, t2 {value_of(store, 't2')}")
    outcomes = store.apply(broken, atomic=False)
    print("apply one by one:", "PARTIAL" if any(each.error for each in outcomes) else "OK")
    for index, outcome in enumerate(outcomes):
        print(f"  {index}: {outcome.status.name}")
    print(f"t1 {value_of(store, 't1')}, t2 {value_of(store, 't2')}")


def run_state(folder):
    with mecha.Runtime("golden", resources=folder) as rt:
        store = rt.state("store")
        etags(store)
        values(store)
        transactions(store)
        print("keys that start with t:", *sorted(store.keys("t")))
        for _ in range(5):
            store.update("count", lambda old: str(int(old or 0) + 1))
        print("counted to:", value_of(store, "count"))
        print("set short with a TTL of 1 s:", name(store.set, "short", "soon gone", ttl=1))
        print("get short:", value_of(store, "short"))
        time.sleep(2.5)
        print("get short after 2.5 s:", value_of(store, "short"))


# --- secrets ---

def run_secrets(folder):
    with mecha.Runtime("golden", resources=folder) as rt:
        secrets = rt.secrets("secrets")
        for secret in ("token", "database:user"):
            print(f"{secret}: {secrets.get(secret)[secret]}")
        absent = secrets.get("nothing")
        print(f"nothing: {'NOT_FOUND' if absent is None else 'OK'}, found "
              f"{yes_no(absent is not None)}")
        print("hidden:", name(secrets.get, "hidden"))
        print("no name:", name(secrets.get, ""))
        lines = sorted(f"{secret}/{key} = {value}" for secret, entries in secrets.list().items()
                       for key, value in entries.items())
        print("list:", len(lines))
        for line in lines:
            print("  " + line)
        print("another store:", name(rt.secrets("elsewhere").get, "token"))


# --- errors ---

RETRY = {mecha.Retryable.NO: "never", mecha.Retryable.SAFE: "safe",
         mecha.Retryable.ONLY_IF_IDEMPOTENT: "if idempotent"}


def report(what, word, call, *arguments, **options):
    """The status of a failure, whether it may be tried again, and whether its text names `word`."""
    status, error = attempt(call, *arguments, **options)
    if status is mecha.Status.OK:
        print(f"{what}: OK")
        return
    print(f"{what}: {status.name}, retry {RETRY[error.retryable]}, names {word} "
          f"{yes_no(word in str(error))}")


def run_errors(folder):
    unknown = ("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n"
               "spec: {type: state.nothing, version: v1}\n")
    report("open a folder that is not there", "no-such-folder", mecha.Runtime, "golden",
           resources="no-such-folder")
    report("open an unknown component type", "state.nothing", mecha.Runtime, "golden",
           resource_texts=unknown)
    report("open with an unknown setting", "colour", mecha.Runtime, "golden",
           settings={"colour": "blue"})
    rt = mecha.Runtime("golden", resources=folder)
    rt.start()
    store, broker = rt.state("store"), rt.pubsub("messages")
    report("get of another store", "elsewhere", rt.state("elsewhere").get, "a")
    report("get without a key", "key", store.get, "")
    report("set of JSON that is none", "JSON", store.set, "a", "{", content_type=mecha.JSON)
    report("transaction without a write", "store", store.apply, [])
    report("query", "query", store.query, {"filter": {}})
    report("publish to another broker", "elsewhere", rt.pubsub("elsewhere").publish, "t", "x")
    report("publish to no topic", "topic", broker.publish, "", "x")
    report("publish JSON that is none", "JSON", broker.publish, "t", "{", content_type=mecha.JSON)
    print("suspend:", name(rt.suspend, 5))
    report("get while suspended", "suspend", store.get, "a")
    print("resume:", name(rt.resume))
    print(f"get after resume: {'NOT_FOUND' if store.get('a') is None else 'OK'}, found "
          f"{yes_no(store.get('a') is not None)}")
    print("shutdown:", name(rt.shutdown, 5))
    report("get after shutdown", "shut", store.get, "a")


SCENARIOS = {"state": run_state, "secrets": run_secrets, "errors": run_errors,
             "pubsub": messages.run_pubsub, "drain": messages.run_drain}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in SCENARIOS:
        print(f"usage: golden.py {'|'.join(SCENARIOS)} FOLDER", file=sys.stderr)
        return 2
    SCENARIOS[sys.argv[1]](sys.argv[2])
    return 0


if __name__ == "__main__":
    sys.exit(main())
