"""The five checks of a benchmark as DuckDB predicates; prints how many resources break each.

Usage: predicates.py mixed|buckets FILE: a snapshot, or its items as JSON Lines (which DuckDB reads faster).
Only the fields that the predicates read are named, which is the fastest that DuckDB offers. Those of
buckets say less than the controls that they stand for: they look for the usual statements of a policy alone.
"""

import sys

import duckdb

MIXED_COLUMNS = {
    "resourceType": "VARCHAR",
    "resourceId": "VARCHAR",
    "awsRegion": "VARCHAR",
    "tags": "STRUCT(Owner VARCHAR, Environment VARCHAR)",
    "configuration": "STRUCT("
    "metadataOptions STRUCT(httpTokens VARCHAR), "
    "publiclyAccessible BOOLEAN, "
    "ipPermissions STRUCT(fromPort BIGINT, toPort BIGINT, ipProtocol VARCHAR, "
    "ipv4Ranges STRUCT(cidrIp VARCHAR)[], ipv6Ranges STRUCT(cidrIpv6 VARCHAR)[])[])",
    "supplementaryConfiguration": "STRUCT(BucketPolicy STRUCT(policyText VARCHAR))",
}

MIXED = """
SELECT 'imdsv2' AS control, resourceId FROM items
WHERE resourceType = 'AWS::EC2::Instance'
  AND configuration.metadataOptions.httpTokens IS DISTINCT FROM 'required'
UNION ALL
SELECT 'admin-ports', resourceId FROM items
WHERE resourceType = 'AWS::EC2::SecurityGroup' AND len(list_filter(configuration.ipPermissions, lambda rule:
  (rule.ipProtocol = '-1' OR (rule.fromPort <= 22 AND rule.toPort >= 22) OR (rule.fromPort <= 3389 AND rule.toPort >= 3389))
  AND (len(list_filter(rule.ipv4Ranges, lambda range: range.cidrIp = '0.0.0.0/0')) > 0
       OR len(list_filter(rule.ipv6Ranges, lambda range: range.cidrIpv6 = '::/0')) > 0))) > 0
UNION ALL
SELECT 'database-private', resourceId FROM items
WHERE resourceType = 'AWS::RDS::DBInstance' AND configuration.publiclyAccessible
UNION ALL
SELECT 'bucket-tls', resourceId FROM items
WHERE resourceType = 'AWS::S3::Bucket' AND NOT list_contains(
  json_extract_string(supplementaryConfiguration.BucketPolicy.policyText,
                      '$.Statement[*].Condition.Bool."aws:SecureTransport"'), 'false')
UNION ALL
SELECT 'tags', resourceId FROM items WHERE tags.Owner IS NULL OR tags.Environment IS NULL
"""

BUCKET_COLUMNS = {
    "resourceType": "VARCHAR",
    "resourceId": "VARCHAR",
    "supplementaryConfiguration": "STRUCT(AccessControlList VARCHAR, BucketPolicy STRUCT(policyText VARCHAR), "
    "BucketVersioningConfiguration STRUCT(status VARCHAR), "
    "PublicAccessBlockConfiguration STRUCT(blockPublicAcls BOOLEAN, ignorePublicAcls BOOLEAN, "
    "blockPublicPolicy BOOLEAN, restrictPublicBuckets BOOLEAN), "
    "ServerSideEncryptionConfiguration STRUCT("
    "rules STRUCT(applyServerSideEncryptionByDefault STRUCT(sseAlgorithm VARCHAR))[]))",
}

BUCKETS = """
WITH buckets AS (SELECT resourceId, supplementaryConfiguration AS s FROM items WHERE resourceType = 'AWS::S3::Bucket')
SELECT 'tls-only' AS control, resourceId FROM buckets WHERE NOT coalesce(list_contains(
  json_extract_string(s.BucketPolicy.policyText, '$.Statement[*].Condition.Bool."aws:SecureTransport"'), 'false'), false)
UNION ALL
SELECT 'not-public', resourceId FROM buckets
WHERE NOT coalesce(s.PublicAccessBlockConfiguration.restrictPublicBuckets, false) AND len(list_filter(
    from_json(s.BucketPolicy.policyText,
              '{"Statement": [{"Effect": "VARCHAR", "Principal": "VARCHAR", "Condition": "JSON"}]}').Statement,
    lambda x: x.Effect = 'Allow' AND x.Principal IN ('*', '{"AWS":"*"}') AND x.Condition IS NULL)) > 0
  OR NOT coalesce(s.PublicAccessBlockConfiguration.ignorePublicAcls, false) AND len(list_filter(
    from_json(s.AccessControlList, '{"grantList": [{"grantee": "VARCHAR"}]}').grantList,
    lambda grant: grant.grantee IN ('AllUsers', 'AuthenticatedUsers'))) > 0
UNION ALL
SELECT 'encryption', resourceId FROM buckets WHERE coalesce(len(list_filter(
  s.ServerSideEncryptionConfiguration.rules,
  lambda rule: rule.applyServerSideEncryptionByDefault.sseAlgorithm IN ('AES256', 'aws:kms', 'aws:kms:dsse'))), 0) = 0
UNION ALL
SELECT 'versioning', resourceId FROM buckets WHERE s.BucketVersioningConfiguration.status IS DISTINCT FROM 'Enabled'
UNION ALL
SELECT 'public-access-block', resourceId FROM buckets WHERE NOT coalesce(
  s.PublicAccessBlockConfiguration.blockPublicAcls AND s.PublicAccessBlockConfiguration.ignorePublicAcls
  AND s.PublicAccessBlockConfiguration.blockPublicPolicy AND s.PublicAccessBlockConfiguration.restrictPublicBuckets, false)
"""

KINDS = {"mixed": (MIXED_COLUMNS, MIXED), "buckets": (BUCKET_COLUMNS, BUCKETS)}


def main(kind: str, path: str) -> None:
    names, checks = KINDS[kind]
    connection = duckdb.connect()
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in names.items())
    if path.endswith(".jsonl"):
        items = f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"
    else:
        item = ", ".join(f'"{name}" {kind}' for name, kind in names.items())
        items = (
            "SELECT unnest(configurationItems, recursive := false) AS item FROM "
            f"read_json('{path}', maximum_object_size = 4000000000, "
            f"columns = {{configurationItems: 'STRUCT({item})[]'}})"
        )
        items = f"SELECT item.* FROM ({items})"
    connection.sql(f"CREATE TEMP TABLE items AS {items}")
    found = connection.sql(f"SELECT control, count(*) FROM ({checks}) GROUP BY control ORDER BY control")
    for control, count in found.fetchall():
        print(f"{control} {count}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
