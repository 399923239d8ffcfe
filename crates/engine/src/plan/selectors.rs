//! Selectors that match accounts of which they may not use all.
//!
//! A warning only: an account may be meant for other namespaces. It may also have a typing mistake
//! in `allowedNamespaces`, and then nobody would look at it.

use crate::plan::{AccountChecks, Plan};
use api::FieldPath;
use manifest::Objects;
use manifest::document::Diagnostic;

/// A warning for each such selector. `plans` are those of the baselines, in the same order.
pub(super) fn doubtful(
    objects: &Objects,
    plans: &[Plan],
    accounts: AccountChecks,
) -> Vec<Diagnostic> {
    if accounts == AccountChecks::LeftOut {
        return Vec::new();
    }
    let passing = objects.baselines.iter().zip(plans).filter(|(_, plan)| plan.passed_over > 0);
    let warnings = passing.map(|(baseline, plan)| {
        let namespace = &plan.baseline.namespace;
        let message = match plan.passed_over {
            1 => format!(
                "1 AwsAccount matches the selector and does not allow the namespace `{namespace}`: \
                 it is left out"
            ),
            more => format!(
                "{more} AwsAccounts match the selector and do not allow the namespace \
                 `{namespace}`: they are left out"
            ),
        };
        let help = format!("add `{namespace}` to spec.allowedNamespaces of what is to be included");
        let path = FieldPath::spec("accounts").field("selector");
        baseline.diagnostic(&path, None, message, Some(help))
    });
    warnings.collect()
}
