"""The operations of AWS Config that describe its own set-up: recorders, aggregators and rules."""

from __future__ import annotations

from typing import Any

from ..errors import ServiceError
from ..limits import RULE_STATUSES, TAGS
from ..operations import Call, Operation
from ..paging import page
from ..world import Region, World
from .aggregators import Aggregator
from .rules import Rule

_PAGE = 100
_RULES_PAGE = 25
#: `MaxResults` of `ListConfigurationRecorders` is at most 20.
_RECORDERS_PAGE = 20


class Describe:
    """What there is in one region, apart from resources."""

    def __init__(self, world: World) -> None:
        self._world = world

    def operations(self) -> dict[str, Operation]:
        """The describing operations."""
        return {
            "DescribeConfigurationRecorders": self._recorders,
            "DescribeConfigurationRecorderStatus": self._recorder_status,
            "ListConfigurationRecorders": self._recorder_summaries,
            "DescribeConfigurationAggregators": self._aggregators,
            "DescribeConfigurationAggregatorSourcesStatus": self._sources_status,
            "DescribeConfigRules": self._rules,
            "DescribeComplianceByConfigRule": self._compliance,
            "DescribeConfigRuleEvaluationStatus": self._statuses,
            "GetComplianceDetailsByConfigRule": self._details,
            "PutConfigRule": self._put_rule,
            "DeleteConfigRule": self._delete_rule,
            "ListTagsForResource": self._tags,
        }

    def aggregator(self, call: Call, name: str) -> Aggregator:
        """An aggregator by its name, or the error that there is none."""
        for aggregator in self._region(call).aggregators:
            if aggregator.name == name:
                return aggregator
        raise ServiceError(
            "NoSuchConfigurationAggregatorException",
            "The configuration aggregator does not exist. Check the configuration aggregator name "
            "and try again.",
        )

    def _region(self, call: Call) -> Region:
        return self._world.region(call.account, call.region)

    def _recorders(self, call: Call) -> dict[str, Any]:
        return {"ConfigurationRecorders": self._recorder_views(call, "described")}

    def _recorder_status(self, call: Call) -> dict[str, Any]:
        return {"ConfigurationRecordersStatus": self._recorder_views(call, "status")}

    def _recorder_views(self, call: Call, view: str) -> list[dict[str, Any]]:
        """The one that is asked for; without a name, that of the customer."""
        region, names = self._region(call), call.parameters.get("ConfigurationRecorderNames", [])
        if len(names) > 1:
            raise ServiceError(
                "ValidationException", "You have specified more than one configuration recorder."
            )
        asked = {
            "name": names[0] if names else None,
            "servicePrincipal": call.parameters.get("ServicePrincipal"),
            "arn": call.parameters.get("Arn"),
        }
        asked = {key: value for key, value in asked.items() if value is not None}
        found = [*([region.recorder] if region.recorder else [])]
        if asked:
            found = [
                one
                for one in [*found, *region.service_recorders]
                if asked.items() <= one.summary(call.account, call.region).items()
            ]
            if not found:
                raise ServiceError(
                    "NoSuchConfigurationRecorderException",
                    "Cannot find configuration recorder with the specified name "
                    f"'{next(iter(asked.values()))}'.",
                )
        return [getattr(one, view)(call.account, call.region) for one in found]

    def _recorder_summaries(self, call: Call) -> dict[str, Any]:
        region, filters = self._region(call), call.parameters.get("Filters", [])
        found = [*([region.recorder] if region.recorder else []), *region.service_recorders]
        summaries = [one.summary(call.account, call.region) for one in found]
        for one in filters:
            name, wanted = one.get("filterName"), one.get("filterValue", [])
            summaries = [summary for summary in summaries if summary.get(name) in wanted]
        return self._page(call, "ConfigurationRecorderSummaries", summaries, _RECORDERS_PAGE)

    def _aggregators(self, call: Call) -> dict[str, Any]:
        names = call.parameters.get("ConfigurationAggregatorNames")
        found = self._region(call).aggregators
        if names:
            found = [self.aggregator(call, name) for name in names]
        described = [one.described(call.account, call.region) for one in found]
        return self._page(call, "ConfigurationAggregators", described, _PAGE)

    def _sources_status(self, call: Call) -> dict[str, Any]:
        aggregator = self.aggregator(call, call.parameters["ConfigurationAggregatorName"])
        wanted = call.parameters.get("UpdateStatus")
        now = self._world.clock.seconds()
        statuses = [
            aggregator.source_status(account, name, now)
            for account, name in sorted(self._world.regions())
            if aggregator.sees(account, name)
        ]
        chosen = [s for s in statuses if not wanted or s["LastUpdateStatus"] in wanted]
        return self._page(call, "AggregatedSourceStatusList", chosen, _PAGE)

    def _rules(self, call: Call) -> dict[str, Any]:
        described = [
            rule.described(call.account, call.region)
            for rule in self._named_rules(call, call.parameters.get("ConfigRuleNames"))
        ]
        return self._page(call, "ConfigRules", described, _RULES_PAGE)

    def _compliance(self, call: Call) -> dict[str, Any]:
        wanted = call.parameters.get("ComplianceTypes")
        found = [
            {"ConfigRuleName": rule.name, "Compliance": rule.compliance()}
            for rule in self._named_rules(call, call.parameters.get("ConfigRuleNames"))
            if not wanted or rule.compliance()["ComplianceType"] in wanted
        ]
        return self._page(call, "ComplianceByConfigRules", found, _RULES_PAGE)

    def _details(self, call: Call) -> dict[str, Any]:
        [rule] = self._named_rules(call, [call.parameters["ConfigRuleName"]])
        results = rule.results(call.parameters.get("ComplianceTypes", []))
        return self._page(call, "EvaluationResults", results, 10)

    def _statuses(self, call: Call) -> dict[str, Any]:
        statuses = [
            rule.status(call.account, call.region)
            for rule in self._named_rules(call, call.parameters.get("ConfigRuleNames"))
        ]
        return self._page(call, "ConfigRulesEvaluationStatus", statuses, RULE_STATUSES)

    def _put_rule(self, call: Call) -> dict[str, Any]:
        region = self._region(call)
        if region.recorder is None:
            raise ServiceError(
                "NoAvailableConfigurationRecorderException",
                "Configuration recorder is not available to put config rule.",
            )
        region.rules.put(call.parameters["ConfigRule"], call.parameters.get("Tags", []))
        return {}

    def _delete_rule(self, call: Call) -> dict[str, Any]:
        self._region(call).rules.delete(call.parameters["ConfigRuleName"])
        return {}

    def _tags(self, call: Call) -> dict[str, Any]:
        arn = call.parameters["ResourceArn"]
        for rule in self._region(call).rules.all():
            if rule.arn(call.account, call.region) == arn:
                tags = [{"Key": key, "Value": value} for key, value in sorted(rule.tags.items())]
                return self._page(call, "Tags", tags, TAGS)
        raise ServiceError("ResourceNotFoundException", f"{arn} does not exist.")

    def _named_rules(self, call: Call, names: list[str] | None) -> list[Rule]:
        rules = self._region(call).rules
        return [rules.find(name) for name in names] if names else rules.all()

    def _page(self, call: Call, name: str, found: list[Any], size: int) -> dict[str, Any]:
        asked = call.parameters
        paging = ("Limit", "MaxResults", "NextToken")
        rest = {k: v for k, v in asked.items() if k not in paging}
        binding = [call.operation, call.account, call.region, rest]
        size = asked.get("Limit") or asked.get("MaxResults") or size
        chosen, more = page(self._world.tokens, binding, found, size, asked.get("NextToken"))
        return {name: chosen, "NextToken": more} if more else {name: chosen}
