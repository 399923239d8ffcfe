#!/usr/bin/env python3
"""Writes `paths.txt`, `rules.txt` and `severities.txt`: what AWS says of items, rules and severities.

Reads clones of public repositories and the controls of this one, and keeps only the resource types and
rules that the controls name:

    generate.py --schema DIR    of https://github.com/awslabs/aws-config-resource-schema (Apache-2.0):
                                config/properties/resource-types, the searchable properties of each type
    generate.py --rules DIR     of https://github.com/awsdocs/aws-config-developer-guide: doc_source,
                                a page for each managed rule (its last commit with pages is 572f307)
    generate.py --security-hub DIR
                                of https://github.com/awsdocs/aws-security-hub-user-guide: doc_source,
                                a page for the controls of each service (at 47bfe2f)

Needs PyYAML. Facts that neither has stand in `supplement.yaml`, each with its source.
"""

import argparse
import json
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).parent
CONTROLS = HERE.parent.parent / "controls"


def controls():
    for file in sorted(CONTROLS.glob("*/*.yaml")):
        if not file.name.endswith(".test.yaml") and file.parent.name != "packs":
            yield yaml.safe_load(file.read_text())["spec"]


def types():
    for spec in controls():
        check = spec["check"].get("expression", {})
        yield from check.get("resourceTypes", [])
        yield from (related["resourceType"] for related in check.get("related", []))


def schema(folder):
    lines = [
        "# Searchable properties of the resource types that controls read, without those of every type.",
        "# Source: https://github.com/awslabs/aws-config-resource-schema (Apache-2.0), through",
        "# generate.py. Elements of lists have the path of the list.",
    ]
    for name in sorted(set(types())):
        file = folder / f"{name}.properties.json"
        if not file.exists():
            continue
        lines.append(name)
        parts = ("configuration.", "supplementaryConfiguration.")
        paths = json.loads(file.read_text())
        lines.extend(f"  {path}" for path in sorted(paths) if path.startswith(parts))
    (HERE / "paths.txt").write_text("\n".join(lines) + "\n")


def rules(folder):
    lines = [
        "# Parameters of the managed rules that controls implement.",
        "# Source: https://github.com/awsdocs/aws-config-developer-guide at 572f307, through generate.py;",
        "# what came later stands in supplement.yaml.",
    ]
    names = {rule["rule"] for spec in controls() for rule in spec.get("implements", [])}
    for file in sorted(folder.glob("*.md")):
        page = file.read_text().replace("\\", "")
        identifier = re.search(r"\*\*Identifier:\*\* (\w+)", page)
        if not identifier or identifier[1] not in names:
            continue
        _, _, parameters = page.partition("**Parameters:**")
        parameters, _, _ = parameters.partition("\n## ")
        found = re.findall(r"^(\S+?) ?(?:\(Optional\))?Type: ", parameters, re.MULTILINE)
        lines.append(" ".join([identifier[1], *found]))
    (HERE / "rules.txt").write_text("\n".join(lines) + "\n")


def severities(folder):
    lines = [
        "# Severities of Security Hub's controls, by the managed rule that each uses: rule, control, severity.",
        "# Source: https://github.com/awsdocs/aws-security-hub-user-guide at 47bfe2f, through generate.py.",
    ]
    named = {rule["rule"] for spec in controls() for rule in spec.get("implements", [])}
    named |= {rule for spec in controls() for rule in spec.get("relatedTo", [])}
    found = set()
    for file in folder.glob("*-controls.md"):
        for section in file.read_text().split("\n## ")[1:]:
            control = re.match(r"\\\[(\S+?)\\\]", section)
            severity = re.search(r"\*\*Severity:\*\* (\w+)", section)
            rule = re.search(r"\*\*AWS Config ?rule:\*\*.*?(?:developerguide/|`)([a-z0-9-]+)", section)
            if control and severity and rule:
                name = rule[1].replace("-", "_").upper()
                name = ALIASES.get(name, name)
                if name in named:
                    found.add(f"{name} {control[1].replace(chr(92), '')} {severity[1]}")
    (HERE / "severities.txt").write_text("\n".join(lines + sorted(found)) + "\n")


# Rules whose page has another name than their identifier.
ALIASES = {
    "EC2_INSTANCE_MANAGED_BY_SYSTEMS_MANAGER": "EC2_INSTANCE_MANAGED_BY_SSM",
    "RESTRICTED_COMMON_PORTS": "RESTRICTED_INCOMING_TRAFFIC",
    "RESTRICTED_SSH": "INCOMING_SSH_DISABLED",
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--schema", type=pathlib.Path)
    parser.add_argument("--rules", type=pathlib.Path)
    parser.add_argument("--security-hub", type=pathlib.Path)
    given = parser.parse_args()
    if given.schema:
        schema(given.schema)
    if given.rules:
        rules(given.rules)
    if given.security_hub:
        severities(given.security_hub)
