#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills, stops and restarts who publishes, consumes and keeps messages; checks what is promised.

  pubsub.py PROGRAM BROKER [--long] [--seed N] [--only SCENE]    BROKER is sqlite or redis

PROGRAM is pubsub_peer. The seed is printed. Exit code 77: redis-server is not installed.
"""
import argparse
import random
import signal
import sys
import tempfile
import time

from pubsub_world import GONE, World, expect, is_installed, wait_until

FOREVER = {"redeliveryAttempts": "1000000"}


def scene_kills(world, source, is_long):
    """kill -9 of consumers, and of the publisher now and then, at random instants: everything is
    handled, never by two at a time."""
    kills = 1000 if is_long else 200
    settings = {"work_us": 4000, "policy": FOREVER}
    consumers = [world.consumer(**settings) for _ in range(4)]
    world.ready(*consumers)
    publisher = world.publisher(batch=10, pause_us=10000)
    for number in range(kills):
        time.sleep(source.uniform(0, 0.06))
        if number % 10 == 9:
            world.kill(publisher)
            publisher = world.publisher(batch=10, pause_us=10000, prefix=f"{number}-")
        victim = consumers.pop(source.randrange(len(consumers)))
        world.kill(victim)
        consumers.append(world.consumer(**settings))
    published = world.finish(publisher)
    world.check_all_handled(published)
    if world.redis is not None:
        check_dead_are_removed(world, consumers)
    for consumer in consumers:
        world.drain(consumer)
    world.check_no_overlap()
    again = sum(entry.attempt > 1 for entry in world.log.of("B"))
    return f"{kills} kills, {len(published)} published, {again} handled again"


def check_dead_are_removed(world, consumers):
    """Some time after the last kill the group has no dead consumers any more. Redis may have
    dropped idle ones that live, too: they are there again with their next message."""
    def count():
        return int(world.redis.ask(f"XINFO CONSUMERS {world.topic} chaos").split("\r\n")[0][1:])
    world.ready(*consumers)
    wait_until(lambda: count() <= len(consumers), "dead consumers leave the group")
    world.check_all_handled(world.publish(100, prefix="after-"))
    expect(0 < count() <= len(consumers), "only the living are in the group")


def scene_drain(world, source, is_long):
    """SIGTERM under load: nothing is lost and nothing is handled twice."""
    ends = 200 if is_long else 50
    settings = {"work_us": 4000, "policy": FOREVER}
    consumers = [world.consumer(**settings) for _ in range(3)]
    world.ready(*consumers)
    publisher = world.publisher(batch=10, pause_us=10000)
    for number in range(ends):
        time.sleep(source.uniform(0, 0.08))
        leaver = world.ready(consumers.pop(0))
        consumers.append(world.consumer(end=("stop", "shutdown")[number % 2], **settings))
        world.drain(leaver)
    published = world.finish(publisher)
    world.check_all_handled(published)
    for consumer in consumers:
        world.ready(consumer)
        world.drain(consumer)
    begun = world.log.of("B")
    accepted = world.accepted()
    twice = [name for name, replies in accepted.items() if len(replies) > 1]
    expect(not twice, f"nothing is handled twice: {twice[:5]}\n" + "\n".join(
        str(entry) for entry in world.log.entries if entry.id in twice[:2]))
    expect(len(begun) == len(published) and set(accepted) == published,
           f"each of {len(published)} went to one handler, once: {len(begun)} times")
    counted = sum(entry.attempt > 1 for entry in begun)
    return f"{ends} ends, {len(published)} published, each handled once, {counted} as a second try"


def scene_frees(world, source, is_long):
    """A program that frees its runtime under load, without a drain and with requests open: all that
    it had is handled by others."""
    ends = 100 if is_long else 20
    settings = {"work_us": 4000, "policy": FOREVER}
    consumers = [world.consumer(end="free", **settings) for _ in range(3)]
    world.ready(*consumers)
    publisher = world.publisher(batch=10, pause_us=10000)
    for _ in range(ends):
        time.sleep(source.uniform(0, 0.08))
        leaver = world.ready(consumers.pop(0))
        consumers.append(world.consumer(end="free", **settings))
        world.drain(leaver)
    published = world.finish(publisher)
    wait_until(lambda: published <= set(world.accepted()), "every message was accepted")
    for consumer in consumers:
        world.drain(world.ready(consumer))
    world.check_no_overlap()
    accepted = world.accepted()
    again = sum(entry.attempt > 1 for entry in world.log.of("B"))
    expect(set(accepted) == published, "nothing else was accepted")
    return f"{ends} ends, {len(published)} published, {again} handled again"


def scene_restarts(world, source, is_long):
    """kill -9 of the server: nothing that it acknowledged is lost."""
    if world.redis is None:
        return None
    restarts = 100 if is_long else 20
    settings = {"work_us": 2000, "policy": FOREVER}
    consumers = [world.consumer(**settings) for _ in range(2)]
    world.ready(*consumers)
    publisher = world.publisher(batch=4, pause_us=5000)
    for _ in range(restarts):
        count = len(world.log.of("P"))
        time.sleep(source.uniform(0, 0.15))
        world.redis.kill()
        time.sleep(source.uniform(0, 0.1))
        world.redis.start()
        wait_until(lambda: len(world.log.of("P")) > count, "publishing goes on after a restart")
    published = world.finish(publisher)
    world.check_all_handled(published)
    for consumer in consumers:
        world.drain(consumer)
    world.check_no_overlap()
    return f"{restarts} restarts, {len(published)} acknowledged"


def scene_frozen(world, source, is_long):
    """SIGSTOP past the lease: another gets the message, and the late reply is GONE."""
    rounds = 10 if is_long else 2
    for number in range(rounds):
        frozen = world.ready(world.consumer(threads=1, credit=1, work_us=300000, least_us=300000))
        [name] = world.publish(1, prefix=f"{number}-")
        wait_until(lambda: world.log.of("B", frozen.pid, name), "the message is in a handler")
        frozen.send_signal(signal.SIGSTOP)
        heir = world.ready(world.consumer(work_us=1000 * source.randrange(100)))
        wait_until(lambda: world.log.of("R", heir.pid, name), "another gets it")
        frozen.send_signal(signal.SIGCONT)
        wait_until(lambda: world.log.of("R", frozen.pid, name), "the frozen one replies")
        expect([entry.status for entry in world.log.of("R", frozen.pid, name)] == [GONE],
               "the late reply is GONE")
        expect([entry.status for entry in world.log.of("R", heir.pid, name)] == [0],
               "the reply of the other one counts")
        world.drain(frozen)
        world.drain(heir)
    return f"{rounds} rounds"


def scene_freezes(world, source, is_long):
    """SIGSTOP of most consumers under load, around the length of the lease: never two at a time."""
    rounds = 60 if is_long else 8
    settings = {"work_us": 30000, "policy": FOREVER}
    consumers = [world.consumer(**settings) for _ in range(4)]
    world.ready(*consumers)
    publisher = world.publisher(batch=5, pause_us=10000)
    for _ in range(rounds):
        frozen = source.sample(consumers, 3)
        for consumer in frozen:
            consumer.send_signal(signal.SIGSTOP)
        pauses = sorted(source.uniform(0, 2 * world.lease) for _ in frozen)
        for consumer, before, until in zip(frozen, [0, *pauses], pauses):
            time.sleep(until - before)
            consumer.send_signal(signal.SIGCONT)
        time.sleep(source.uniform(0, 0.1))
    published = world.finish(publisher)
    world.check_all_handled(published)
    for consumer in consumers:
        world.drain(consumer)
    world.check_no_overlap()
    gone = sum(entry.status == GONE for entry in world.log.of("R"))
    return f"{rounds} rounds, {len(published)} published, {gone} late replies"


def scene_slow(world, _, is_long):
    """A handler slower than every lease gets its message once, while others have nothing to do."""
    work = int(world.lease * (10 if is_long else 3.5) * 1e6)
    consumers = [world.consumer(threads=2, credit=4, work_us=work, least_us=work)
                 for _ in range(2)]
    world.ready(*consumers)
    published = world.publish(6)
    world.check_all_handled(published)
    for consumer in consumers:
        world.drain(consumer)
    begun = [(entry.id, entry.attempt) for entry in world.log.of("B")]
    expect(sorted(begun) == sorted((name, 1) for name in published),
           f"each message began once: {begun}")
    expect({name: len(replies) for name, replies in world.accepted().items()} ==
           dict.fromkeys(published, 1), "each reply counts")
    return f"{len(published)} messages, {work / 1e6:.1f} s each"


def scene_poison(world, _, is_long):
    """What is never handled comes ever more seldom, and then reaches the dead letter topic."""
    attempts = 7 if is_long else 5
    dead = world.topic + "-dead"
    undertaker = world.consumer(topic=dead)
    consumer = world.consumer(verdict="retry", dead_letters=dead,
                              policy={"redeliveryAttempts": str(attempts)})
    healthy = world.ready(undertaker, consumer)
    published = world.publish(3)
    wait_until(lambda: published <= {entry.id for entry in world.log.of("R", healthy.pid)},
               "the dead letter topic has them all")
    for name in published:
        begun = world.log.of("B", consumer.pid, name)
        expect([entry.attempt for entry in begun] == list(range(1, attempts + 1)),
               f"{attempts} attempts, counted: {begun}")
        gaps = [(late.begin - early.end) / 1e9 for early, late in zip(begun, begun[1:])]
        for number, gap in enumerate(gaps):
            expect(gap >= 0.19 * 2 ** number, f"the pauses double: {gaps}")
        expect(len(world.log.of("B", undertaker.pid, name)) == 1, "one dead letter")
    world.drain(consumer)
    world.drain(undertaker)
    return f"{len(published)} messages, {attempts} attempts each"


SCENES = {name.removeprefix("scene_"): scene for name, scene in globals().copy().items()
          if name.startswith("scene_")}


def play(arguments):
    with tempfile.TemporaryDirectory() as folder:
        world = World(arguments.program, arguments.broker, folder)
        try:
            for name, scene in SCENES.items():
                if arguments.only not in (None, name):
                    continue
                started = time.monotonic()
                world.begin(name)
                result = scene(world, random.Random(arguments.seed), arguments.long)
                world.kill_all()
                if result is not None:
                    print(f"{name}: {result}; {time.monotonic() - started:.1f} s", flush=True)
        finally:
            world.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("broker", choices=("sqlite", "redis"))
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", choices=SCENES)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.broker == "redis" and not is_installed():
        print("redis-server is not installed")
        return 77
    play(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
