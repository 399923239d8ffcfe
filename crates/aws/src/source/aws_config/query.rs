//! The advanced queries in use.
//!
//! Sources: "Querying the Current Configuration State of AWS Resources" (AWS Config Developer
//! Guide) for the grammar, `SelectResourceConfig` (API Reference) for the longest expression.

use cel::Timestamp;
use cel::format_timestamp;
use model::{AccountId, Region, ResourceType};

/// The longest expression, in bytes.
const LONGEST: usize = 4096;

/// Everything that makes a configuration item.
const FIELDS: &str = "accountId, awsRegion, arn, resourceId, resourceName, resourceType, \
                      resourceCreationTime, configurationItemCaptureTime, \
                      configurationItemStatus, tags, relationships, configuration, \
                      supplementaryConfiguration";

/// What of all that a service sees is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum QueryScope {
    /// All: the service sees one account in one region.
    Own,
    /// What an aggregator shows of an account's region.
    Aggregated(AccountId, Region),
    /// What an aggregator shows of an account, in whatever region.
    AggregatedAnywhere(AccountId),
}

impl QueryScope {
    fn condition(&self) -> String {
        match self {
            Self::Own => String::new(),
            Self::Aggregated(account, region) => {
                format!("accountId = '{account}' AND awsRegion = '{region}' AND ")
            }
            Self::AggregatedAnywhere(account) => format!("accountId = '{account}' AND "),
        }
    }
}

/// All items of a type, in an order that pages keep.
pub(super) fn items(scope: &QueryScope, resource_type: &ResourceType) -> String {
    let scope = scope.condition();
    format!("SELECT {FIELDS} WHERE {scope}resourceType = '{resource_type}' ORDER BY resourceId")
}

/// A query, and the types that it is about.
pub(super) type Query<'t> = (String, Vec<&'t ResourceType>);

/// How many items of each type there are: as many queries as the types need.
pub(super) fn counts<'t>(scope: &QueryScope, types: &[&'t ResourceType]) -> Vec<Query<'t>> {
    let scope = scope.condition();
    let expression = |list: &str| {
        format!(
            "SELECT resourceType, COUNT(*) WHERE {scope}resourceType IN ({list}) GROUP BY resourceType"
        )
    };
    in_groups(types, expression)
}

/// The items of some types that were recorded after a time, those of one type together.
pub(super) fn changes<'t>(
    scope: &QueryScope,
    types: &[&'t ResourceType],
    since: Timestamp,
) -> Vec<Query<'t>> {
    let scope = scope.condition();
    // Times are compared as texts: this is how rows write them.
    let since = format_timestamp(Timestamp { nanoseconds: 0, ..since });
    let since = since.trim_end_matches('Z');
    let expression = |list: &str| {
        format!(
            "SELECT {FIELDS} WHERE {scope}resourceType IN ({list}) AND \
             configurationItemCaptureTime > '{since}.000Z' ORDER BY resourceType, resourceId"
        )
    };
    in_groups(types, expression)
}

/// One expression for as many types as fit.
fn in_groups<'t>(
    types: &[&'t ResourceType],
    expression: impl Fn(&str) -> String,
) -> Vec<Query<'t>> {
    let room = LONGEST.saturating_sub(expression("").len());
    let mut queries = Vec::new();
    let (mut list, mut named) = (String::new(), Vec::new());
    for resource_type in types {
        let name = format!("'{resource_type}'");
        if !list.is_empty() && list.len() + ", ".len() + name.len() > room {
            queries.push((expression(&list), std::mem::take(&mut named)));
            list.clear();
        }
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(&name);
        named.push(*resource_type);
    }
    if !list.is_empty() {
        queries.push((expression(&list), named));
    }
    queries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(count: usize) -> Vec<ResourceType> {
        (0..count).map(|at| format!("AWS::Service::Resource{at}").parse().unwrap()).collect()
    }

    #[test]
    fn every_type_is_asked_for_once_and_no_expression_is_too_long() {
        let types = types(1000);
        let named: Vec<&ResourceType> = types.iter().collect();
        let scope = QueryScope::Aggregated(
            "111122223333".parse().unwrap(),
            "ap-southeast-4".parse().unwrap(),
        );
        let since = Timestamp { seconds: 1_790_000_000, nanoseconds: 5 };
        for queries in [counts(&scope, &named), changes(&scope, &named, since)] {
            assert!(queries.len() > 1);
            assert!(queries.iter().all(|(expression, _)| expression.len() <= LONGEST));
            let asked: Vec<&ResourceType> =
                queries.iter().flat_map(|(_, types)| types.iter().copied()).collect();
            assert_eq!(asked, named);
            for (expression, types) in &queries {
                assert!(types.iter().all(|name| expression.contains(&format!("'{name}'"))));
            }
        }
    }

    #[test]
    fn nothing_is_asked_about_no_types() {
        assert!(counts(&QueryScope::Own, &[]).is_empty());
    }

    #[test]
    fn a_time_is_written_as_rows_write_it() {
        let name: ResourceType = "AWS::S3::Bucket".parse().unwrap();
        let since = Timestamp { seconds: 1_714_557_600, nanoseconds: 123_000_000 };
        let (expression, _) = &changes(&QueryScope::Own, &[&name], since)[0];
        assert!(expression.contains("> '2024-05-01T10:00:00.000Z' ORDER"), "{expression}");
    }
}
