# SPDX-License-Identifier: Apache-2.0
"""The planner beside others: Kafka's own assignors, and a loop that only fills arrays.

    ./dev bench plan [--small] [--peers NAME,...] [--shapes NAME,...] [--limit SECONDS]
                     [--heap SIZE] [--lines FILE]...

First the planner's own bench; what it prints stays as it is, except lines of JSON as below, which
join the table. Then each peer walks each shape through the same steps, and one judge
(peers/check.c) says of every result whether it is complete, how even, and how many units moved
against the least that any planner can do. --lines adds lines of an earlier run; --small leaves out
10M units. Every line of the table is also in build/bench/plan.jsonl. tests/bench/README.md says
what a peer is.
"""

import argparse
import array
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

import kafka
import procs

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("MUSTER_BUILD") or os.path.join(procs.SOURCE, "build", "release")
OUT = os.path.join(procs.SOURCE, "build", "bench")

Shape = collections.namedtuple("Shape", "topics partitions collectors")

SHAPES = {
    "100kx100": Shape(100_000, 1, 100),
    "100kx1k": Shape(100_000, 1, 1_000),
    "1Mx1k": Shape(1_000_000, 1, 1_000),
    "500kx10k": Shape(1_000, 500, 10_000),
    "10Mx10k": Shape(10_000_000, 1, 10_000),
}
SMALL = [name for name in SHAPES if name != "10Mx10k"]
PEERS = ("floor", "uniform", "range", "cooperative-sticky")
STICKY_MAX = 100_000 * 100  # units x collectors that cooperative-sticky is asked for


def steps_of(collectors):
    """[(step, numbers of the collectors that are there)]; `collectors` is a multiple of 10.

    Those that leave are spread over the numbers: one of the middle, then each tenth (..3), then
    each tenth (..7), which come back.
    """
    first = set(range(collectors))
    middle = {collectors // 2}
    more = set(range(collectors + 1, collectors + 1 + collectors // 10))
    now = first | {collectors}
    joined = (now - middle) | more
    fewer = joined - set(range(3, collectors, 10))
    away = fewer - set(range(7, collectors, 10))
    return [
        ("full", first),
        ("+1", now),
        ("-1", now - middle),
        ("+10%", joined),
        ("-10%", fewer),
        ("bounce.away", away),
        ("bounce", fewer),
    ]


def write_numbers(path, numbers):
    """A file of little-endian uint32."""
    values = array.array("I", numbers)
    if sys.byteorder == "big":
        values.byteswap()
    with open(path, "wb") as file:
        values.tofile(file)


def write_steps(folder, collectors):
    steps = steps_of(collectors)
    for step, there in steps:
        write_numbers(os.path.join(folder, step + ".there"), sorted(there))
    with open(os.path.join(folder, "all.steps"), "w", encoding="ascii") as file:
        file.writelines(step + "\n" for step, _ in steps)


def judge(folder, before, step):
    """What the judge says of FOLDER/STEP.owners, after those of the step `before`, if any."""
    former = "-" if before is None else os.path.join(folder, before + ".owners")
    done = subprocess.run(
        [
            os.path.join(BUILD, "bench", "peers", "check"),
            former,
            os.path.join(folder, step + ".owners"),
            os.path.join(folder, step + ".there"),
        ],
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode not in (0, 1):
        raise AssertionError(f"the judge cannot tell: exit {done.returncode}")
    return json.loads(done.stdout)


def classes():
    """Compiles the harness against Kafka's jars and returns the folder of its classes."""
    kafka.fetch()
    folder = os.path.join(OUT, "classes")
    sources = [os.path.join(HERE, "peers", n) for n in sorted(os.listdir(HERE + "/peers"))]
    subprocess.run(
        ["javac", "-d", folder, "-cp", kafka.LIBS + "/*"]
        + [path for path in sources if path.endswith(".java")],
        check=True,
    )
    return folder


def command(peer, heap):
    if peer == "floor":
        return [os.path.join(BUILD, "bench", "peers", "floor")]
    line = kafka.java("-Xms" + heap, "-Xmx" + heap, "KafkaPeer", peer)
    line[line.index("-cp") + 1] += ":" + classes()
    return line


def measure(peer, shape, heap, limit):
    """Walks the shape with that peer; yields a line for each step, and one that says why where the
    rest is missing."""
    about = {"peer": peer, **shape._asdict()}
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        write_steps(folder, shape.collectors)
        call = [*command(peer, heap), str(shape.topics), str(shape.partitions), folder]
        before = None
        try:
            done = subprocess.run(
                call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=limit,
                preexec_fn=procs.die_with_parent, check=False,
            )
            told, end = done.stdout, ended(done, heap)
        except subprocess.TimeoutExpired as expired:
            told, end = (expired.stdout or b"").decode(), f"stopped after {limit} s"
        for line in [json.loads(line) for line in told.splitlines() if line.endswith("}")]:
            yield {**about, **line, **judge(folder, before, line["step"])}
            before = line["step"]
        if end:
            yield {**about, "step": "the rest", "trouble": end}


def ended(done, heap):
    """Why a peer ended early, or None."""
    if done.returncode == 0:
        return None
    if "OutOfMemoryError" in done.stderr:
        return f"does not fit in {heap}"
    return f"exit {done.returncode}: {' '.join(done.stderr.split())[:200]}"


def bounces_join(lines):
    """The two halves of a bounce as one: times, moves and minimum added up."""
    away = None
    for line in lines:
        if line["step"] == "bounce.away":
            away = line
            continue
        if line["step"] == "bounce" and away:
            for key in ("time_ms", "first_ms", "moves", "moves_min"):
                line[key] = round(line[key] + away[key], 4)
            line["trouble"] = away["trouble"] or line["trouble"]
            for key in ("complete", "balanced"):
                line[key] = away[key] and line[key]
        yield line


def check_word(line):
    if line["trouble"]:
        return line["trouble"]
    return "ok" if line["balanced"] else "uneven"


def row(line):
    """The cells of the table, as text."""
    shape = f"{line['topics']:,} x {line['collectors']:,}"
    if line["partitions"] > 1:
        shape = f"{line['topics']:,} x {line['partitions']:,} x {line['collectors']:,}"
    if "time_ms" not in line:
        return [shape, line["step"], line["peer"], "", "", "", "", line["trouble"]]
    return [
        shape,
        line["step"],
        line["peer"],
        f"{line['time_ms']:,.2f}",
        f"{line['moves']:,}",
        f"{line['moves_min']:,}",
        f"{line['max']:,}/{line['min']:,}",
        check_word(line),
    ]


def table(lines):
    """The lines as text: by shape, then by step, the peers of a step below one another."""
    order = [step for step, _ in steps_of(10)] + ["the rest"]
    peers = list(dict.fromkeys(line["peer"] for line in lines))
    lines = sorted(
        lines,
        key=lambda n: (
            n["topics"] * n["partitions"],
            n["collectors"],
            order.index(n["step"]) if n["step"] in order else len(order),
            peers.index(n["peer"]),
        ),
    )
    head = ["shape", "step", "peer", "ms", "moves", "minimum", "max/min", "check"]
    rows = [head] + [row(line) for line in lines]
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(head))]
    texts = []
    for cells in rows:
        padded = [
            cell.rjust(width) if 3 <= i <= 6 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths))
        ]
        texts.append("  ".join(padded).rstrip())
    return "\n".join(texts)


def own_lines(is_small):
    """Runs the planner's own bench; passes on what it prints but the lines of JSON, which it
    returns."""
    lines = []
    call = [os.path.join(BUILD, "bench", "plan")] + (["--small"] if is_small else [])
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as child:
        for line in child.stdout:
            if line.startswith("{"):
                lines.append(json.loads(line))
            else:
                print(line, end="", flush=True)
    if child.returncode != 0:
        sys.exit(child.returncode)
    return lines


def arguments():
    parser = argparse.ArgumentParser(prog="dev bench plan", description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="without 10M units")
    parser.add_argument("--peers", default=",".join(PEERS), help="of: %(default)s; or 'none'")
    parser.add_argument("--shapes", help="of: " + ",".join(SHAPES))
    parser.add_argument("--limit", type=int, default=600, help="seconds a peer has for a shape")
    parser.add_argument("--heap", default="10g", help="of a Java peer (%(default)s)")
    parser.add_argument("--lines", action="append", default=[], help="a file of lines to show too")
    parser.add_argument("--no-own", action="store_true", help="without the planner's own bench")
    chosen = parser.parse_args()
    chosen.peers = [] if chosen.peers == "none" else chosen.peers.split(",")
    if chosen.shapes:
        chosen.shapes = chosen.shapes.split(",")
    else:
        chosen.shapes = SMALL if chosen.small else list(SHAPES)
    for given, known in ((chosen.peers, PEERS), (chosen.shapes, SHAPES)):
        for name in given:
            if name not in known:
                parser.error(f"no '{name}'; there are: {', '.join(known)}")
    return chosen


def main():
    chosen = arguments()
    lines = [] if chosen.no_own else own_lines(chosen.small)
    for path in chosen.lines:
        with open(path, encoding="utf-8") as file:
            lines += [json.loads(line) for line in file]
    shutil.rmtree(os.path.join(OUT, "classes"), ignore_errors=True)
    os.makedirs(OUT, exist_ok=True)
    for name in chosen.shapes:
        for peer in chosen.peers:
            shape = SHAPES[name]
            size = shape.topics * shape.partitions * shape.collectors
            if peer == "cooperative-sticky" and size > STICKY_MAX:
                continue
            print(f"plan: {peer}, {name}", file=sys.stderr)
            lines += bounces_join(measure(peer, shape, chosen.heap, chosen.limit))
    with open(os.path.join(OUT, "plan.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    print(table(lines))


if __name__ == "__main__":
    sys.exit(main())
