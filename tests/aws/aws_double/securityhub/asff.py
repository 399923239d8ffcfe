"""Whether a finding adheres to the AWS Security Finding Format.

Three layers: the service model, the documented limits that it lacks, and rules between fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore.model import Shape, StructureShape

from .. import model
from ..exchange import compact
from ..limits import FINDING_BYTES, exceeded
from ..model import Violation
from ..wire.restjson import schema_message
from .hub import Finding

#: API_AwsSecurityFinding: `Z` or an offset of at most 18 hours, at most nine digits of a second.
_TIMESTAMP = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?"
    r"(Z|[+-]((0\d|1[0-7])(:?[0-5]\d)?|18(:?00)?))"
)
_TIMES = ("CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt")
_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):securityhub:([a-z0-9-]+):(\d{12})?:product/(.+/.+)")


def violations(finding: Finding) -> str | None:
    """What Security Hub says of a finding that it refuses, or nothing of one that it takes."""
    broken = [*model.check(_finding_shape(), finding)]
    if not broken:
        broken = [*exceeded(finding), *_rules(finding)]
    if broken:
        return f"Finding does not adhere to Amazon Finding Format. {schema_message(broken)}."
    if len(compact(finding)) > FINDING_BYTES:
        return "Finding size exceeded 240 KB"
    return None


def product_of(arn: str) -> tuple[str, str, str | None, str] | None:
    """Partition, region, account and product of a product's ARN."""
    match = _ARN.fullmatch(arn)
    return (match[1], match[2], match[3], match[4]) if match else None


def is_default_product(arn: str) -> bool:
    """Whether this is an account's own product, which needs no subscription."""
    product = product_of(arn)
    return product is not None and product[3] == f"{product[2]}/default"


def _rules(finding: Finding) -> Iterator[Violation]:
    if finding["SchemaVersion"] != "2018-10-08":
        yield Violation(("SchemaVersion",), "enum", ["2018-10-08"], finding["SchemaVersion"])
    for name in _TIMES:
        if name in finding and not _TIMESTAMP.fullmatch(finding[name]):
            yield Violation((name,), "format", '"date-time"', finding[name])
    # github.com/aws-samples/aws-securityhub-config-integration/issues/3: severity and types are
    # required, at the top or in FindingProviderFields.
    provided = finding.get("FindingProviderFields", {})
    for name in ("Severity", "Types"):
        if not finding.get(name) and not provided.get(name):
            yield Violation((), "required", "FindingProviderFields", None)
    for severity in (finding.get("Severity"), provided.get("Severity")):
        if severity and "Label" not in severity and "Normalized" not in severity:
            yield Violation(("Severity",), "required", "Label", None)
    for name in ("Confidence", "Criticality"):
        if not 0 <= finding.get(name, 0) <= 100:
            yield Violation((name,), "max", 100, finding[name])


def _finding_shape() -> Shape | None:
    operation = model.operation("securityhub", "BatchImportFindings")
    shape = operation.input_shape if operation else None
    return shape.members["Findings"].member if isinstance(shape, StructureShape) else None
