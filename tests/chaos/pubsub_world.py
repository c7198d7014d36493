# SPDX-License-Identifier: Apache-2.0
"""What the scenes of pubsub.py share: a broker, peers (processes of pubsub_peer) and their log."""
import collections
import json
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from private_redis import DURABLE, PrivateRedis, is_installed  # noqa: E402, F401

PATIENCE = 120  # seconds; what takes longer has failed
LEASE = {"sqlite": 1.0, "redis": 0.6}  # seconds; the shortest that each broker takes
GONE = -106
REDELIVER = 0.2
SQLITE_YAML = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: bus
spec:
  type: pubsub.sqlite
  version: v1
  metadata:
    - {{name: connectionString, value: "{folder}/queue.db"}}
    - {{name: leaseTime, value: "{lease}s"}}
    - {{name: busyTimeout, value: "20s"}}
"""
REDIS_YAML = """\
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: bus
spec:
  type: pubsub.redis
  version: v1
  metadata:
    - {{name: redisHost, value: "127.0.0.1:{port}"}}
    - {{name: processingTimeout, value: "{lease}s"}}
    - {{name: redeliverInterval, value: "{redeliver}s"}}
"""

# A line of the log; see pubsub_peer.cc. Times are nanoseconds.
Entry = collections.namedtuple("Entry", "what id pid begin end attempt status")


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def wait_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"after {patience} s it does not hold that {what}")
        time.sleep(0.01)


class Log:
    """Reads what the peers append, from where it last stopped."""

    def __init__(self, path):
        self.path = path
        path.touch()
        self.entries = []
        self._file = path.open(encoding="utf-8")
        self._rest = ""

    def read(self):
        self._rest += self._file.read()
        *lines, self._rest = self._rest.split("\n")
        for line in lines:
            what, name, *numbers = line.split(" ")
            self.entries.append(Entry(what, name, *map(int, numbers)))
        return self.entries

    def ids(self, what):
        return {entry.id for entry in self.read() if entry.what == what}

    def of(self, what, pid=None, name=None):
        return [entry for entry in self.read() if entry.what == what and
                pid in (None, entry.pid) and name in (None, entry.id)]


class World:
    """A broker, the log of a scene, and the peers that run."""

    def __init__(self, program, broker, folder):
        self.program = program
        self.broker = broker
        self.folder = pathlib.Path(folder)
        self.lease = LEASE[broker]
        self.redis = PrivateRedis(self.folder, *DURABLE) if broker == "redis" else None
        self.resources = self.folder / "bus.yaml"
        self.resources.write_text(self.yaml(), encoding="utf-8")
        self.peers = []
        self.topic = ""
        self.log = None

    def yaml(self):
        if self.redis is None:
            return SQLITE_YAML.format(folder=self.folder, lease=int(self.lease))
        return REDIS_YAML.format(port=self.redis.port, lease=self.lease, redeliver=REDELIVER)

    def begin(self, topic):
        """A scene: a topic and a log of its own."""
        self.topic = topic
        self.log = Log(self.folder / f"{topic}.log")

    def end(self):
        self.kill_all()
        if self.redis is not None:
            self.redis.kill()

    def kill_all(self):
        for peer in self.peers:
            peer.kill()
            peer.wait()
            peer.stdin.close()
        self.peers = []

    def start(self, what, **settings):
        command = [self.program, what, f"resources={self.resources}", f"log={self.log.path}"]
        peer = subprocess.Popen(command + [f"{name}={value}" for name, value in settings.items()],
                                stdin=subprocess.PIPE)
        self.peers.append(peer)
        return peer

    def publisher(self, **settings):
        return self.start("publish", topic=self.topic, **settings)

    def consumer(self, topic=None, policy=None, dead_letters=None, **settings):
        """It does not wait for it to be there: see ready()."""
        spec = {"pubsubname": "bus", "topic": topic or self.topic,
                "metadata": {"redeliveryInterval": "200ms", **(policy or {})}}
        if dead_letters is not None:
            spec["deadLetterTopic"] = dead_letters
        return self.start("consume", spec=json.dumps(spec), **settings)

    def ready(self, *peers):
        for peer in peers:
            wait_until(lambda: peer.poll() is not None or self.log.of("S", peer.pid),
                       "a consumer is there")
            expect(peer.poll() is None, "a consumer starts")
        return peers[0]

    def kill(self, peer):
        peer.kill()
        self.reap(peer)

    def reap(self, peer):
        code = peer.wait(timeout=PATIENCE)
        peer.stdin.close()
        self.peers.remove(peer)
        return code

    def publish(self, count, prefix="m"):
        """Publishes so many messages and returns their ids."""
        publisher = self.publisher(count=count, prefix=prefix)
        publisher.wait(timeout=PATIENCE)
        published = {name for name in self.finish(publisher) if name.startswith(prefix)}
        expect(len(published) == count, f"the broker takes {count} messages: {published}")
        return published

    def finish(self, publisher):
        """Ends a publisher in order, and returns what the broker has taken."""
        publisher.stdin.close()
        expect(self.reap(publisher) == 0, "the publisher ends in order")
        published = self.log.ids("P")
        expect(published, "something was published")
        return published

    def drain(self, peer):
        peer.send_signal(signal.SIGTERM)
        code = self.reap(peer)
        expect(code == 0, f"a consumer drains; it ended with {code}")

    def accepted(self):
        """The replies that counted, by message."""
        replies = collections.defaultdict(list)
        for entry in self.log.of("R"):
            expect(entry.status in (0, GONE), f"a reply is OK or GONE: {entry}")
            if entry.status == 0:
                replies[entry.id].append(entry)
        return replies

    def check_all_handled(self, published):
        """Each was handled to its end by somebody. Waits for that."""
        missing = set(published)

        def is_done():
            missing.difference_update(self.log.ids("D"))
            return not missing
        try:
            wait_until(is_done, "everything was handled")
        except AssertionError as error:
            raise AssertionError(f"{error}; missing are {len(missing)} of {len(published)}: "
                                 f"{sorted(missing)[:5]}") from None

    def check_no_overlap(self):
        """No message was accepted from two handlers whose times overlap."""
        for name, replies in self.accepted().items():
            replies.sort(key=lambda entry: entry.begin)
            for one, next_one in zip(replies, replies[1:]):
                expect(next_one.begin >= one.end, f"{name} was in one handler at a time:\n"
                       f"  {one}\n  {next_one}\n" + "\n".join(
                           str(entry) for entry in self.log.entries if entry.id == name))
