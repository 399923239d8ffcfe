"""Measures `plumbline scan --live` against the AWS double at AWS's rates, as a whole process.

Usage: live.py [--items N] [--region NAME]; run by `make bench` after `cargo bench` has built
the program.

Prints how long it takes, the peak memory, how much of a processor it used, and the calls. The
rates alone ask for most of the time: one account's region answers eight queries of a hundred rows
a second.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

from scan import PLUMBLINE, ROOT, generate

#: Splits a snapshot by region, in a process of its own: the items are large.
SPLIT = """
import json, sys
items = json.load(open(sys.argv[1]))["configurationItems"]
files = {}
for item in items:
    region = item["awsRegion"] = sys.argv[3] or item["awsRegion"]
    if region not in files:
        files[region] = open(f"{sys.argv[2]}/{region}.jsonl", "w")
    files[region].write(json.dumps(item, separators=(",", ":")) + "\\n")
print(json.dumps({"account": items[0]["awsAccountId"], "regions": list(files)}))
"""


def start_double(
    folder: pathlib.Path, snapshot: pathlib.Path, region: str
) -> tuple[subprocess.Popen, str]:
    """An AWS with the snapshot's items, all in `region` where one is given; its address."""
    split = subprocess.run(
        [sys.executable, "-c", SPLIT, str(snapshot), str(folder), region],
        check=True, capture_output=True, text=True,
    )
    found = json.loads(split.stdout)
    regions = {name: {"itemsFile": str(folder / f"{name}.jsonl")} for name in found["regions"]}
    account = {"accessKeys": {"test": "test"}, "regions": regions}
    state = folder / "state.json"
    state.write_text(json.dumps({"accounts": {found["account"]: account}}))
    command = [sys.executable, "-m", "aws_double", "--port", "0", "--with-parent"]
    double = subprocess.Popen(
        [*command, "--rates", "aws", "--state", str(state)],
        cwd=ROOT / "tests" / "aws", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    assert double.stdout is not None
    return double, double.stdout.readline().strip()


def calls(address: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{address}/_double/calls") as answer:
        counts = json.load(answer)["counts"]
    return {name: sum(outcomes.values()) for name, outcomes in counts.items()}


def scan(folder: pathlib.Path, address: str) -> None:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }
    command = [str(PLUMBLINE), "scan", "--baseline", str(folder / "hundred"), "--live"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--output", "json", "--allow-unknown"],
        stdout=subprocess.DEVNULL, env=environment,
    )
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    used = usage.ru_utime + usage.ru_stime
    print(f"  time                                  {elapsed:8.1f} s")
    print(f"  peak memory                           {usage.ru_maxrss / 1024:8.0f} MiB")
    print(f"  processor                             {used:8.1f} s  ({used / elapsed:.0%} of one core)")
    for name, count in sorted(calls(address).items()):
        print(f"  {name:<38}{count:8}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--region", default="", help="where all items lie; default: in two regions")
    arguments = parser.parse_args()
    items, region = arguments.items, arguments.region
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        snapshot = folder / "snapshot.json"
        generate("snapshot", str(items), str(snapshot))
        generate("baseline", "20", str(folder / "hundred"))
        double, address = start_double(folder, snapshot, region)
        try:
            place = region or "two regions"
            print(f"scan --live, {items:,} items x 100 controls, {place}, AWS's rates:", flush=True)
            scan(folder, address)
        finally:
            double.kill()
            double.wait()


if __name__ == "__main__":
    main()
