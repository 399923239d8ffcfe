#!/usr/bin/env python3
"""Writes the roles of this folder from what `plumbline iam-policy` prints for one account.

    deploy/iam/generate.py PLUMBLINE [FOLDER]

The account stands for any: its id, its region and the names in its policies become what
CloudFormation and Terraform know where they are applied. `make generate` runs this, and a test
resolves the result for another account and compares it with what `plumbline iam-policy` prints for
that one.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import changes
import snapshots
from roles import (
    PROVIDER,
    TRUST,
    TRUST_OF_TERRAFORM,
    policy as policy_document,
    role_of_cloudformation,
    role_of_terraform,
    text,
    variable,
)

ACCOUNT, REGION, ROLE = "111122223333", "eu-west-1", "plumbline"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"


QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:changes"


def queue_actions(plumbline):
    """What the program asks for of a change queue."""
    changes = {"queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/changes"}
    role, _ = policies(plumbline, publish=False, source={"configApi": {"changes": changes}})
    (statement,) = [it for it in role if it["Sid"] == "ReceiveChanges"]
    assert listed(statement["Resource"]) == [QUEUE], statement
    return listed(statement["Action"])


def delivered(plumbline):
    """What the program asks for of a bucket, and what to request snapshots for it."""
    bucket_role = f"arn:aws:iam::{ACCOUNT}:role/plumbline-snapshots"
    snapshot = {
        "url": f"s3://{snapshots.BUCKET}/{snapshots.PREFIX}",
        "role": {"arn": bucket_role, "externalId": "any"},
        "deliver": {"every": "20h"},
    }
    document = printed(plumbline, publish=False, source={"snapshot": snapshot})
    roles = {role["arn"]: role["policy"]["Statement"] for role in document["roles"]}
    (requests,) = [it for it in roles[ROLE_ARN] if it["Sid"] == "RequestSnapshots"]
    return roles[bucket_role], requests


def policies(plumbline, publish, source=None):
    """The policies of an account's role, and of whoever assumes it."""
    document = printed(plumbline, publish, source or {"configApi": {}})
    (role,) = document["roles"]
    return role["policy"]["Statement"], document["own"]["Statement"]


def printed(plumbline, publish, source):
    """What the program prints for an account of which every built-in control reads all it needs."""
    listed = subprocess.run(
        [plumbline, "controls", "list", "--output", "json"], check=True, capture_output=True
    )
    controls = [{"name": control["name"]} for control in json.loads(listed.stdout)]
    metadata = {"apiVersion": "plumbline.dev/v1alpha1", "metadata": {"name": "any"}}
    account = {
        **metadata,
        "kind": "AwsAccount",
        "spec": {
            "accountId": ACCOUNT,
            "regions": [REGION],
            "role": {"arn": ROLE_ARN, "externalId": "any"},
            "source": source,
            "allowedNamespaces": {"selector": {}},
        },
    }
    baseline = {
        **metadata,
        "kind": "SecurityBaseline",
        "spec": {"accounts": {"names": ["any"]}, "controls": controls},
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, document in (("account", account), ("baseline", baseline)):
            Path(folder, f"{name}.json").write_text(json.dumps(document))
        more = [] if publish else ["--no-publish"]
        output = subprocess.run(
            [plumbline, "iam-policy", "--baseline", folder, *more], check=True, capture_output=True
        )
    return json.loads(output.stdout)


def organization_policy(plumbline):
    """What the program prints for an organization of which all is read that can be."""
    organization = {
        "apiVersion": "plumbline.dev/v1alpha1",
        "kind": "AwsOrganization",
        "metadata": {"name": "any"},
        "spec": {
            "organizationId": "o-exampleorgid",
            "accountId": ACCOUNT,
            "role": {"arn": ROLE_ARN, "externalId": "any"},
            "accounts": {"organizationalUnits": ["/Any"], "tags": {"any": "*"}},
            "template": {
                "role": {"name": ROLE},
                "regions": {"names": [REGION]},
                "source": {"configApi": {}},
            },
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "organization.json").write_text(json.dumps(organization))
        output = subprocess.run(
            [plumbline, "iam-policy", "--baseline", folder], check=True, capture_output=True
        )
    (role,) = json.loads(output.stdout)["roles"]
    return role["policy"]["Statement"]


#: Which regions the account has enabled, where an organization's template asks for it.
LIST_REGIONS = {
    "Sid": "ListRegions",
    "Effect": "Allow",
    "Action": "account:ListRegions",
    "Resource": "*",
}


def listed(value):
    return value if isinstance(value, list) else [value]


# CloudFormation


def substituted(text):
    """A text with what differs between accounts and partitions left to CloudFormation."""
    # The operator assumes the role of that name in any account.
    if text == ROLE_ARN:
        return {"Fn::Sub": "arn:${AWS::Partition}:iam::*:role/${AccountRoleName}"}
    # What stands for itself in a text of Fn::Sub: ${!aws:username}.
    as_it_stands = text.replace("${", "${!")
    left_open = as_it_stands.replace("arn:aws:", "arn:${AWS::Partition}:").replace(
        ACCOUNT, "${AWS::AccountId}"
    )
    return text if left_open == as_it_stands else {"Fn::Sub": left_open}


def condition_of_cloudformation(values):
    if values == [REGION]:
        return {"Ref": "Regions"}
    if values == [ACCOUNT]:
        return [{"Ref": "AWS::AccountId"}]
    if values == ["true"]:
        return values
    raise ValueError(f"no account-independent form of {values}")


def statement_of_cloudformation(statement):
    made = {**statement, "Resource": [substituted(it) for it in listed(statement["Resource"])]}
    if "Condition" in statement:
        made["Condition"] = {
            test: {key: condition_of_cloudformation(listed(value)) for key, value in keys.items()}
            for test, keys in statement["Condition"].items()
        }
    return made


def cloudformation(description, parameters, trust, policy):
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Parameters": parameters,
        "Resources": {
            "Role": role_of_cloudformation(
                "RoleName", trust, [statement_of_cloudformation(it) for it in policy]
            )
        },
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def requesting_of_cloudformation(template, requests):
    """A template of an account's role, with a second policy where snapshots are requested."""
    parameter = text(REQUESTS, Default="false", AllowedValues=["true", "false"])
    policy = {
        "Type": "AWS::IAM::Policy",
        "Condition": "MayRequestSnapshots",
        "Properties": {
            "PolicyName": "plumbline-request-snapshots",
            "Roles": [{"Ref": "Role"}],
            "PolicyDocument": policy_document(statement_of_cloudformation(requests)),
        },
    }
    return {
        "AWSTemplateFormatVersion": template["AWSTemplateFormatVersion"],
        "Description": template["Description"],
        "Parameters": {**template["Parameters"], "RequestSnapshots": parameter},
        "Conditions": {"MayRequestSnapshots": {"Fn::Equals": [{"Ref": "RequestSnapshots"}, "true"]}},
        "Resources": {**template["Resources"], "SnapshotRequests": policy},
        "Outputs": template["Outputs"],
    }


NAME = {"Default": "plumbline", "AllowedPattern": r"[\w+=,.@-]{1,64}"}


REQUESTS = "Whether the role may request snapshots from AWS Config: source.snapshot.deliver of the AwsAccount"
EXTERNAL_ID = "What Plumbline gives when it assumes the role: spec.role.externalId of the {}"


def account_role_of_cloudformation(description, policy, of="AwsAccount"):
    parameters = {
        "TrustPrincipal": text(
            "The ARN of the identity that Plumbline runs as", AllowedPattern="arn:.+"
        ),
        "ExternalId": text(
            EXTERNAL_ID.format(of),
            NoEcho=True,
            MinLength=2,
        ),
        "Regions": {
            "Type": "CommaDelimitedList",
            "Description": "The regions that baselines name, such as eu-west-1,us-east-1",
        },
        "RoleName": text("The name of the role, the same in every account", **NAME),
    }
    return cloudformation(description, parameters, TRUST, policy)


def organization_role_of_cloudformation(description, policy):
    template = account_role_of_cloudformation(description, policy, "AwsOrganization")
    del template["Parameters"]["Regions"]  # an organization is of no region
    template["Parameters"]["RoleName"]["Default"] = "plumbline-organization"
    template["Parameters"]["RoleName"]["Description"] = "The name of the role"
    return template


def members_of_cloudformation(description, role):
    """A stack set of the accounts' role. One region is enough: IAM is global."""
    of_members = {**role, "Description": "The role of Plumbline in an account of the organization"}
    parameters = {
        **role["Parameters"],
        "OrganizationalUnits": {
            "Type": "CommaDelimitedList",
            "Description": "Ids of the organizational units, or of the root, whose accounts get the role",
        },
    }
    handed_on = [
        {"ParameterKey": name, "ParameterValue": {"Ref": name}}
        for name in role["Parameters"]
        if name != "Regions"
    ]
    regions = {"Fn::Join": [",", {"Ref": "Regions"}]}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Parameters": parameters,
        "Resources": {
            "Members": {
                "Type": "AWS::CloudFormation::StackSet",
                "Properties": {
                    "StackSetName": "plumbline-members",
                    "PermissionModel": "SERVICE_MANAGED",
                    # Findings of an account that leaves are archived through its role.
                    "AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True},
                    "Capabilities": ["CAPABILITY_NAMED_IAM"],
                    "Parameters": [
                        *handed_on,
                        {"ParameterKey": "Regions", "ParameterValue": regions},
                    ],
                    "StackInstancesGroup": [
                        {
                            "DeploymentTargets": {
                                "OrganizationalUnitIds": {"Ref": "OrganizationalUnits"}
                            },
                            "Regions": [{"Ref": "AWS::Region"}],
                        }
                    ],
                    "TemplateBody": json.dumps(of_members),
                },
            }
        },
    }


# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html
POD_IDENTITY = ("pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"])


def operator_of_cloudformation(policy):
    service, actions = POD_IDENTITY
    parameters = {
        "RoleName": text("The name of the operator's role", **NAME | {"Default": "plumbline-operator"}),
        "AccountRoleName": text("The name of the role in each account", **NAME),
    }
    trust = {
        "Sid": "PodIdentity",
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": actions,
    }
    description = "The role that the operator gets by EKS Pod Identity"
    return cloudformation(description, parameters, trust, policy)


# Terraform


def interpolated(text):
    if text == ROLE_ARN:
        return "arn:${data.aws_partition.current.partition}:iam::*:role/${var.account_role_name}"
    # What stands for itself in a template: $${aws:username}.
    as_it_stands = text.replace("${", "$${").replace("%{", "%%{")
    return as_it_stands.replace("arn:aws:", "arn:${data.aws_partition.current.partition}:").replace(
        ACCOUNT, "${data.aws_caller_identity.current.account_id}"
    )


def condition_of_terraform(values):
    if values == [REGION]:
        return "${var.regions}"
    if values == [ACCOUNT]:
        return ["${data.aws_caller_identity.current.account_id}"]
    if values == ["true"]:
        return values
    raise ValueError(f"no account-independent form of {values}")


def statement_of_terraform(statement):
    made = {
        "sid": statement["Sid"],
        "actions": listed(statement["Action"]),
        "resources": [interpolated(it) for it in listed(statement["Resource"])],
    }
    conditions = [
        {"test": test, "variable": key, "values": condition_of_terraform(listed(value))}
        for test, keys in statement.get("Condition", {}).items()
        for key, value in keys.items()
    ]
    return {**made, "condition": conditions} if conditions else made


def terraform(variables, trust, policy):
    return {
        "terraform": PROVIDER,
        "variable": variables,
        "data": {
            "aws_partition": {"current": {}},
            "aws_caller_identity": {"current": {}},
            "aws_iam_policy_document": {
                "trust": {"statement": [trust]},
                "policy": {"statement": [statement_of_terraform(it) for it in policy]},
            },
        },
        "resource": role_of_terraform("role_name"),
        "output": {"role_arn": {"value": "${aws_iam_role.plumbline.arn}"}},
    }


def requesting_of_terraform(module, requests):
    """A module of an account's role, with a second policy where snapshots are requested."""
    data, resource = module["data"], module["resource"]
    documents = {
        **data["aws_iam_policy_document"],
        "request_snapshots": {"statement": [statement_of_terraform(requests)]},
    }
    policies_of_role = {
        **resource["aws_iam_role_policy"],
        "request_snapshots": {
            "count": "${var.request_snapshots ? 1 : 0}",
            "name": "plumbline-request-snapshots",
            "role": "${aws_iam_role.plumbline.id}",
            "policy": "${data.aws_iam_policy_document.request_snapshots.json}",
        },
    }
    return {
        **module,
        "variable": {**module["variable"], "request_snapshots": REQUEST_SNAPSHOTS},
        "data": {**data, "aws_iam_policy_document": documents},
        "resource": {**resource, "aws_iam_role_policy": policies_of_role},
    }


REQUEST_SNAPSHOTS = {"type": "bool", "description": REQUESTS, "default": False}


def account_role_of_terraform(policy, of="AwsAccount"):
    variables = {
        "trust_principal": variable("The ARN of the identity that Plumbline runs as"),
        "external_id": variable(
            EXTERNAL_ID.format(of),
            sensitive=True,
        ),
        "regions": {
            "type": "list(string)",
            "description": "The regions that baselines name",
        },
        "role_name": variable(
            "The name of the role, the same in every account", default="plumbline"
        ),
    }
    return terraform(variables, TRUST_OF_TERRAFORM, policy)


def organization_role_of_terraform(policy):
    module = account_role_of_terraform(policy, "AwsOrganization")
    del module["variable"]["regions"]
    module["variable"]["role_name"] = variable(
        "The name of the role", default="plumbline-organization"
    )
    return module


def members_of_terraform():
    """The stack set, as a stack of the management account."""
    of_role = account_role_of_terraform([])["variable"]
    return {
        "terraform": PROVIDER,
        "variable": {
            **of_role,
            "request_snapshots": REQUEST_SNAPSHOTS,
            "organizational_units": {
                "type": "list(string)",
                "description": "Ids of the organizational units, or of the root, whose accounts get the role",
            },
        },
        "resource": {
            "aws_cloudformation_stack": {
                "plumbline": {
                    "name": "plumbline-members",
                    "capabilities": ["CAPABILITY_NAMED_IAM"],
                    "template_body": '${file("${path.module}/../../members.cloudformation.json")}',
                    "parameters": {
                        "TrustPrincipal": "${var.trust_principal}",
                        "ExternalId": "${var.external_id}",
                        "Regions": '${join(",", var.regions)}',
                        "RoleName": "${var.role_name}",
                        "RequestSnapshots": "${var.request_snapshots}",
                        "OrganizationalUnits": '${join(",", var.organizational_units)}',
                    },
                }
            }
        },
    }


def operator_of_terraform(policy):
    service, actions = POD_IDENTITY
    variables = {
        "role_name": variable("The name of the operator's role", default="plumbline-operator"),
        "account_role_name": variable("The name of the role in each account", default="plumbline"),
    }
    trust = {
        "sid": "PodIdentity",
        "actions": actions,
        "principals": [{"type": "Service", "identifiers": [service]}],
    }
    return terraform(variables, trust, policy)


def main(plumbline, folder):
    reading, _ = policies(plumbline, publish=False)
    publishing, own = policies(plumbline, publish=True)
    receiving = queue_actions(plumbline)
    reader = "Lets Plumbline read AWS Config and what it does not record, of this account"
    publisher = f"{reader}, and publish findings to its Security Hub"
    organization = organization_policy(plumbline)
    bucket, requests = delivered(plumbline)
    member = requesting_of_cloudformation(
        account_role_of_cloudformation(
            publisher, [*publishing, LIST_REGIONS], "AwsOrganization's template"
        ),
        requests,
    )
    made = {
        "organization.cloudformation.json": organization_role_of_cloudformation(
            "Lets Plumbline read the accounts of the organization", organization
        ),
        "members.cloudformation.json": members_of_cloudformation(
            "The role of Plumbline in each account of organizational units", member
        ),
        "terraform/organization/main.tf.json": organization_role_of_terraform(organization),
        "terraform/members/main.tf.json": members_of_terraform(),
        "reader.cloudformation.json": requesting_of_cloudformation(
            account_role_of_cloudformation(reader, reading), requests
        ),
        "publisher.cloudformation.json": requesting_of_cloudformation(
            account_role_of_cloudformation(publisher, publishing), requests
        ),
        "operator.cloudformation.json": operator_of_cloudformation(own),
        "terraform/reader/main.tf.json": requesting_of_terraform(
            account_role_of_terraform(reading), requests
        ),
        "terraform/publisher/main.tf.json": requesting_of_terraform(
            account_role_of_terraform(publishing), requests
        ),
        "terraform/operator/main.tf.json": operator_of_terraform(own),
        "changes-queue.cloudformation.json": changes.queue_of_cloudformation(receiving),
        "changes-rule.cloudformation.json": changes.rule_of_cloudformation(),
        "terraform/changes-queue/main.tf.json": changes.queue_of_terraform(receiving),
        "terraform/changes-rule/main.tf.json": changes.rule_of_terraform(),
        "snapshots.cloudformation.json": snapshots.template(bucket, ACCOUNT),
        "terraform/snapshots/main.tf.json": snapshots.module(bucket, ACCOUNT),
    }
    for name, document in made.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent)
