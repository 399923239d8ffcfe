"""The five checks of the benchmark as DuckDB predicates; prints how many resources break each.

Usage: predicates.py FILE: a snapshot, or its items as JSON Lines (which DuckDB reads faster).
Only the fields that the predicates read are named, which is the fastest that DuckDB offers.
"""

import sys

import duckdb

COLUMNS = {
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

CHECKS = """
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


def main(path: str) -> None:
    connection = duckdb.connect()
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    if path.endswith(".jsonl"):
        items = f"SELECT * FROM read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"
    else:
        item = ", ".join(f'"{name}" {kind}' for name, kind in COLUMNS.items())
        items = (
            "SELECT unnest(configurationItems, recursive := false) AS item FROM "
            f"read_json('{path}', maximum_object_size = 4000000000, "
            f"columns = {{configurationItems: 'STRUCT({item})[]'}})"
        )
        items = f"SELECT item.* FROM ({items})"
    connection.sql(f"CREATE TEMP TABLE items AS {items}")
    found = connection.sql(f"SELECT control, count(*) FROM ({CHECKS}) GROUP BY control ORDER BY control")
    for control, count in found.fetchall():
        print(f"{control} {count}")


if __name__ == "__main__":
    main(sys.argv[1])
