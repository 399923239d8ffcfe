"""Starts the double: `python -m aws_double --port 0 --state FILE --log FILE`.

The first line that it prints is its address. It ends with its standard input where `--with-parent`
is given, so that a test that dies leaves no process behind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import threading
from pathlib import Path

from .double import double_of
from .throttle import factor_of


def main() -> None:
    """Reads the arguments and serves until it is stopped."""
    arguments = _arguments()
    double = double_of(arguments.state, arguments.log, factor_of(arguments.rates))
    server = double.serve(arguments.port)
    print(server.address, flush=True)
    if arguments.with_parent:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(poll_interval=0.1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="aws_double", description="A double of AWS for tests.")
    parser.add_argument("--port", type=int, default=4566, help="0 takes a free one")
    parser.add_argument("--state", type=Path, help="JSON file with accounts and items (README.md)")
    parser.add_argument("--log", type=Path, help="append every call to this file, as JSON Lines")
    parser.add_argument("--rates", default="aws", help="aws, off, or a factor of AWS's rates")
    parser.add_argument(
        "--with-parent", action="store_true", help="end when standard input is closed"
    )
    return parser.parse_args()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
