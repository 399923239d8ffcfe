"""Measures `plumbline scan` and `run` as whole processes and prints one line a figure.

Usage: scan.py [--items N ...]; run by `make bench` after `cargo bench` has built the
program.

Beside DuckDB and for start-up, what counts is processor time (user and system, the least of several runs, in
turn): what else the machine does hardly changes it. Other times are elapsed. Peak memory is the operating
system's own account of the finished process. Nothing is asserted: the bars stand in docs/benchmarks.md.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLUMBLINE = ROOT / "target" / "release" / "plumbline"
PREDICATES = ROOT / "benches" / "predicates.py"
BUCKETS = ROOT / "benches" / "buckets.py"
ROUNDS = 7


class Cost(typing.NamedTuple):
    """What a process took: elapsed seconds, processor seconds, peak memory in MiB."""

    elapsed: float
    processor: float
    peak: float


def measure(command: list[str], environment: dict[str, str] | None = None) -> Cost:
    """Runs a command to its end, with more than its own environment where some is given."""
    with open(os.devnull, "wb") as sink:
        started = time.perf_counter()
        own = None if environment is None else {**os.environ, **environment}
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.DEVNULL, env=own)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return Cost(elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def least(commands: dict[str, list[str]]) -> dict[str, Cost]:
    """Of each command, run in turn, the run that took the least processor time."""
    rounds = [{name: measure(command) for name, command in commands.items()} for _ in range(ROUNDS)]
    return {name: min((costs[name] for costs in rounds), key=lambda cost: cost.processor) for name in commands}


def generate(*arguments: str) -> None:
    command = ["cargo", "bench", "--quiet", "--bench", "throughput", "--", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def scan(baseline: pathlib.Path, snapshot: pathlib.Path | str, output: str = "json") -> list[str]:
    # However old the items are by now: of stale ones nothing is evaluated.
    paths = ["--baseline", str(baseline), "--snapshot", str(snapshot), "--max-age", "876000h"]
    return [str(PLUMBLINE), "scan", *paths, "--output", output, "--allow-unknown"]


# Runs in a process of its own: a child's peak memory counts from its parent's.
AS_LINES = """
import json, sys
items = json.load(open(sys.argv[1]))["configurationItems"]
with open(sys.argv[2], "w") as lines:
    lines.writelines(json.dumps(item, separators=(",", ":")) + "\\n" for item in items)
"""


def as_lines(snapshot: pathlib.Path) -> pathlib.Path:
    lines = snapshot.with_suffix(".jsonl")
    subprocess.run([sys.executable, "-c", AS_LINES, str(snapshot), str(lines)], check=True)
    return lines


def beside_duckdb(folder: pathlib.Path) -> None:
    """The same predicates over the same 10,000 items, whole processes, in turn."""
    as_lines(folder / "10000.json")
    subprocess.run([sys.executable, str(BUCKETS), "10000", str(folder)], check=True)
    for kind, name, baseline in (("mixed", "10000", "five"), ("buckets", "buckets", "buckets")):
        files = {"snapshot": folder / f"{name}.json", "JSON Lines": folder / f"{name}.jsonl"}
        commands = {
            f"{form}, {output}": scan(folder / baseline, file, output)
            for form, file in files.items()
            for output in ("json", "table")
        }
        commands["DuckDB"] = [sys.executable, str(PREDICATES), kind, str(files["JSON Lines"])]
        costs = least(commands)
        theirs = costs.pop("DuckDB")
        print(f"10,000 {kind} x 5 controls, DuckDB on JSON Lines: {theirs.processor * 1000:5.0f} ms of processor")
        for what, ours in costs.items():
            times = theirs.processor / ours.processor
            print(f"  scan, {what + ':':<20}{ours.processor * 1000:8.0f} ms  ({times:4.1f} times as fast)  peak {ours.peak:4.0f} MiB")


def starting(folder: pathlib.Path) -> None:
    """What it takes to start: alone, and to evaluate one bucket."""
    one = folder / "one"
    one.mkdir()
    subprocess.run([sys.executable, str(BUCKETS), "1", str(one)], check=True)
    commands = {"--version": [str(PLUMBLINE), "--version"], "scan of one item": scan(one / "buckets", one / "buckets.json")}
    for what, cost in least(commands).items():
        print(f"start-up, {what + ':':<30}{cost.processor * 1000:8.1f} ms of processor")


def growth(folder: pathlib.Path, counts: list[int]) -> None:
    """Time and peak memory of `scan` with 100 controls, 2 % drift, 5 % of the items joined."""
    for count in counts:
        cost = measure(scan(folder / "hundred", folder / f"{count}.json"))
        print(f"scan, {count:>9,} items x 100 controls:  {cost.elapsed:8.2f} s   peak {cost.peak:6.0f} MiB")


def start_up(folder: pathlib.Path) -> None:
    """From the start of `run` on the quickstart to its first evaluation."""
    times = []
    for attempt in range(5):
        command = [str(PLUMBLINE), "run", str(ROOT / "deploy/samples/quickstart")]
        command += ["--listen", "127.0.0.1:0", "--state", str(folder / f"state-{attempt}")]
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if "evaluated" in line:
                    break
            times.append(time.perf_counter() - started)
            process.terminate()
    print(f"start to first evaluation:              {statistics.median(times) * 1000:8.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    counts = parser.parse_args().items
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for count in {10_000, *counts}:
            generate("snapshot", str(count), str(folder / f"{count}.json"))
        generate("baseline", "1", str(folder / "five"))
        generate("baseline", "20", str(folder / "hundred"))
        beside_duckdb(folder)
        starting(folder)
        growth(folder, counts)
        start_up(folder)


if __name__ == "__main__":
    main()
