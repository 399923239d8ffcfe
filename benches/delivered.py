"""Measures `plumbline scan` of snapshots that AWS Config delivered to a bucket, and each stage of reading one.

Usage: delivered.py [--items N]; run by `make bench` after `cargo bench` has built the program.

The bucket is in the AWS double on this machine, whose S3 is moto's: elapsed time has what it takes to answer. What
plumbline itself needs is the processor time.
"""

import argparse
import datetime
import gzip
import json
import pathlib
import subprocess
import tempfile
import urllib.request

from live import calls, reaching, split, start_double
from scan import ROOT, generate, measure, scan

BUCKET = "acme-config-logs"
ROUNDS = 5


def delivered(folder: pathlib.Path, account: str, region: str) -> tuple[str, pathlib.Path]:
    """The region's items as a file of the delivery channel: its key, and itself."""
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=5)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    day = f"{now.year}/{now.month}/{now.day}"
    name = f"{account}_Config_{region}_ConfigSnapshot_{stamp}_7b29.json.gz"
    file = folder / f"{region}.json.gz"
    with gzip.open(file, "wt", compresslevel=6) as out, open(folder / f"{region}.jsonl") as lines:
        out.write('{"fileVersion":"1.0","configSnapshotId":"%s-%s","configurationItems":[' % (region, stamp))
        for number, line in enumerate(lines):
            out.write(("," if number else "") + line.rstrip("\n"))
        out.write("]}")
    return f"AWSLogs/{account}/Config/{region}/{day}/ConfigSnapshot/{name}", file


def put(address: str, account: str, path: str, body: bytes) -> None:
    headers = {"x-moto-account-id": account, "Content-Type": "application/octet-stream"}
    urllib.request.urlopen(urllib.request.Request(f"{address}/{path}", body, headers, method="PUT")).close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    items = parser.parse_args().items
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        snapshot = folder / "snapshot.json"
        generate("snapshot", str(items), str(snapshot))
        for copies, baseline in (("1", "five"), ("20", "hundred")):
            generate("baseline", copies, str(folder / baseline))
        account, regions = split(folder, snapshot)
        files = [delivered(folder, account, region) for region in regions]
        double, address = start_double(folder, account, {region: {} for region in regions})
        try:
            put(address, account, BUCKET, b"")
            for key, file in files:
                put(address, account, f"{BUCKET}/{key}", file.read_bytes())
            for baseline in ("five", "hundred"):
                command = scan(folder / baseline, f"s3://{BUCKET}")
                least = min(measure(command, reaching(address)) for _ in range(ROUNDS))
                print(
                    f"scan of a bucket, {items:,} items x {baseline} controls: {least.elapsed:.2f} s, of which"
                    f" {least.processor:.2f} s of processor; peak {least.peak:.0f} MiB"
                )
            print("  calls of all scans:", json.dumps(calls(address)))
        finally:
            double.kill()
            double.wait()
        command = ["cargo", "bench", "--quiet", "--bench", "throughput", "--", "stages"]
        _, file = files[0]
        for baseline in ("five", "hundred"):
            print(f"one region's file, {baseline} controls:", flush=True)
            subprocess.run([*command, str(file), str(folder / baseline)], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
