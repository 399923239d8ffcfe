"""The queue that brings what AWS Config records, and the rules that send it there.

A rule of EventBridge in each account and Region puts events on a bus of the queue's account, for a rule
reaches targets of another Region or account by a bus ("Sending and receiving events between accounts",
Amazon EventBridge User Guide; direct targets have to be in the same Region). A rule of the bus sends them
to the queue. `generate.py` writes these documents.
"""

from roles import (
    PROVIDER,
    TRUST,
    TRUST_OF_TERRAFORM,
    condition,
    document,
    policy,
    role_of_cloudformation,
    role_of_terraform,
    sub,
    text,
    variable,
)

#: "Monitoring AWS Config with Amazon EventBridge", AWS Config Developer Guide.
PATTERN = {"source": ["aws.config"], "detail-type": ["Config Configuration Item Change"]}
#: A message that cannot be understood is received so often before it is put aside.
RECEIVES = 5
#: Longer than taking ten messages lasts, items that have to be fetched among them.
HIDDEN_SECONDS = 60
#: 4 days, and 14 for what was put aside: the most that SQS keeps ("CreateQueue", Amazon SQS API Reference).
KEPT_SECONDS, PUT_ASIDE_SECONDS = 345_600, 1_209_600


def got(resource, attribute="Arn"):
    return {"Fn::GetAtt": [resource, attribute]}


def queue_of_cloudformation(reading):
    """Once: the bus, the queue, and the role that reads it. `reading` are the actions of Plumbline."""
    bus = sub("arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/${Name}")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The queue that brings Plumbline what AWS Config records in an organization",
        "Parameters": {
            "OrganizationId": text("The organization whose accounts may send", AllowedPattern="o-[a-z0-9]{10,32}"),
            "TrustPrincipal": text("The ARN of the identity that Plumbline runs as", AllowedPattern="arn:.+"),
            "ExternalId": text(
                "What Plumbline gives when it assumes the role: changes.role.externalId of the AwsAccount",
                NoEcho=True,
                MinLength=2,
            ),
            "Name": text(
                "The name of the queue, the event bus and the role",
                Default="plumbline-changes",
                AllowedPattern=r"[\w-]{1,60}",
            ),
        },
        "Resources": {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": {"Ref": "Name"}}},
            "BusPolicy": {
                "Type": "AWS::Events::EventBusPolicy",
                "Properties": {
                    "EventBusName": {"Ref": "Bus"},
                    "StatementId": "Organization",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": "*",
                        "Action": "events:PutEvents",
                        "Resource": bus,
                        "Condition": {
                            "StringEquals": {"aws:PrincipalOrgID": {"Ref": "OrganizationId"}}
                        },
                    },
                },
            },
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventBusName": {"Ref": "Bus"},
                    "EventPattern": PATTERN,
                    "Targets": [{"Id": "queue", "Arn": got("Queue")}],
                },
            },
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "QueueName": {"Ref": "Name"},
                    "SqsManagedSseEnabled": True,
                    "MessageRetentionPeriod": KEPT_SECONDS,
                    "VisibilityTimeout": HIDDEN_SECONDS,
                    "RedrivePolicy": {
                        "deadLetterTargetArn": got("DeadLetters"),
                        "maxReceiveCount": RECEIVES,
                    },
                },
            },
            "DeadLetters": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "QueueName": sub("${Name}-dead-letters"),
                    "SqsManagedSseEnabled": True,
                    "MessageRetentionPeriod": PUT_ASIDE_SECONDS,
                },
            },
            "QueuePolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": policy(
                        {
                            "Sid": "SendByRule",
                            "Effect": "Allow",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Action": "sqs:SendMessage",
                            "Resource": got("Queue"),
                            "Condition": {"ArnEquals": {"aws:SourceArn": got("Rule")}},
                        }
                    ),
                },
            },
            "Role": role_of_cloudformation(
                "Name",
                TRUST,
                [
                    {
                        "Sid": "ReceiveChanges",
                        "Effect": "Allow",
                        "Action": reading,
                        "Resource": got("Queue"),
                    }
                ],
            ),
        },
        "Outputs": {
            "QueueUrl": {"Value": {"Ref": "Queue"}},
            "RoleArn": {"Value": got("Role")},
            "BusArn": {"Value": got("Bus")},
        },
    }


def rule_of_cloudformation():
    """For a stack set, in each account and Region: the rule; the role of it once an account."""
    role = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${RoleName}")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Sends what AWS Config records in this account and Region to Plumbline's event bus",
        "Parameters": {
            "BusArn": text("The output BusArn of changes-queue", AllowedPattern="arn:.+:event-bus/.+"),
            "RoleRegion": text("The Region, among those of the stack set, that makes the role of each account"),
            "RoleName": text("The name of the role", Default="plumbline-changes-rule"),
        },
        "Conditions": {"MakesRole": {"Fn::Equals": [{"Ref": "AWS::Region"}, {"Ref": "RoleRegion"}]}},
        "Resources": {
            "Rule": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": PATTERN,
                    "Targets": [{"Id": "bus", "Arn": {"Ref": "BusArn"}, "RoleArn": role}],
                },
            },
            "Role": {
                "Type": "AWS::IAM::Role",
                "Condition": "MakesRole",
                "Properties": {
                    "RoleName": {"Ref": "RoleName"},
                    "AssumeRolePolicyDocument": policy(
                        {
                            "Sid": "AssumeByEventBridge",
                            "Effect": "Allow",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                            "Condition": {
                                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
                            },
                        }
                    ),
                    "Policies": [
                        {
                            "PolicyName": "plumbline",
                            "PolicyDocument": policy(
                                {
                                    "Sid": "PutEvents",
                                    "Effect": "Allow",
                                    "Action": "events:PutEvents",
                                    "Resource": {"Ref": "BusArn"},
                                }
                            ),
                        }
                    ],
                },
            },
        },
    }


# Terraform


#: A pattern as EventBridge reads it.
PATTERN_OF_TERRAFORM = "${jsonencode(" + str(PATTERN).replace("'", '"').replace(": ", " = ") + ")}"


def queue_of_terraform(reading):
    return {
        "terraform": PROVIDER,
        "variable": {
            "organization_id": variable("The organization whose accounts may send"),
            "trust_principal": variable("The ARN of the identity that Plumbline runs as"),
            "external_id": variable(
                "What Plumbline gives when it assumes the role: changes.role.externalId of the AwsAccount",
                sensitive=True,
            ),
            "name": variable(
                "The name of the queue, the event bus and the role", default="plumbline-changes"
            ),
        },
        "data": {
            "aws_iam_policy_document": {
                "bus": document(
                    sid="Organization",
                    principals=[{"type": "*", "identifiers": ["*"]}],
                    actions=["events:PutEvents"],
                    resources=["${aws_cloudwatch_event_bus.changes.arn}"],
                    condition=[condition("StringEquals", "aws:PrincipalOrgID", "${var.organization_id}")],
                ),
                "queue": document(
                    sid="SendByRule",
                    principals=[{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
                    actions=["sqs:SendMessage"],
                    resources=["${aws_sqs_queue.changes.arn}"],
                    condition=[condition("ArnEquals", "aws:SourceArn", "${aws_cloudwatch_event_rule.changes.arn}")],
                ),
                "trust": document(**TRUST_OF_TERRAFORM),
                "policy": document(
                    sid="ReceiveChanges",
                    actions=reading,
                    resources=["${aws_sqs_queue.changes.arn}"],
                ),
            },
        },
        "resource": {
            "aws_cloudwatch_event_bus": {"changes": {"name": "${var.name}"}},
            "aws_cloudwatch_event_bus_policy": {
                "changes": {
                    "event_bus_name": "${aws_cloudwatch_event_bus.changes.name}",
                    "policy": "${data.aws_iam_policy_document.bus.json}",
                }
            },
            "aws_cloudwatch_event_rule": {
                "changes": {
                    "name": "${var.name}",
                    "event_bus_name": "${aws_cloudwatch_event_bus.changes.name}",
                    "event_pattern": PATTERN_OF_TERRAFORM,
                }
            },
            "aws_cloudwatch_event_target": {
                "queue": {
                    "rule": "${aws_cloudwatch_event_rule.changes.name}",
                    "event_bus_name": "${aws_cloudwatch_event_bus.changes.name}",
                    "arn": "${aws_sqs_queue.changes.arn}",
                }
            },
            "aws_sqs_queue": {
                "changes": {
                    "name": "${var.name}",
                    "sqs_managed_sse_enabled": True,
                    "message_retention_seconds": KEPT_SECONDS,
                    "visibility_timeout_seconds": HIDDEN_SECONDS,
                    "redrive_policy": "${jsonencode({deadLetterTargetArn = "
                    f"aws_sqs_queue.dead_letters.arn, maxReceiveCount = {RECEIVES}}})}}",
                },
                "dead_letters": {
                    "name": "${var.name}-dead-letters",
                    "sqs_managed_sse_enabled": True,
                    "message_retention_seconds": PUT_ASIDE_SECONDS,
                },
            },
            "aws_sqs_queue_policy": {
                "changes": {
                    "queue_url": "${aws_sqs_queue.changes.url}",
                    "policy": "${data.aws_iam_policy_document.queue.json}",
                }
            },
            **role_of_terraform("name"),
        },
        "output": {
            "queue_url": {"value": "${aws_sqs_queue.changes.url}"},
            "role_arn": {"value": "${aws_iam_role.plumbline.arn}"},
            "bus_arn": {"value": "${aws_cloudwatch_event_bus.changes.arn}"},
        },
    }


def rule_of_terraform():
    return {
        "terraform": PROVIDER,
        "variable": {
            "bus_arn": variable("The output bus_arn of changes-queue"),
            "regions": {
                "type": "set(string)",
                "description": "The Regions of the account whose changes are sent (version 6 of the AWS provider)",
            },
            "role_name": variable("The name of the role", default="plumbline-changes-rule"),
        },
        "data": {
            "aws_iam_policy_document": {
                "trust": document(
                    sid="AssumeByEventBridge",
                    principals=[{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
                    actions=["sts:AssumeRole"],
                ),
                "policy": document(
                    sid="PutEvents", actions=["events:PutEvents"], resources=["${var.bus_arn}"]
                ),
            }
        },
        "resource": {
            "aws_cloudwatch_event_rule": {
                "changes": {
                    "for_each": "${var.regions}",
                    "region": "${each.value}",
                    "name": "plumbline-changes",
                    "event_pattern": PATTERN_OF_TERRAFORM,
                }
            },
            "aws_cloudwatch_event_target": {
                "bus": {
                    "for_each": "${var.regions}",
                    "region": "${each.value}",
                    "rule": "${aws_cloudwatch_event_rule.changes[each.value].name}",
                    "arn": "${var.bus_arn}",
                    "role_arn": "${aws_iam_role.rule.arn}",
                }
            },
            "aws_iam_role": {
                "rule": {
                    "name": "${var.role_name}",
                    "assume_role_policy": "${data.aws_iam_policy_document.trust.json}",
                }
            },
            "aws_iam_role_policy": {
                "rule": {
                    "name": "plumbline",
                    "role": "${aws_iam_role.rule.id}",
                    "policy": "${data.aws_iam_policy_document.policy.json}",
                }
            },
        },
    }
