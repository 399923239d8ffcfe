"""Writes the dashboards into each folder that is named: `python deploy/grafana/source FOLDER…`."""

import json
import sys
from pathlib import Path

from operations import OPERATOR
from overview import OVERVIEW
from owner import OWNER_DASHBOARD


def main():
    for folder in map(Path, sys.argv[1:]):
        folder.mkdir(parents=True, exist_ok=True)
        for one in (OVERVIEW, OWNER_DASHBOARD, OPERATOR):
            text = json.dumps(one, indent=2, ensure_ascii=False)
            (folder / f"{one['uid']}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
