# SPDX-License-Identifier: Apache-2.0
"""Rough handling: closed runtimes, forks, signals, handlers that never return, an interpreter that
ends with work in flight. Never a crash or a hang, always an error in Python's idiom."""
import contextlib
import gc
import multiprocessing
import os
import pathlib
import pickle
import signal
import subprocess
import sys
import textwrap
import threading
import time
import warnings

import pytest
from conftest import STATE, failing, sqlite_state

import mecha

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "tests" / "support"))
from private_redis import PrivateRedis, is_installed  # noqa: E402


def run_script(text, seconds=60):
    """Runs a program of its own; returns what it printed. It must end well and say nothing else."""
    program = "import mecha\nSTATE = '''" + STATE + "'''\n" + textwrap.dedent(text)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True,
                          timeout=seconds, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


# --- closed ---

def test_everything_is_closed_after_shutdown():
    rt = mecha.Runtime("app", resource_texts=STATE)
    with failing(mecha.FailedPrecondition, mecha.Status.FAILED_PRECONDITION):
        rt.state("store").get("k")
    rt.start()
    rt.start()
    store, events = rt.state("store"), rt.subscribe("broker", "t")
    rt.pubsub("broker").publish("t", b"x")
    event = events.take(10)
    with contextlib.suppress(mecha.DeadlineExceeded):
        rt.shutdown(0)
    assert rt.shutdown() is None and rt.is_closed
    for call in (lambda: store.get("k"), lambda: store.apply([mecha.Write.set("k", "v")]),
                 lambda: rt.subscribe("broker", "t"), rt.start, rt.suspend, rt.resume,
                 lambda: rt.pubsub("broker").publish("t", b""), lambda: rt.ping("store"),
                 lambda: rt.apply_resource("{}")):
        with failing(mecha.Closed, mecha.Status.CLOSED):
            call()
    with failing(mecha.Gone, mecha.Status.GONE):
        event.ok()
    assert event.data == b"x" and events.take(0) is None and rt.describe()["phase"] == "closed"


def test_closing_during_calls_ends_them(tmp_path):
    rt = mecha.Runtime("app", resource_texts=sqlite_state(tmp_path / "a.db"))
    rt.start()
    problems, store = [], rt.state("store")

    def write(number):
        try:
            while True:
                store.set(f"k{number}", b"v")
        except mecha.Closed:
            pass
        except BaseException as problem:
            problems.append(problem)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    with contextlib.suppress(mecha.DeadlineExceeded):
        rt.shutdown(1)
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    assert problems == []


def test_a_runtime_that_is_forgotten_warns_and_is_freed():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        rt = mecha.Runtime("app", resource_texts=STATE)
        rt.start()
        rt.state("store").set("k", b"v")
        del rt
        gc.collect()
    assert [str(one.message) for one in caught if one.category is ResourceWarning]


def test_runtimes_come_and_go():
    for _ in range(100):
        with mecha.Runtime("app", resource_texts=STATE) as rt:
            rt.state("store").set("k", b"v")


def test_errors_travel_between_processes():
    with mecha.Runtime("app", resource_texts=STATE) as rt:
        with pytest.raises(mecha.Aborted) as caught:
            rt.state("store").set("k", b"v", etag="1", first_write=True)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is mecha.Aborted and str(again) == str(caught.value)
    assert again.status is mecha.Status.ABORTED and not again.retryable


@pytest.mark.parametrize("arguments, kind", [
    ({"resource_texts": "kind: ["}, mecha.InvalidArgument),
    ({"resources": "/no/such/folder"}, mecha.NotFound),
    ({"resource_texts": [STATE, STATE]}, mecha.AlreadyExists),
    ({"settings": {"colour": "blue"}}, mecha.InvalidArgument),
    ({"settings": 5}, TypeError), ({"resources": 5}, TypeError), ({"colour": 1}, TypeError),
    ({"resource_texts": [5]}, TypeError), ({"namespace": 5}, TypeError),
])
def test_what_cannot_be_opened_says_why(arguments, kind):
    with pytest.raises(kind):
        mecha.Runtime("app", **arguments)


def test_a_library_that_does_not_fit_is_named_with_both_versions():
    from mecha.loading import check_version
    assert check_version() == mecha.__version__
    for built in (2_000_000, mecha._mecha.API_VERSION + 1000):
        with pytest.raises(ImportError, match=f"{mecha.__version__}.*is loaded") as caught:
            check_version(built)
        assert isinstance(caught.value, mecha.VersionMismatch)


# --- forks ---

def test_a_forked_child_gets_forked_and_may_open_its_own(rt, store, tmp_path):
    store.set("k", b"v")
    events = rt.subscribe("broker", "t")
    child = os.fork()
    if child == 0:
        code = 1
        try:
            for call in (lambda: store.get("k"), lambda: rt.subscribe("broker", "t"),
                         rt.describe, lambda: events.take(1),
                         lambda: rt.pubsub("broker").publish("t", b"x")):
                with failing(mecha.Forked, mecha.Status.FORKED):
                    call()
            with mecha.Runtime("app", resource_texts=STATE) as own:
                own.state("store").set("k", b"child")
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.get("k").value == b"v"


def _in_another_process(number):
    with mecha.Runtime("app", resource_texts=STATE) as rt:
        rt.state("store").set("k", str(number))
        return rt.state("store").get("k").value


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_opens_a_runtime_in_each_process(rt, method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map(_in_another_process, range(4)) == [b"0", b"1", b"2", b"3"]


def test_a_fork_between_suspend_and_resume_leaves_both_whole(tmp_path):
    rt = mecha.Runtime("app", resource_texts=sqlite_state(tmp_path / "a.db"))
    rt.start()
    rt.state("store").set("k", b"v")
    rt.suspend(5)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            with mecha.Runtime("app", resource_texts=sqlite_state(tmp_path / "a.db")) as own:
                own.state("store").set("child", b"c")
            code = 0
        finally:
            os._exit(code)
    rt.resume()
    rt.state("store").set("parent", b"p")
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert sorted(rt.state("store").keys()) == ["child", "k", "parent"]
    rt.shutdown()


def test_gunicorn_workers_open_their_own_after_the_fork(tmp_path):
    pytest.importorskip("gunicorn")
    (tmp_path / "app.py").write_text("STATE = '''" + STATE + "'''\n" + textwrap.dedent("""
        import os
        import mecha
        rt = None

        def post_fork(server, worker):
            global rt
            import app
            app.rt = mecha.Runtime("app", resource_texts=STATE)
            app.rt.start()

        def worker_exit(server, worker):
            import app
            app.rt.shutdown(5)

        def web(environ, start_response):
            store = rt.state("store")
            count = store.update("count", lambda old: str(int(old or 0) + 1))
            start_response("200 OK", [])
            return [f"{os.getpid()} {store.get('count').text()}".encode()]
        """))
    (tmp_path / "conf.py").write_text("from app import post_fork, worker_exit\n"
                                      "preload_app = True\n")
    path = tmp_path / "socket"
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "conf.py", "-w", "2", "-b", f"unix:{path}",
         "--worker-tmp-dir", str(tmp_path), "--no-control-socket", "app:web"], cwd=tmp_path,
        stderr=subprocess.PIPE, text=True)
    try:
        pids = set()
        deadline = time.monotonic() + 60
        while len(pids) < 2 and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                pids.add(_ask(path).split()[0])
            time.sleep(0.01)
        assert len(pids) == 2
    finally:
        server.send_signal(signal.SIGTERM)
        errors = server.communicate(timeout=60)[1]
    assert server.returncode == 0 and "Traceback" not in errors, errors


def _ask(path):
    import socket
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(path))
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.partition(b"\r\n\r\n")[2]


# --- signals ---

class Interrupted(Exception):
    """Raised by the handler of a signal."""


@contextlib.contextmanager
def alarm(seconds=0.2):
    """After so long a signal interrupts the block; tells how late that was noticed."""
    sent = time.monotonic() + seconds

    def handler(number, frame):
        raise Interrupted
    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with pytest.raises(Interrupted):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    print(f"noticed after {(time.monotonic() - sent) * 1000:.1f} ms")


def test_a_signal_ends_a_call_that_waits_for_a_server(tmp_path):
    if not is_installed():
        pytest.skip("redis-server is not installed")
    redis = PrivateRedis(str(tmp_path))
    document = STATE.replace("state.in-memory, version: v1, metadata: []",
                             "state.redis, version: v1, metadata: [{name: redisHost, value: "
                             f"\"127.0.0.1:{redis.port}\"}}]")
    rt = mecha.Runtime("app", resource_texts=document)
    try:
        rt.start()
        store = rt.state("store")
        store.set("k", b"v")
        os.kill(redis.process.pid, signal.SIGSTOP)
        for call in (lambda: store.get("k", timeout=None), lambda: store.set("k", b"w"),
                     lambda: rt.ping("store"), lambda: store.apply([mecha.Write.set("a", b"")])):
            with alarm():
                call()
        with failing(mecha.DeadlineExceeded, mecha.Status.DEADLINE_EXCEEDED) as caught:
            store.get("k", timeout=0.05)
        assert isinstance(caught.value, TimeoutError)
        os.kill(redis.process.pid, signal.SIGCONT)
        assert store.get("k") is not None
    finally:
        os.kill(redis.process.pid, signal.SIGCONT)
        rt.shutdown(0)
        redis.kill()


def test_a_signal_ends_waiting_for_events(rt):
    with rt.subscribe("broker", "t") as events:
        with alarm():
            events.take()
        with alarm():
            for event in events:
                raise AssertionError(event)
    with alarm():
        rt.serve()
    host = mecha.Runtime("app", resource_texts=STATE, host_threads=True)
    host.start()
    assert host.fileno() >= 0 and host.run_once() == 0
    with alarm():
        host.run_once(60)
    host.shutdown(0)


@pytest.mark.parametrize("wait", ["rt.stop_serving(60)", "rt.suspend(60)", "rt.shutdown(60)"])
def test_a_signal_ends_waiting_for_handlers_that_never_return(wait):
    output = run_script(f"""
        import signal, threading, time
        def handler(number, frame):
            raise KeyboardInterrupt
        signal.signal(signal.SIGALRM, handler)
        rt = mecha.Runtime("app", resource_texts=STATE)
        rt.start()
        began = threading.Event()
        @rt.topic("broker", "t")
        def never(event):
            began.set()
            threading.Event().wait()
        rt.start_serving()
        rt.pubsub("broker").publish("t", b"x")
        began.wait()
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        start = time.monotonic()
        try:
            {wait}
        except KeyboardInterrupt:
            print("interrupted", time.monotonic() - start < 30)
        """)
    assert output == "interrupted True\n"


def test_a_handler_that_never_returns_does_not_keep_the_program(tmp_path):
    output = run_script("""
        import threading
        began = threading.Event()
        try:
            with mecha.Runtime("app", resource_texts=STATE) as rt:
                @rt.topic("broker", "t")
                def never(event):
                    began.set()
                    while True:
                        threading.Event().wait(1)
                rt.start_serving()
                rt.pubsub("broker").publish("t", b"x")
                began.wait()
                rt.shutdown(0.1)
        except mecha.DeadlineExceeded as error:
            print(error.items[0].json()["registrations"][0]["abandoned"])
        """)
    assert output == "1\n"


# --- the end of the interpreter ---

@pytest.mark.parametrize("text", [
    "rt = mecha.Runtime('app', resource_texts=STATE)\nrt.start()\n",
    """
    import threading
    rt = mecha.Runtime("app", resource_texts=STATE)
    rt.start()
    store = rt.state("store")
    def forever():
        try:
            while True:
                store.set("k", b"v")
        except mecha.Closed:
            pass
    for _ in range(4):
        threading.Thread(target=forever, daemon=True).start()
    events = rt.subscribe("broker", "t")
    threading.Thread(target=lambda: [event for event in events], daemon=True).start()
    rt.pubsub("broker").publish("t", b"x")
    """,
    """
    rt = mecha.Runtime("app", resource_texts=STATE)
    rt.start()
    @rt.topic("broker", "t")
    def handle(event):
        rt.pubsub("broker").publish("t", b"x")
    rt.start_serving()
    rt.pubsub("broker").publish("t", b"x")
    """,
    """
    import asyncio
    rt = mecha.AsyncRuntime("app", resource_texts=STATE)
    async def main():
        await rt.start()
        rt.tasks = [asyncio.create_task(rt.state("store").get("k", inline=False))
                    for _ in range(100)]
        @rt.topic("broker", "t")
        async def handle(event):
            await asyncio.sleep(60)
        await rt.start_serving()
        await rt.pubsub("broker").publish("t", b"x")
        await asyncio.sleep(0)
    asyncio.run(main())
    """,
    """
    import sys
    rt = mecha.Runtime("app", resource_texts=STATE)
    rt.start()
    sys.exit(0)
    """,
])
def test_the_interpreter_ends_with_work_in_flight(text):
    quiet = "import logging, warnings\nwarnings.simplefilter('ignore')\nlogging.disable()\n"
    run_script(quiet + textwrap.dedent(text))


def test_only_one_interpreter_of_a_process_imports_it():
    run_script("""
        try:
            import _xxsubinterpreters as interpreters
        except ImportError:
            raise SystemExit
        other = interpreters.create()
        try:
            interpreters.run_string(other, "import mecha")
        except interpreters.RunFailedError as error:
            assert "one interpreter" in str(error), error
        else:
            raise AssertionError
        """)


# --- SQLite ---

def test_pythons_own_sqlite_is_the_same_and_another_is_warned_of(tmp_path):
    output = run_script(f"""
        import ctypes, shutil, sqlite3
        document = {sqlite_state(tmp_path / "a.db")!r}
        sqlite3.connect({str(tmp_path / "b.db")!r}).execute("create table t (x)")
        def warnings():
            with mecha.Runtime("app", resource_texts=document, logs=False) as rt:
                rt.state("store").set("k", b"v")
                return [each["message"] for each in rt.describe()["warnings"]]
        ours = next(line.split()[-1] for line in open("/proc/self/maps") if "libsqlite3" in line)
        print(len([text for text in warnings() if "SQLite" in text]))
        shutil.copy(ours, {str(tmp_path / "libother.so")!r})
        other = ctypes.CDLL({str(tmp_path / "libother.so")!r})
        print(any("SQLite" in text for text in warnings()))
        """)
    assert output.splitlines()[-1] == "True"
    assert output.splitlines()[0] == "0", "this Python carries an SQLite of its own"
