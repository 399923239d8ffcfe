"""What the roles of this folder have in common: one that Plumbline assumes, and its policy."""


# CloudFormation


def text(description, **more):
    return {"Type": "String", "Description": description, **more}


def sub(template):
    return {"Fn::Sub": template}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


#: Whoever Plumbline runs as, with the external id.
TRUST = {
    "Sid": "AssumeByPlumbline",
    "Effect": "Allow",
    "Principal": {"AWS": {"Ref": "TrustPrincipal"}},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": {"Ref": "ExternalId"}}},
}


def role_of_cloudformation(name, trust, statements):
    """The resource of a role with one policy."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Ref": name},
            "AssumeRolePolicyDocument": policy(trust),
            "Policies": [{"PolicyName": "plumbline", "PolicyDocument": policy(*statements)}],
        },
    }


# Terraform


PROVIDER = {"required_providers": {"aws": {"source": "hashicorp/aws"}}}


def variable(description, **more):
    return {"type": "string", "description": description, **more}


def document(**statement):
    return {"statement": [statement]}


def condition(test, name, value):
    return {"test": test, "variable": name, "values": [value]}


#: The same as TRUST, as a statement of `aws_iam_policy_document`.
TRUST_OF_TERRAFORM = {
    "sid": "AssumeByPlumbline",
    "actions": ["sts:AssumeRole"],
    "principals": [{"type": "AWS", "identifiers": ["${var.trust_principal}"]}],
    "condition": [condition("StringEquals", "sts:ExternalId", "${var.external_id}")],
}


def role_of_terraform(name):
    """The resources of a role, of the variable `name`, with the documents `trust` and `policy`."""
    return {
        "aws_iam_role": {
            "plumbline": {
                "name": f"${{var.{name}}}",
                "assume_role_policy": "${data.aws_iam_policy_document.trust.json}",
            }
        },
        "aws_iam_role_policy": {
            "plumbline": {
                "name": "plumbline",
                "role": "${aws_iam_role.plumbline.id}",
                "policy": "${data.aws_iam_policy_document.policy.json}",
            }
        },
    }
