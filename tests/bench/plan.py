# SPDX-License-Identifier: Apache-2.0
"""The planner beside others: Kafka's own assignors, and a loop that only fills arrays.

    ./dev bench plan [--small] [--peers NAME,...] [--shapes NAME,...] [--cases NAME,...]
                     [--limit SECONDS] [--heap SIZE] [--lines FILE]...

Prints three tables, each with the load of the machine: every peer through the same steps on every
shape; the planner under uneven weights, capacities and groups beside a recompute of each step; and
how the planner's costs grow with the number of units. One judge (peers/check.c) says of every
result whether it is complete, how even, and how many units moved against the least that any planner
can do. --lines adds lines of an earlier run; --small leaves out 10M units. Every line is also in
build/bench/plan.jsonl. tests/bench/README.md says what a peer is, and what the columns are.
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
PEERS = ("floor", "muster", "uniform", "range", "cooperative-sticky")
STICKY_MAX = 100_000 * 100  # units x collectors that cooperative-sticky is asked for

CASES = ("even", "units 95 %", "zipf", "zipf 95 %", "5 groups")
CASE_SHAPE = "1Mx1k"
SCALES = [(10_000, 10), (100_000, 100), (1_000_000, 1_000), (10_000_000, 10_000)]
FILL = 0.95  # of the capacities, at the step `full`
GROUPS = 5


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


def write_case(case, shape, folder):
    """The files of a case; returns the options that tell a peer, and the judge, of them."""

    def written(name, numbers):
        path = os.path.join(folder, name)
        write_numbers(path, numbers)
        return path

    units = shape.topics * shape.partitions
    collectors = 1 + max(max(there) for _, there in steps_of(shape.collectors))
    options = []
    total = units
    if case.startswith("zipf"):
        path = os.path.join(folder, "weights")
        subprocess.run(
            [os.path.join(BUILD, "bench", "peers", "weights"), "1", str(units), path], check=True
        )
        weights = array.array("I", open(path, "rb").read())
        total = sum(weights)
        options += ["--weights", path]
    if "95 %" in case:
        each = round(total / shape.collectors / FILL)
        options += ["--capacities", written("capacities", [each] * collectors)]
    if case == "5 groups":
        # By tens, since those that come and go are one of ten.
        options += [
            "--groups",
            written("unit.groups", (unit % GROUPS for unit in range(units))),
            written("collector.groups", (c // 10 % GROUPS for c in range(collectors))),
        ]
    return options


def judge(folder, before, step, options=()):
    """What the judge says of FOLDER/STEP.owners, after those of the step `before`, if any."""
    former = "-" if before is None else os.path.join(folder, before + ".owners")
    done = subprocess.run(
        [
            os.path.join(BUILD, "bench", "peers", "check"),
            *options,
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
    if peer in ("muster", "afresh"):
        return [os.path.join(BUILD, "bench", "plan"), "walk"] + ["--afresh"] * (peer == "afresh")
    line = kafka.java("-Xms" + heap, "-Xmx" + heap, "KafkaPeer", peer)
    line[line.index("-cp") + 1] += ":" + classes()
    return line


def measure(peer, case, shape, heap, limit):
    """Walks the shape with that peer; yields a line for each step, and one that says why where the
    rest is missing."""
    about = {"peer": peer, "case": case, **shape._asdict()}
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        write_steps(folder, shape.collectors)
        options = write_case(case, shape, folder)
        call = [*command(peer, heap), *options, str(shape.topics), str(shape.partitions), folder]
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
            yield {**about, **line, **judge(folder, before, line["step"], options)}
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
            for key in ("time_ms", "first_ms", "cpu_ms", "add_ms", "moves", "moves_min",
                        "forced"):
                if key in line:
                    line[key] = round(line[key] + away[key], 4)
            line["trouble"] = away["trouble"] or line["trouble"]
            for key in ("complete", "balanced"):
                line[key] = away[key] and line[key]
        yield line


def check_word(line):
    if line["trouble"]:
        return line["trouble"]
    if "weight_max" in line:
        mean = line["weight_mean"]
        is_even = line["weight_max"] <= max(1.01 * mean, line["weight_bound"])
    else:
        is_even = line["balanced"]
    return "ok" if is_even else "uneven"


def shape_word(line):
    if line["partitions"] > 1:
        return f"{line['topics']:,} x {line['partitions']:,} x {line['collectors']:,}"
    return f"{line['topics']:,} x {line['collectors']:,}"


def ms(line, key):
    return f"{line[key]:,.2f}" if key in line else ""


def sorted_lines(lines):
    """By shape, case and step, the peers of a step below one another."""
    order = [step for step, _ in steps_of(10)] + ["the rest"]
    peers = list(dict.fromkeys(line["peer"] for line in lines))
    return sorted(
        lines,
        key=lambda n: (
            n["topics"] * n["partitions"],
            n["collectors"],
            CASES.index(n["case"]),
            order.index(n["step"]) if n["step"] in order else len(order),
            peers.index(n["peer"]),
        ),
    )


def aligned(head, rows, right):
    """The rows as text; the columns of `right` to the right."""
    rows = [head] + rows
    widths = [max(len(cells[i]) for cells in rows) for i in range(len(head))]
    texts = []
    for cells in rows:
        padded = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(cells, widths))
        ]
        texts.append("  ".join(padded).rstrip())
    return "\n".join(texts)


def table(lines):
    """All peers on even weights."""
    head = ["shape", "step", "peer", "ms", "adding", "cpu", "cold", "moves", "minimum", "max/min"]
    rows = []
    for line in sorted_lines(lines):
        cells = [shape_word(line), line["step"], line["peer"]]
        if "time_ms" in line:
            cells += [ms(line, key) for key in ("time_ms", "add_ms", "cpu_ms", "first_ms")]
            cells += [f"{line[key]:,}" for key in ("moves", "moves_min")]
            cells += [f"{line['max']:,}/{line['min']:,}", check_word(line)]
        else:
            cells += [""] * 7 + [line["trouble"]]
        rows.append(cells)
    return aligned([*head, "check"], rows, range(3, 10))


def table_cases(lines):
    """The planner alone, under what the others do not know."""
    found = {(line["case"], line["step"], line["peer"]): line for line in lines}
    head = ["case", "step", "ms", "adding", "cpu", "x even", "afresh", "moves", "forced", "minimum"]
    rows = []
    for line in sorted_lines(lines):
        if line["peer"] != "muster" or "time_ms" not in line:
            continue
        even = found.get(("even", line["step"], "muster"), line)
        afresh = found.get((line["case"], line["step"], "afresh"))
        has_weights = "weight_max" in line
        mean = line.get("weight_mean") or line["assigned"] / line["collectors"]
        rows.append([
            line["case"], line["step"], ms(line, "time_ms"), ms(line, "add_ms"), ms(line, "cpu_ms"),
            f"{line['cpu_ms'] / even['cpu_ms']:.1f}",
            ms(afresh, "cpu_ms") if afresh else "",
            f"{line['moves']:,}", f"{line['forced']:,}",
            "" if has_weights else f"{line['moves_min']:,}",
            f"{100 * line['moves'] / afresh['moves']:.2f} %" if afresh and afresh["moves"] else "",
            f"{line['weight_max'] / mean:.5f}" if has_weights else "",
            f"{line['weight_bound'] / mean:.5f}" if has_weights else "",
            f"{line['pending']:,}", check_word(line),
        ])
    head += ["of afresh", "max/mean", "bound", "pending", "check"]
    return aligned(head, rows, range(2, 14))


def table_scales(lines):
    head = ["units", "collectors", "moves", "+1 ms", "cpu", "-1 ms", "cpu", "a unit us",
            "full ms", "cpu", "restore ms", "cpu", "bytes a unit", "changes taken"]
    rows = [
        [
            f"{line['units']:,}", f"{line['collectors']:,}", f"{line['moves']:,}",
            *(f"{line[key]:.4f}" for key in ("join_ms", "join_cpu_ms", "leave_ms", "leave_cpu_ms")),
            f"{line['unit_us']:.2f}",
            *(ms(line, key) for key in ("full_ms", "full_cpu_ms", "restore_ms", "restore_cpu_ms")),
            f"{line['bytes_settled']:.1f}", f"{line['bytes_taken']:.1f}",
        ]
        for line in lines
    ]
    return aligned(head, rows, range(14))


def scale_lines(is_small):
    """How the planner's costs grow."""
    lines = []
    for units, collectors in SCALES[:-1] if is_small else SCALES:
        print(f"plan: {units:,} units", file=sys.stderr)
        call = [os.path.join(BUILD, "bench", "plan"), "scale", str(units), str(collectors)]
        lines.append(json.loads(subprocess.run(call, stdout=subprocess.PIPE, check=True).stdout))
    return lines


def peer_lines(chosen):
    """All peers through all shapes."""
    for name in chosen.shapes:
        for peer in chosen.peers:
            shape = SHAPES[name]
            size = shape.topics * shape.partitions * shape.collectors
            if peer == "cooperative-sticky" and size > STICKY_MAX:
                continue
            print(f"plan: {peer}, {name}", file=sys.stderr)
            yield from bounces_join(measure(peer, "even", shape, chosen.heap, chosen.limit))


def case_lines(chosen):
    """The planner, and the planner from nothing at each step, through the cases."""
    for case in chosen.cases:
        for peer in ("muster", "afresh"):
            print(f"plan: {peer}, {case}", file=sys.stderr)
            shape = SHAPES[CASE_SHAPE]
            yield from bounces_join(measure(peer, case, shape, chosen.heap, chosen.limit))


def words(text, known, parser):
    """The names of a list, each of which must be known."""
    names = [] if text == "none" else text.split(",")
    for name in names:
        if name not in known:
            parser.error(f"no '{name}'; there are: {', '.join(known)}")
    return names


def arguments():
    parser = argparse.ArgumentParser(prog="dev bench plan", description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="without 10M units")
    parser.add_argument("--peers", default=",".join(PEERS), help="of: %(default)s; or 'none'")
    parser.add_argument("--shapes", help="of: " + ",".join(SHAPES))
    parser.add_argument("--cases", default=",".join(CASES), help="as they are named; or 'none'")
    parser.add_argument("--limit", type=int, default=60, help="seconds a peer has for a shape")
    parser.add_argument("--heap", default="10g", help="of a Java peer (%(default)s)")
    parser.add_argument("--lines", action="append", default=[], help="a file of lines to show too")
    parser.add_argument("--no-scales", action="store_true", help="without the third table")
    chosen = parser.parse_args()
    chosen.peers = words(chosen.peers, PEERS, parser)
    chosen.cases = words(chosen.cases, CASES, parser)
    chosen.shapes = words(
        chosen.shapes or ",".join(SMALL if chosen.small else SHAPES), SHAPES, parser
    )
    return chosen


def tell(name, texts, lines):
    """A table, with how busy the machine was."""
    if lines:
        load = os.getloadavg()[1]
        print(f"\n{name} ({os.cpu_count()} cores, load {load:.1f})\n\n{texts(lines)}", flush=True)


def main():
    chosen = arguments()
    parts = {"peers": [], "cases": [], "scales": []}
    for path in chosen.lines:
        with open(path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                parts[line.pop("table")].append(line)
    shutil.rmtree(os.path.join(OUT, "classes"), ignore_errors=True)
    os.makedirs(OUT, exist_ok=True)
    if not chosen.no_scales:
        parts["scales"] += scale_lines(chosen.small)
    tell("growth", table_scales, parts["scales"])
    parts["cases"] += case_lines(chosen)
    tell("cases of " + CASE_SHAPE, table_cases, parts["cases"])
    parts["peers"] += peer_lines(chosen)
    tell("peers", table, parts["peers"])
    with open(os.path.join(OUT, "plan.jsonl"), "w", encoding="utf-8") as file:
        for name, lines in parts.items():
            file.writelines(json.dumps({"table": name, **line}) + "\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
