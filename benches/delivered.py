"""Measures `plumbline scan` of snapshots that AWS Config delivered to a bucket, and each stage of reading one.

Usage: delivered.py [--items N]; run by `make bench` after `cargo bench` has built the program.

The bucket is in the AWS double on this machine, whose S3 is moto's: elapsed time has what it takes to answer. What
plumbline itself needs is the processor time.
"""

import argparse
import datetime
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

from live import SPLIT, calls
from scan import PLUMBLINE, ROOT, generate

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


def scan(folder: pathlib.Path, address: str, baseline: str) -> tuple[float, float, float]:
    """Elapsed seconds, processor seconds and peak MiB of one scan."""
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": address, "AWS_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }
    command = [str(PLUMBLINE), "scan", "--baseline", str(folder / baseline), "--snapshot", f"s3://{BUCKET}"]
    command += ["--max-age", "876000h", "--output", "json", "--allow-unknown"]
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


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
        split = subprocess.run(
            [sys.executable, "-c", SPLIT, str(snapshot), str(folder), ""],
            check=True, capture_output=True, text=True,
        )
        found = json.loads(split.stdout)
        account = found["account"]
        files = [delivered(folder, account, region) for region in found["regions"]]
        state = folder / "state.json"
        regions = {region: {} for region in found["regions"]}
        state.write_text(json.dumps({"accounts": {account: {"accessKeys": {"test": "test"}, "regions": regions}}}))
        command = [sys.executable, "-m", "aws_double", "--port", "0", "--with-parent", "--state", str(state)]
        double = subprocess.Popen(command, cwd=ROOT / "tests" / "aws", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            assert double.stdout is not None
            address = double.stdout.readline().strip()
            put(address, account, BUCKET, b"")
            for key, file in files:
                put(address, account, f"{BUCKET}/{key}", file.read_bytes())
            for baseline in ("five", "hundred"):
                least = min(scan(folder, address, baseline) for _ in range(ROUNDS))
                print(
                    f"scan of a bucket, {items:,} items x {baseline} controls: {least[0]:.2f} s, of which"
                    f" {least[1]:.2f} s of processor; peak {least[2]:.0f} MiB"
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
