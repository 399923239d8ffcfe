"""Aggregators: one account's view of other accounts' items, and how fresh each source is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..clock import epoch


@dataclass
class Aggregator:
    """An aggregator; `regions` of `None` mean all regions of its accounts."""

    name: str
    accounts: list[str]
    regions: list[str] | None = None
    #: By `account/region`: status, time and error of the last update, where it is not a success.
    statuses: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: dict[str, Any]) -> Aggregator:
        """Reads an aggregator of the state file."""
        return cls(**given)

    def sees(self, account: str, region: str) -> bool:
        """Whether an account's region is among its sources."""
        return account in self.accounts and (self.regions is None or region in self.regions)

    def described(self, account: str, region: str) -> dict[str, Any]:
        """As `DescribeConfigurationAggregators` gives it."""
        source: dict[str, Any] = {"AccountIds": self.accounts, "AllAwsRegions": not self.regions}
        if self.regions:
            source["AwsRegions"] = self.regions
        arn = f"arn:aws:config:{region}:{account}:config-aggregator/{self.name}"
        return {
            "ConfigurationAggregatorName": self.name,
            "ConfigurationAggregatorArn": arn,
            "AccountAggregationSources": [source],
            "CreationTime": epoch("2026-01-01T00:00:00Z"),
            "LastUpdatedTime": epoch("2026-01-01T00:00:00Z"),
        }

    def source_status(self, account: str, region: str, now: float) -> dict[str, Any]:
        """As `DescribeConfigurationAggregatorSourcesStatus` gives one source."""
        told = self.statuses.get(f"{account}/{region}", {})
        status: dict[str, Any] = {
            "SourceId": account,
            "SourceType": "ACCOUNT",
            "AwsRegion": region,
            "LastUpdateStatus": told.get("status", "SUCCEEDED"),
            "LastUpdateTime": epoch(told["time"]) if "time" in told else now,
        }
        if "code" in told:
            status["LastErrorCode"] = told["code"]
            status["LastErrorMessage"] = told.get("message", told["code"])
        return status
