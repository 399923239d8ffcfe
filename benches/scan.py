"""Measures `plumbline scan` and `run` as whole processes and prints one line a figure.

Usage: scan.py [--items N ...]; run by `make bench` after `cargo bench` has built the
program.

Times are the median of several runs, peak memory is the operating system's own account of the
finished process. Nothing is asserted: the bars stand in docs/benchmarks.md.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLUMBLINE = ROOT / "target" / "release" / "plumbline"
PREDICATES = ROOT / "benches" / "predicates.py"


def measure(command: list[str], output: pathlib.Path | None = None) -> tuple[float, float]:
    """Runs a command to its end; gives its seconds and its peak memory in MiB."""
    with open(output or os.devnull, "wb") as sink:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=sink, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return elapsed, usage.ru_maxrss / 1024


def median(command: list[str], runs: int) -> float:
    measure(command)
    return statistics.median(measure(command)[0] for _ in range(runs))


def generate(*arguments: str) -> None:
    command = ["cargo", "bench", "--quiet", "--bench", "throughput", "--", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def scan(baseline: pathlib.Path, snapshot: pathlib.Path, output: str = "json") -> list[str]:
    paths = ["--baseline", str(baseline), "--snapshot", str(snapshot)]
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
    """The same five predicates over the same 10,000 items, whole processes, in turn."""
    snapshot, baseline = folder / "10000.json", folder / "five"
    lines = as_lines(snapshot)
    ours = median(scan(baseline, snapshot), 9)
    print(f"scan, 10,000 items x 5 controls:        {ours * 1000:8.0f} ms")
    for name, path in (("snapshot", snapshot), ("JSON Lines", lines)):
        theirs = median([sys.executable, str(PREDICATES), str(path)], 5)
        print(f"DuckDB on the {name + ':':<26}{theirs * 1000:8.0f} ms  ({theirs / ours:.1f} times as long)")


def growth(folder: pathlib.Path, counts: list[int]) -> None:
    """Time and peak memory of `scan` with 100 controls, 2 % drift, 5 % of the items joined."""
    for count in counts:
        elapsed, peak = measure(scan(folder / "hundred", folder / f"{count}.json"))
        print(f"scan, {count:>9,} items x 100 controls:  {elapsed:8.2f} s   peak {peak:6.0f} MiB")


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
        growth(folder, counts)
        start_up(folder)


if __name__ == "__main__":
    main()
