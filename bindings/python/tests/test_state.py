# SPDX-License-Identifier: Apache-2.0
"""State, blocking: values, etags, transactions, pages, queries, options, and wrong arguments."""
import datetime
import gc

import pytest
from conftest import STATE, failing

import mecha


def test_a_value_comes_back_as_bytes_or_without_a_copy(store):
    etag = store.set("k", b"value")
    item = store.get("k")
    assert item.value == bytes(item) == b"value" and item.text() == "value"
    assert item.etag == etag and item.key == "k" and item.status is mecha.Status.OK
    assert not item.is_json and item.expires is None and item.error is None
    view = item.view
    del item
    gc.collect()
    assert view.readonly and view == b"value"  # the view keeps the result alive
    assert store.get("absent") is None


@pytest.mark.parametrize("value", ["text", b"bytes", bytearray(b"array"), memoryview(b"view"), b""])
def test_whatever_holds_bytes_can_be_stored(store, value):
    store.set("k", value)
    assert store.get("k").value == (value.encode() if isinstance(value, str) else bytes(value))


def test_json_is_stored_as_json(store):
    store.set_json("k", {"a": [1, "ä", None]})
    assert store.get_json("k") == {"a": [1, "ä", None]} and store.get("k").is_json
    assert store.get_json("absent", 7) == 7
    with failing(mecha.InvalidArgument, mecha.Status.INVALID_ARGUMENT):
        store.set("k", b"{no", content_type=mecha.JSON)
    with pytest.raises(ValueError):
        store.set_json("k", float("nan"))


def test_etags_keep_writers_apart(store):
    first = store.set("k", b"1", first_write=True)
    with failing(mecha.Aborted, mecha.Status.ABORTED) as caught:
        store.set("k", b"2", first_write=True)
    assert caught.value.detail("component") == "store" and caught.value.tries == 1
    assert not caught.value.retryable and not caught.value.maybe_applied
    assert caught.value.detail("no such part") is None and caught.value.code == 0
    second = store.set("k", b"2", etag=first, first_write=True)
    with failing(mecha.Aborted, mecha.Status.ABORTED):
        store.delete("k", etag=first, first_write=True)
    store.delete("k", etag=second, first_write=True)
    store.delete("k")
    assert store.get("k") is None


def test_several_keys_are_read_in_their_order(store):
    store.set("a", b"1")
    items = store.get_many(["a", "b", "a"], consistency=mecha.Consistency.STRONG)
    assert [item and item.value for item in items] == [b"1", None, b"1"]
    assert store.get_many([]) == []


def test_a_transaction_is_all_or_nothing(store):
    written = store.apply([mecha.Write.set("a", "1"), mecha.Write.set_json("b", [2]),
                           mecha.Write.delete("c")])
    assert [bool(item.etag) for item in written] == [True, True, False]
    with failing(mecha.Aborted, mecha.Status.ABORTED) as caught:
        store.apply([mecha.Write.set("a", "2"),
                     mecha.Write.set("b", "2", etag="77", first_write=True)])
    assert [item.status for item in caught.value.items] == [mecha.Status.CANCELLED,
                                                            mecha.Status.ABORTED]
    assert caught.value.detail("index") == "1"
    with pytest.raises(mecha.Aborted):
        _ = caught.value.items[1].value
    assert store.get("a").value == b"1"


def test_independent_writes_fail_one_by_one(store):
    store.set("a", b"1")
    items = store.apply([mecha.Write.set("a", "2", first_write=True), mecha.Write.set("b", "2")],
                        atomic=False)
    assert isinstance(items[0].error, mecha.Aborted) and items[1].error is None
    with pytest.raises(mecha.Aborted):
        memoryview(items[0])
    assert store.get("b").value == b"2"


def test_keys_are_listed_page_by_page(store):
    for number in range(25):
        store.set(f"k{number}", b"")
    page = store.list("k", limit=10)
    assert len(page.items) == 10 and page.next
    assert sorted(store.keys("k", limit=10)) == sorted(f"k{number}" for number in range(25))
    assert store.list("none") == mecha.Page([], None)
    with pytest.raises(mecha.InvalidArgument):
        store.list("k", page="of another store")


def test_a_store_that_cannot_search_says_so(store):
    for query in ({"filter": {"EQ": {"n": 2}}}, '{"filter": {}}'):
        with failing(mecha.Unimplemented, mecha.Status.UNIMPLEMENTED):
            store.query(query, limit=5)


def test_values_expire(rt, store):
    store.set("k", b"v", ttl=datetime.timedelta(seconds=10))
    store.set("forever", b"v", ttl=mecha.NEVER_EXPIRES)
    left = store.get("k").expires - datetime.datetime.now(datetime.timezone.utc)
    assert 5 < left.total_seconds() < 11
    rt.advance_clock(20)
    assert store.get("k") is None and store.get("forever") is not None
    for ttl in (0, -1, float("nan")):
        with pytest.raises(ValueError):
            store.set("k", b"v", ttl=ttl)


def test_every_option_of_a_call_is_taken(store):
    options = {"timeout": 5, "metadata": {"a": "b"}, "idempotent": True, "idempotency_key": "i",
               "within": None, "tracestate": "a=b", "baggage": "c=d", "inline": False,
               "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
               "retry": mecha.RetryPolicy(2, mecha.RetryPattern.EXPONENTIAL, 0.001, 0.01)}
    assert store.set("k", b"v", **options)
    assert store.get("k", timeout=None, metadata=[("a", b"1"), ("a", "2")]).value == b"v"


@pytest.mark.parametrize("call", [
    lambda store: store.get(1), lambda store: store.get(b"k"), lambda store: store.get(),
    lambda store: store.get("k", "l"), lambda store: store.get("k", nothing=1),
    lambda store: store.get("k", timeout="1"), lambda store: store.get("k", metadata=7),
    lambda store: store.get("k", metadata=[("a",)]), lambda store: store.get("k", metadata={1: ""}),
    lambda store: store.get("k", within=object()), lambda store: store.get("k", consistency="no"),
    lambda store: store.set("k"), lambda store: store.set("k", 5),
    lambda store: store.set("k", None),
    lambda store: store.get("k", traceparent=5), lambda store: store.set("k", b"", etag=5),
    lambda store: store.get_many("key"), lambda store: store.get_many([1]),
    lambda store: store.get_many(None), lambda store: store.apply([("k", b"v")]),
    lambda store: store.apply(["k"]), lambda store: store.apply([mecha.Write.set("k", 5)]),
    lambda store: store.list(5), lambda store: mecha.Write.set("k", None),
    lambda store: store.set("k", b"", content_type=1), lambda store: store.query(None),
])
def test_wrong_types_are_type_errors(store, call):
    with pytest.raises(TypeError):
        call(store)


@pytest.mark.parametrize("key", ["", "a||b", "k" * 2000])
def test_keys_that_cannot_be_are_refused(store, key):
    with pytest.raises(mecha.InvalidArgument):
        store.set(key, b"")


def test_text_that_is_no_utf8_is_a_value_error(store):
    with pytest.raises(ValueError):
        store.get("\ud800")
    with pytest.raises(ValueError):
        store.get("k", timeout=-1)


def test_an_unknown_store_names_those_there_are(rt):
    with failing(mecha.NotFound, mecha.Status.NOT_FOUND) as caught:
        rt.state.get("stroe", "k")
    assert "store" in str(caught.value) and isinstance(caught.value, LookupError)
    assert rt.state.set("store", "k", b"v") and rt.state.get("store", "k").value == b"v"
    rt.state.delete("store", "k")


def test_a_result_outlives_its_runtime():
    with mecha.Runtime("app", resource_texts=STATE) as rt:
        store = rt.state("store")
        store.set("k", b"v")
        item = store.get("k")
    del rt, store
    gc.collect()
    assert item.value == b"v"
