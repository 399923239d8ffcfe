//! Puts what a round came to into metrics.

use std::collections::BTreeMap;

use kube::ResourceExt;

use super::inputs::Inputs;
use api::{AwsAccount, ConditionStatus, ConditionType};
use assess::{RoundReport, Sink, measure};
use aws::publish::{FindingSink, Place, Published};
use cel::Timestamp;
use engine::drift::HeldArchivals;
use engine::evaluation::Counts;
use engine::plan::{NotEvaluated, Plan};
use metrics::{AccountFacts, Metrics};
use model::AccountId;

/// Notes a round that ended at `now`, and what of it was published, if anything was.
pub(super) fn note(
    metrics: &Metrics,
    inputs: &Inputs,
    round: &RoundReport,
    sink: &Sink,
    published: Option<&Published>,
    now: Timestamp,
) {
    let plans = &inputs.assessed.plans;
    let baselines = metrics.baselines();
    // A folder without a baseline is a mistake, too: nothing in it is looked at.
    metrics.configuration_errors(inputs.mistakes.len().max(usize::from(plans.is_empty())));
    if !inputs.assessed.may_lack_baselines {
        baselines.retain(|key| plans.iter().any(|plan| plan.baseline == *key));
    }
    for (plan, figures) in measure::figures(plans, round) {
        baselines.declared(plan);
        if plan.suspended {
            baselines.suspended(&plan.baseline);
        } else {
            baselines.evaluated(&plan.baseline, figures, round.took);
        }
    }
    note_accounts(metrics, inputs, &round.kept, now);
    note_others(metrics, inputs, sink);
    let all_taken = published.is_some_and(|published| published.refused.is_empty());
    let is_sure = round.internal_errors().is_empty();
    for (plan, outcome) in plans.iter().zip(&round.outcome.plans) {
        let mut places = plan.targets.iter().map(Place::from);
        // A place that could not be read back, or takes nothing, may hold anything.
        let is_published = all_taken && places.all(|place| sink.refusal(&place).is_none());
        let conditions = conditions(plan, &outcome.counts(), is_sure, is_published);
        baselines.conditions(&plan.baseline, conditions);
    }
    measure::changes(metrics, round, published);
    let open = measure::open_findings(sink.known());
    for plan in plans.iter() {
        let findings = open.get(&plan.baseline).copied().unwrap_or_default();
        baselines.findings_open(&plan.baseline, findings);
    }
}

/// Notes how many findings of each account are another Plumbline's.
fn note_others(metrics: &Metrics, inputs: &Inputs, sink: &Sink) {
    let mut counts: BTreeMap<&AccountId, u64> =
        inputs.assessed.accounts().map(|account| (&account.spec.account_id, 0)).collect();
    for place in sink.others_places() {
        if let (Some(count), Some((more, _))) = (counts.get_mut(&place.account), sink.others(place))
        {
            *count += more as u64;
        }
    }
    for (account, count) in counts {
        metrics.accounts().others_findings(account, count);
    }
}

/// Notes how many findings of each account wait for a confirmation before they are archived.
pub(super) fn held(metrics: &Metrics, inputs: &Inputs, held: &HeldArchivals) {
    for account in inputs.assessed.accounts() {
        let id = &account.spec.account_id;
        let count = held.by_account.get(id).copied().unwrap_or_default();
        metrics.accounts().archivals_held(id, count as u64);
    }
}

/// Notes when the accounts were evaluated: all but those that are kept as they were.
fn note_accounts(
    metrics: &Metrics,
    inputs: &Inputs,
    kept: &BTreeMap<AccountId, Timestamp>,
    now: Timestamp,
) {
    let (metrics, plans) = (metrics.accounts(), &inputs.assessed.plans);
    let accounts: BTreeMap<&AccountId, &AwsAccount> =
        inputs.assessed.accounts().map(|account| (&account.spec.account_id, account)).collect();
    metrics.retain(|id| accounts.keys().any(|account| account.as_str() == id));
    for (id, account) in accounts {
        let concern =
            |plan: &&Plan| plan.is_evaluated() && plan.targets.iter().any(|it| it.account == *id);
        let interval = plans.iter().filter(concern).map(|plan| plan.interval).min();
        let (name, labels) = (account.name_any(), account.labels().clone());
        let owner = Plan::owner_of_account(plans.iter(), id).cloned();
        metrics.expects(id, AccountFacts { name, labels, owner, interval });
        if interval.is_some() && !kept.contains_key(id) {
            metrics.evaluated(id, now);
        }
    }
}

/// What holds for a baseline after a round, in the conditions that the operator writes.
fn conditions(
    plan: &Plan,
    counts: &Counts,
    is_sure: bool,
    is_published: bool,
) -> [(ConditionType, ConditionStatus); 4] {
    let status = |holds| if holds { ConditionStatus::True } else { ConditionStatus::False };
    let is_evaluated = plan.is_accepted() && plan.not_evaluated().is_none();
    // Where the spec asks for nothing, that is done.
    let is_by_choice =
        plan.is_accepted() && plan.not_evaluated().is_some_and(NotEvaluated::is_by_choice);
    let compliant = if counts.non_compliant > 0 {
        ConditionStatus::False
    } else if counts.unknown() > 0 || !is_evaluated || !is_sure {
        ConditionStatus::Unknown
    } else {
        ConditionStatus::True
    };
    let published = if plan.suspended && is_published {
        ConditionStatus::Unknown
    } else {
        status(is_published && plan.publish.security_hub)
    };
    let is_read = is_evaluated && counts.unread().is_none() && is_sure;
    [
        (ConditionType::Accepted, status(plan.is_accepted())),
        (ConditionType::Ready, status(is_by_choice || is_read)),
        (ConditionType::Compliant, compliant),
        (ConditionType::Published, published),
    ]
}
