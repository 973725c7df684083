# SPDX-License-Identifier: Apache-2.0
"""How long until the first record of a new topic is in the sink.

    ./dev bench newtopic [TOPICS] [--peer]      20 topics on one real broker

The clock of each topic starts when it exists in Kafka and runs over its announcement and its first
record until the collector's sink has that record. With --peer, beside it in the same run: a
librdkafka consumer (kcat) that subscribes by pattern with default settings, once, for at most 310 s,
since it looks for new topics every 300 s.
"""

import json
import os
import subprocess
import sys
import time

from bench import lead, one_broker, percentile, tool
from procs import kcat_produce, wait_for


class Announcer:
    """A producer that stays open, so that no process start is measured."""

    def __init__(self, cluster):
        self.child = subprocess.Popen(
            [tool("fleet"), "say", cluster.bootstrap, "muster", "control"],
            stdin=subprocess.PIPE,
            text=True,
        )

    def send(self, line):
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()

    def end(self):
        self.child.stdin.close()
        self.child.wait(10)


def first_read(cluster, control, sink, name):
    """Seconds from the announcement of an existing topic to its first record in the sink."""
    kcat_produce(cluster.bootstrap, name, ["first"])
    begun = time.monotonic()
    control.send(json.dumps({"agent": name, "topics": [{"name": name, "partitions": 1}]}))

    def is_there():
        with open(sink, encoding="utf-8") as lines:
            return any(json.loads(line)["topic"] == name for line in lines)

    wait_for(is_there, 60, f"'{name}' in the sink")
    return time.monotonic() - begun


def peer(cluster, folder):
    """Seconds until a pattern subscription delivers a new topic's first record, None if over 310."""
    path = os.path.join(folder, "peer.out")
    with open(path, "wb") as out:
        child = subprocess.Popen(
            ["kcat", "-b", cluster.bootstrap, "-G", "peer", "-X", "auto.offset.reset=earliest",
             "-f", "%t\n", "-u", "^peer[.].*"],
            stdout=out,
            stderr=subprocess.DEVNULL,
        )
    try:
        wait_for(lambda: os.path.getsize(path) > 0, 60, "the peer reads what is there")
        cluster.create_topics(["peer.new"])
        begun = time.monotonic()
        kcat_produce(cluster.bootstrap, "peer.new", ["first"])
        try:
            wait_for(lambda: "peer.new" in open(path, encoding="utf-8").read(), 310, "peer.new")
        except AssertionError:
            return None
        return time.monotonic() - begun
    finally:
        child.kill()
        child.wait()


def main():
    arguments = [a for a in sys.argv[1:] if a != "--peer"]
    topics = int(arguments[0]) if arguments else 20
    with one_broker() as cell:
        cluster = cell.cluster
        lead(cell)
        cell.collector("reader", {"flush.interval.ms": "10"})
        sink = cell.sink_path("reader")
        control = Announcer(cluster)
        cluster.create_topics(["warm"] + [f"new.{i}" for i in range(topics)])
        first_read(cluster, control, sink, "warm")
        seconds = [first_read(cluster, control, sink, f"new.{i}") for i in range(topics)]
        control.end()
        print(f"one broker, {topics} new topics one at a time, announced -> first record in the sink")
        print(f"  muster                       p50 {percentile(seconds, 0.5):7.3f} s   "
              f"p99 {percentile(seconds, 0.99):7.3f} s")
        if "--peer" in sys.argv:
            cluster.create_topics(["peer.old"])
            kcat_produce(cluster.bootstrap, "peer.old", ["old"])
            measured = peer(cluster, cell.folder)
            text = "more than 310" if measured is None else f"{measured:.1f}"
            print(f"  consumer group by pattern    {text} s (one sample, default settings)")


if __name__ == "__main__":
    sys.exit(main())
