"""Buckets with policies, for `scan` to hold against five built-in controls.

Usage: buckets.py COUNT FOLDER: writes `buckets.json`, `buckets.jsonl` and `buckets/baseline.yaml`.

Each bucket is made from its number alone: 3 KB, a policy of four or five statements, an ACL. One in ten
breaks each of TLS, encryption and versioning, one in four the public access block, one in twenty is public.
"""

import json
import pathlib
import sys

ACCOUNT = "111122223333"
OWNER = "0123456789abcdef" * 4
CONTROLS = ["tls-only", "not-public", "encryption", "versioning", "public-access-block"]
BASELINE = f"""apiVersion: plumbline.dev/v1alpha1
kind: AwsAccount
metadata: {{name: bench}}
spec:
  accountId: "{ACCOUNT}"
  regions: [eu-west-1, us-east-1]
  allowedNamespaces: {{names: [default]}}
  source: {{snapshot: {{url: snapshot.json, recordedTypes: [AWS::S3::Bucket, AWS::S3::AccountPublicAccessBlock]}}}}
---
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {{name: bench, namespace: default}}
spec:
  accounts: {{names: [bench]}}
  controls: [{", ".join(f"{{name: s3-bucket-{name}}}" for name in CONTROLS)}]
"""


def mix(number: int) -> int:
    """The finaliser of splitmix64, as in `throughput/items.rs`."""
    mask = (1 << 64) - 1
    number = (number + 0x9E3779B97F4A7C15) & mask
    number = ((number ^ (number >> 30)) * 0xBF58476D1CE4E5B9) & mask
    number = ((number ^ (number >> 27)) * 0x94D049BB133111EB) & mask
    return number ^ (number >> 31)


def statements(arn: str, mixed: int, chance: int) -> list[dict]:
    def allow(name: str, principal: object, action: object, resource: str, **rest: object) -> dict:
        return {"Sid": name, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource} | rest

    def role(name: str) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    objects = f"{arn}/*"
    condition = {"Bool": {"aws:SecureTransport": "false" if chance % 10 else "true"}}
    tls = {"Sid": "OnlyTls", "Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    encrypted = {"StringEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}}
    found = [
        tls | {"Resource": [arn, objects], "Condition": condition},
        allow("Readers", {"AWS": [role(f"reader-{mixed % 97}"), role("etl")]}, ["s3:GetObject", "s3:GetObjectVersion"], objects),
        allow("Writers", {"AWS": role(f"writer-{mixed % 89}")}, ["s3:PutObject", "s3:AbortMultipartUpload"], objects, Condition=encrypted),
        allow(
            "Delivery",
            {"Service": "delivery.logs.amazonaws.com"},
            "s3:PutObject",
            f"{arn}/AWSLogs/*",
            Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        ),
    ]
    return found + ([allow("Everyone", "*", "s3:GetObject", objects)] if chance % 20 == 4 else [])


def text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def bucket(number: int) -> dict:
    mixed = mix(number)
    chance = mixed // 7
    name = f"team-{mixed % 17}-data-{mixed:016x}"
    arn = f"arn:aws:s3:::{name}"
    region = "eu-west-1" if mixed % 2 else "us-east-1"
    owner = {"displayName": None, "id": OWNER}
    grants = [{"grantee": {"id": OWNER, "displayName": None}, "permission": "FullControl"}]
    rule = {"sseAlgorithm": "aws:kms", "kmsMasterKeyID": f"arn:aws:kms:{region}:{ACCOUNT}:key/{mixed % 1000:08x}"}
    blocks = chance % 4 != 0
    settings = {
        "AccessControlList": text({"grantSet": None, "grantList": grants, "owner": owner, "isRequesterCharged": False}),
        "BucketAccelerateConfiguration": {"status": None},
        "BucketLoggingConfiguration": {"destinationBucketName": "logs", "logFilePrefix": f"{name}/"},
        "BucketNotificationConfiguration": {"configurations": {}},
        "BucketPolicy": {"policyText": text({"Version": "2012-10-17", "Statement": statements(arn, mixed, chance)})},
        "BucketVersioningConfiguration": {"status": "Suspended" if chance % 10 == 5 else "Enabled", "isMfaDeleteEnabled": False},
        "IsRequesterPaysEnabled": False,
        "PublicAccessBlockConfiguration": {
            "blockPublicAcls": True, "ignorePublicAcls": True, "blockPublicPolicy": blocks, "restrictPublicBuckets": blocks,
        },
    }
    if chance % 10 != 7:
        rules = [{"applyServerSideEncryptionByDefault": rule, "bucketKeyEnabled": True}]
        settings["ServerSideEncryptionConfiguration"] = {"rules": rules}
    return {
        "relatedEvents": [], "relationships": [],
        "configuration": {"name": name, "owner": owner, "creationDate": "2025-02-12T07:21:45.000Z"},
        "supplementaryConfiguration": settings,
        "tags": {"Owner": f"team-{mixed % 17}", "Environment": "production" if mixed % 3 else "staging"},
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": f"2026-11-20T12:{number % 60:02}:{mixed % 60:02}.123Z",
        "configurationStateId": 1763640000000 + number, "awsAccountId": ACCOUNT, "configurationItemStatus": "OK",
        "resourceType": "AWS::S3::Bucket", "resourceId": name, "resourceName": name, "ARN": arn,
        "awsRegion": region, "availabilityZone": "Regional", "configurationStateMd5Hash": "",
        "resourceCreationTime": "2025-02-12T07:21:45.000Z",
    }


def write(count: int, folder: pathlib.Path) -> None:
    items = [text(bucket(number)) for number in range(count)]
    whole = ",".join(items)
    (folder / "buckets.json").write_text(f'{{"fileVersion":"1.0","configSnapshotId":"bench","configurationItems":[{whole}]}}')
    (folder / "buckets.jsonl").write_text("".join(f"{item}\n" for item in items))
    (folder / "buckets").mkdir(exist_ok=True)
    (folder / "buckets" / "baseline.yaml").write_text(BASELINE)


if __name__ == "__main__":
    write(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
