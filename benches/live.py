"""Measures `plumbline scan --live` against the AWS double at AWS's rates, as a whole process.

Usage: live.py [--items N] [--region NAME]; run by `make bench` after `cargo bench` has built
the program.

Prints how long it takes, the peak memory, how much of a processor it used, and the calls. The
rates alone ask for most of the time: one account's region answers eight queries of a hundred rows
a second.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from scan import PLUMBLINE, ROOT, generate, measure

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


def split(folder: pathlib.Path, snapshot: pathlib.Path, region: str = "") -> tuple[str, list[str]]:
    """Writes the items of each region to a file, all to that of `region` where one is given; account and regions."""
    found = subprocess.run(
        [sys.executable, "-c", SPLIT, str(snapshot), str(folder), region],
        check=True, capture_output=True, text=True,
    )
    said = json.loads(found.stdout)
    return said["account"], said["regions"]


def start_double(
    folder: pathlib.Path, account: str, regions: dict[str, dict], *options: str
) -> tuple[subprocess.Popen, str]:
    """An AWS with one account; its address."""
    state = folder / "state.json"
    of_account = {"accessKeys": {"test": "test"}, "regions": regions}
    state.write_text(json.dumps({"accounts": {account: of_account}}))
    command = [sys.executable, "-m", "aws_double", "--port", "0", "--with-parent"]
    double = subprocess.Popen(
        [*command, *options, "--state", str(state)],
        cwd=ROOT / "tests" / "aws", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    assert double.stdout is not None
    return double, double.stdout.readline().strip()


def reaching(address: str) -> dict[str, str]:
    """The environment of a process whose AWS is there."""
    return {
        "AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }


def calls(address: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{address}/_double/calls") as answer:
        counts = json.load(answer)["counts"]
    return {name: sum(outcomes.values()) for name, outcomes in counts.items()}


def scan(folder: pathlib.Path, address: str) -> None:
    command = [str(PLUMBLINE), "scan", "--baseline", str(folder / "hundred"), "--live"]
    elapsed, used, peak = measure([*command, "--output", "json", "--allow-unknown"], reaching(address))
    print(f"  time                                  {elapsed:8.1f} s")
    print(f"  peak memory                           {peak:8.0f} MiB")
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
        account, names = split(folder, snapshot, region)
        regions = {name: {"itemsFile": str(folder / f"{name}.jsonl")} for name in names}
        double, address = start_double(folder, account, regions, "--rates", "aws")
        try:
            place = region or "two regions"
            print(f"scan --live, {items:,} items x 100 controls, {place}, AWS's rates:", flush=True)
            scan(folder, address)
        finally:
            double.kill()
            double.wait()


if __name__ == "__main__":
    main()
