"""The role that reads the bucket that AWS Config delivers to.

One bucket serves many accounts, and one role reads what all of them deliver: what `plumbline iam-policy`
prints for the folder of one account is allowed for the folders of all. `generate.py` writes these
documents.
"""

import json

from roles import (
    PROVIDER,
    TRUST,
    TRUST_OF_TERRAFORM,
    document,
    role_of_cloudformation,
    role_of_terraform,
    sub,
    text,
    variable,
)

#: The account, the bucket and the prefix that `generate.py` asks the program about stand for any.
BUCKET, PREFIX = "bucket-of-any", "prefix-of-any"

BUCKET_NAME = "The name of the bucket that AWS Config delivers to"
PREFIX_NAME = "The prefix of the delivery channels in the bucket; empty if they have none"
EXTERNAL_ID = (
    "What Plumbline gives when it assumes the role: source.snapshot.role.externalId of the AwsAccount"
)
ROLE_NAME = "The name of the role"
#: Of every account ("Delivering Configuration Snapshots", AWS Config Developer Guide).
EVERY_FOLDER = "AWSLogs/*/Config/*"


def opened(value, account, left_to_template):
    """A text with what is left to a template: partition and bucket, and for one account's folder all."""
    made = left_to_template(value, f"{PREFIX}/AWSLogs/{account}/Config/*")
    closed = any(it in json.dumps(made) for it in (account, BUCKET, PREFIX, "arn:aws:"))
    if closed or "${" in value:
        raise ValueError(f"no account-independent form of {value}")
    return made


# CloudFormation


def substituted(value, folder):
    """Fn::Sub of what is left open, if anything is. Only a prefix is followed by a slash."""
    begun = value.replace("arn:aws:", "arn:${AWS::Partition}:").replace(BUCKET, "${Bucket}")

    def with_folder(every):
        whole = begun.replace(folder, every)
        return sub(whole) if "${" in whole else whole

    if folder not in begun:
        return with_folder("")
    prefixed, bare = with_folder("${Prefix}/" + EVERY_FOLDER), with_folder(EVERY_FOLDER)
    return {"Fn::If": ["HasPrefix", prefixed, bare]}


def statement_of_cloudformation(statement, account):
    made = {
        **statement,
        "Resource": [opened(it, account, substituted) for it in statement["Resource"]],
    }
    if "Condition" in statement:
        made["Condition"] = {
            test: {
                key: [opened(it, account, substituted) for it in values]
                for key, values in keys.items()
            }
            for test, keys in statement["Condition"].items()
        }
    return made


def template(statements, account):
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Lets Plumbline read the snapshots that AWS Config delivers to a bucket",
        "Parameters": {
            "TrustPrincipal": text(
                "The ARN of the identity that Plumbline runs as", AllowedPattern="arn:.+"
            ),
            "ExternalId": text(EXTERNAL_ID, NoEcho=True, MinLength=2),
            "Bucket": text(BUCKET_NAME, AllowedPattern="[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"),
            # No slash at either end, and nothing that IAM reads as a pattern or as a variable.
            "Prefix": text(PREFIX_NAME, Default="", AllowedPattern="([^/*?$]+(/[^/*?$]+)*)?"),
            "RoleName": text(
                ROLE_NAME, Default="plumbline-snapshots", AllowedPattern=r"[\w+=,.@-]{1,64}"
            ),
        },
        "Conditions": {"HasPrefix": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Prefix"}, ""]}]}},
        "Resources": {
            "Role": role_of_cloudformation(
                "RoleName", TRUST, [statement_of_cloudformation(it, account) for it in statements]
            )
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


# Terraform


def interpolated(value, folder):
    return (
        value.replace("arn:aws:", "arn:${data.aws_partition.current.partition}:")
        .replace(BUCKET, "${var.bucket}")
        .replace(folder, "${local.folder}")
    )


def statement_of_terraform(statement, account):
    made = {
        "sid": statement["Sid"],
        "actions": statement["Action"],
        "resources": [opened(it, account, interpolated) for it in statement["Resource"]],
    }
    conditions = [
        {
            "test": test,
            "variable": key,
            "values": [opened(it, account, interpolated) for it in values],
        }
        for test, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    ]
    return {**made, "condition": conditions} if conditions else made


def module(statements, account):
    return {
        "terraform": PROVIDER,
        "variable": {
            "trust_principal": variable("The ARN of the identity that Plumbline runs as"),
            "external_id": variable(EXTERNAL_ID, sensitive=True),
            "bucket": variable(BUCKET_NAME),
            "prefix": variable(PREFIX_NAME, default=""),
            "role_name": variable(ROLE_NAME, default="plumbline-snapshots"),
        },
        # compact() leaves out a prefix that is empty.
        "locals": {
            "folder": f'${{join("/", compact([trimsuffix(var.prefix, "/"), "{EVERY_FOLDER}"]))}}'
        },
        "data": {
            "aws_partition": {"current": {}},
            "aws_iam_policy_document": {
                "trust": document(**TRUST_OF_TERRAFORM),
                "policy": {
                    "statement": [statement_of_terraform(it, account) for it in statements]
                },
            },
        },
        "resource": role_of_terraform("role_name"),
        "output": {"role_arn": {"value": "${aws_iam_role.plumbline.arn}"}},
    }
