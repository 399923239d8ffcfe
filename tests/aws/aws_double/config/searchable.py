"""What of an item an advanced query can see, and how it shows it.

Nulls are gone, every number is a float, tags and relationships are lists of objects, strings at
some paths are wrapped into objects, and what is not indexed is missing: documents of policies,
access control lists, free-form maps, tags inside of configurations.

The tables below are what a comparison of recorded items with AWS's published search schema
(github.com/awslabs/aws-config-resource-schema) gives for the types that baselines look at most.
"""

from __future__ import annotations

import json
from typing import Any

from .items import Item

#: Properties that the schema shows as `path.value` where items hold a string or strings.
_WRAPPED = {
    "configuration.availabilityZones": (
        "AWS::AutoScaling::AutoScalingGroup",
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBClusterSnapshot",
        "AWS::EC2::VPCEndpointService",
    ),
    "configuration.securityGroups": (
        "AWS::AutoScaling::LaunchConfiguration",
        "AWS::ElasticLoadBalancing::LoadBalancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
    ),
    "configuration.subnets": ("AWS::ElasticLoadBalancing::LoadBalancer",),
    "configuration.endpoint": ("AWS::RDS::DBCluster",),
    "configuration.iamInstanceProfile": ("AWS::AutoScaling::LaunchConfiguration",),
    "configuration.state": (
        "AWS::EC2::CustomerGateway",
        "AWS::EC2::Host",
        "AWS::EC2::NatGateway",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPC",
        "AWS::EC2::VPNConnection",
        "AWS::EC2::VPNGateway",
        "AWS::EC2::Volume",
    ),
}

#: Properties that are not indexed, by type.
_HIDDEN = {
    "AWS::S3::Bucket": (
        "configuration.owner",
        "supplementaryConfiguration.AccessControlList",
        "supplementaryConfiguration.BucketNotificationConfiguration",
        "supplementaryConfiguration.BucketPolicy",
        "supplementaryConfiguration.BucketTaggingConfiguration",
    ),
    "AWS::IAM::Role": (
        "configuration.assumeRolePolicyDocument",
        "configuration.rolePolicyList.policyDocument",
        "configuration.tags",
    ),
    "AWS::IAM::User": ("configuration.userPolicyList.policyDocument", "configuration.tags"),
    "AWS::IAM::Group": ("configuration.groupPolicyList.policyDocument",),
    "AWS::IAM::Policy": ("configuration.policyVersionList.document",),
    "AWS::KMS::Key": ("supplementaryConfiguration.Policy",),
    "AWS::SNS::Topic": ("configuration.Policy", "configuration.EffectiveDeliveryPolicy"),
    "AWS::SQS::Queue": ("configuration.Policy",),
    "AWS::ApiGateway::Stage": ("configuration.methodSettings",),
    "AWS::ApiGatewayV2::Stage": ("configuration.routeSettings",),
    "AWS::Events::Rule": ("configuration.EventPattern",),
    "AWS::Lambda::Function": (
        "configuration.environment.variables",
        "supplementaryConfiguration.Policy",
        "supplementaryConfiguration.Tags",
    ),
    "AWS::ECR::Repository": ("configuration.RepositoryPolicyText",),
    "AWS::ECS::TaskDefinition": ("configuration.RuntimePlatform",),
    "AWS::EFS::FileSystem": ("configuration.FileSystemPolicy",),
    "AWS::Backup::BackupVault": ("configuration.AccessPolicy",),
    "AWS::Elasticsearch::Domain": (
        "configuration.accessPolicies",
        "configuration.advancedOptions",
    ),
    "AWS::OpenSearch::Domain": ("configuration.AccessPolicies", "configuration.AdvancedOptions"),
    "AWS::ElasticLoadBalancing::LoadBalancer": (
        "supplementaryConfiguration.LoadBalancerAttributes",
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "supplementaryConfiguration.LoadBalancerAttributes",
        "supplementaryConfiguration.Tags",
    ),
    "AWS::RDS::DBInstance": ("supplementaryConfiguration.Tags",),
    "AWS::EC2::VPCEndpoint": ("configuration.policyDocument",),
    "AWS::Glue::Job": ("configuration.DefaultArguments",),
}
#: The tags inside of the configuration of any EC2 type.
_HIDDEN_IN_EC2 = ("configuration.tags",)


def _paths_by_type(wrapped: dict[str, tuple[str, ...]]) -> dict[str, list[list[str]]]:
    by_type: dict[str, list[list[str]]] = {}
    for path, types in wrapped.items():
        for resource_type in types:
            by_type.setdefault(resource_type, []).append(path.split("."))
    return by_type


_WRAPPED_OF = _paths_by_type(_WRAPPED)


def document_of(item: Item) -> dict[str, Any]:
    """The item as queries see it."""
    decode = _DECODE_NULLS if "null" in item.text else _DECODE
    parsed: dict[str, Any] = decode(item.text)
    document = {
        "accountId": parsed["awsAccountId"],
        "version": parsed["configurationItemVersion"],
        "configurationStateId": _whole(parsed["configurationStateId"]),
        "tags": [{"key": k, "tag": f"{k}={v}", "value": v} for k, v in parsed["tags"].items()],
        "relationships": [
            {k: v for k, v in r.items() if k in ("resourceId", "resourceName", "resourceType")}
            for r in parsed["relationships"]
        ],
        "arn": parsed.get("ARN"),
    }
    for name in _SAME_NAME:
        document[name] = parsed.get(name)
    hidden = _HIDDEN.get(item.resource_type, ())
    if item.resource_type.startswith("AWS::EC2::"):
        hidden = (*hidden, *_HIDDEN_IN_EC2)
    for path in hidden:
        _remove(document, path.split("."))
    for steps in _WRAPPED_OF.get(item.resource_type, ()):
        _wrap(document, steps)
    return {name: value for name, value in document.items() if value is not None}


_SAME_NAME = (
    "awsRegion",
    "availabilityZone",
    "configuration",
    "configurationItemCaptureTime",
    "configurationItemDeliveryTime",
    "configurationItemStatus",
    "recordingFrequency",
    "resourceCreationTime",
    "resourceId",
    "resourceName",
    "resourceType",
    "supplementaryConfiguration",
)

#: Every property that a query may name at the top of an item.
PROPERTIES = frozenset(
    (*_SAME_NAME, "accountId", "arn", "configurationStateId", "relationships", "tags", "version")
)


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    if None in value.values():
        return {key: member for key, member in value.items() if member is not None}
    return value


_DECODE = json.JSONDecoder(parse_int=float).decode
_DECODE_NULLS = json.JSONDecoder(parse_int=float, object_hook=_without_nulls).decode


def _whole(state_id: Any) -> str:
    """The state id is text; ids of snapshots are numbers."""
    return str(int(state_id)) if isinstance(state_id, float) else str(state_id)


def _remove(value: Any, steps: list[str]) -> None:
    if isinstance(value, list):
        for member in value:
            _remove(member, steps)
    elif isinstance(value, dict):
        if len(steps) == 1:
            value.pop(steps[0], None)
        elif steps[0] in value:
            _remove(value[steps[0]], steps[1:])


def _wrap(value: Any, steps: list[str]) -> None:
    if isinstance(value, list):
        for member in value:
            _wrap(member, steps)
    elif isinstance(value, dict) and steps[0] in value:
        if len(steps) > 1:
            _wrap(value[steps[0]], steps[1:])
        else:
            value[steps[0]] = _wrapped(value[steps[0]])


def _wrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_wrapped(member) for member in value]
    return {"value": value} if isinstance(value, str) else value
