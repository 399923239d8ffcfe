"""Checks commands of the AWS CLI without a call to AWS.

Reads `{"control": …, "command": "aws …"}` from standard input, one in a line, and prints one line for
each that AWS's own command line refuses: an unknown command or option, a missing option, a value of
another form, or one that is not among those that the service's model lists. Values in capitals stand
for what a reader fills in. What is in a file (`file://policy.json`) is not checked.
"""

import contextlib
import io
import json
import os
import re
import shlex
import sys
import tempfile

os.environ.update(
    AWS_ACCESS_KEY_ID="none",
    AWS_SECRET_ACCESS_KEY="none",
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_PAGER="",
)

from awscli.clidriver import create_clidriver  # noqa: E402 (reads the environment)

# Placeholders whose form the command line checks.
PLACEHOLDERS = {
    r"\bACCESS_KEY_ID\b": "AKIAIOSFODNN7EXAMPLE",
    r"\bACCOUNT_ID\b": "111122223333",
    r"\bREGION\b": "eu-west-1",
    r"\b[A-Z_]+_ARN\b": "arn:aws:iam::111122223333:role/NAME",
}


class Answer:
    """What stands in for the HTTP response."""

    status_code = 200
    headers = {}


class Checker:
    """The command line, with every request answered before it is sent."""

    def __init__(self):
        self.models = create_clidriver().session.get_component("data_loader")
        self.driver = self.start()
        self.faults = []
        self.calls = 0

    def start(self):
        """A command line of its own: some commands of EC2 leave handlers behind."""
        driver = create_clidriver()
        driver.session.register_component("data_loader", self.models)
        driver.session.register("before-parameter-build", self.on_parameters)
        driver.session.register("before-call", self.on_call)
        return driver

    def on_parameters(self, params, model, **_):
        if model.input_shape:
            self.enums(model.input_shape, params, model.name)

    def on_call(self, **_):
        self.calls += 1
        return Answer(), {}

    def enums(self, shape, value, place):
        """Values that are not listed: botocore leaves these to the service."""
        if shape.type_name == "structure" and isinstance(value, dict):
            for name, inner in value.items():
                if name in shape.members:
                    self.enums(shape.members[name], inner, f"{place}.{name}")
        elif shape.type_name == "list" and isinstance(value, list):
            for inner in value:
                self.enums(shape.member, inner, place)
        elif shape.type_name == "map" and isinstance(value, dict):
            for key, inner in value.items():
                self.enums(shape.key, key, f"{place} (key)")
                self.enums(shape.value, inner, f"{place}.{key}")
        elif shape.type_name == "string" and getattr(shape, "enum", None):
            if value not in shape.enum:
                self.faults.append(f"{place} is {value!r}, not one of {', '.join(shape.enum[:9])}")

    def check(self, command):
        """What is wrong with a command."""
        self.faults, self.calls = [], 0
        for name, value in PLACEHOLDERS.items():
            command = re.sub(name, value, command)
        words = shlex.split(command)[1:]
        files = [(words[at - 1], word) for at, word in enumerate(words) if "://" in word]
        files = [(option, word.split("://")[1]) for option, word in files if word.startswith("file")]
        for _, name in files:
            with open(name, "w", encoding="utf-8") as file:
                file.write("{}")
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        err = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = self.driver.main(words)
            except SystemExit as end:
                status = end.code
        if words[:1] == ["ec2"] and "attribute" in words[1]:
            self.driver = self.start()
        if status:
            self.faults += refusals(err.getvalue(), [option for option, _ in files])
        elif not self.calls:
            self.faults.append("the command sends no request")
        return self.faults


def refusals(text, file_options):
    """What an error says, but for what is in a file; nothing where it is about files alone."""
    in_files = [option.lstrip("-").replace("-", "") for option in file_options]
    of_files = re.compile(rf"(in|parameter) ({'|'.join(in_files)})\b", re.IGNORECASE)
    no_news = re.compile(
        r"usage:|To see help|aws help|aws <|Parameter validation failed|Note: AWS CLI version 2|.* \| "
    )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = [line for line in lines if not no_news.match(line)]
    lines = [line for line in lines if not (in_files and of_files.search(line))]
    return [" ".join(lines)] if lines else []


def main():
    commands = [json.loads(line) for line in sys.stdin]
    os.chdir(tempfile.mkdtemp())
    checker = Checker()
    for given in commands:
        for fault in checker.check(given["command"]):
            print(f"{given['control']}: {given['command']}: {fault}")


if __name__ == "__main__":
    main()
