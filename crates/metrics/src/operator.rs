//! What only an operator has: its share of the work, and baselines that are deleted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::{IntCounter, IntGauge, IntGaugeVec};

use super::baseline::BaselineMetrics;
use super::described::Registered;
use super::{name, register};
use api::{ConditionStatus, ConditionType};

/// What only an operator measures. Clones measure together.
#[derive(Clone)]
pub struct OperatorMetrics {
    archives_given_up: IntCounter,
    shards_held: IntGauge,
    shards_without_holder: IntGauge,
    baselines: BaselineMetrics,
    organization_condition: IntGaugeVec,
    /// The organizations that are shown.
    organizations: Arc<Mutex<BTreeMap<String, ConditionStatus>>>,
}

impl OperatorMetrics {
    pub(super) fn new(
        registry: &Registered,
        baselines: &BaselineMetrics,
    ) -> prometheus::Result<Self> {
        let archives_given_up = IntCounter::with_opts(name(
            "archives_given_up_total",
            "Deleted baselines and accounts whose findings could not be archived in time.",
        ))?;
        let shards_held = IntGauge::with_opts(name(
            "shards_held",
            "Shards of accounts that this replica holds. Over all replicas, the sum is 16.",
        ))?;
        let shards_without_holder = IntGauge::with_opts(name(
            "shards_without_holder",
            "Shards that no running replica holds, as last seen by this replica. Their accounts \
             are not evaluated.",
        ))?;
        register(registry, &archives_given_up)?;
        register(registry, &shards_held)?;
        register(registry, &shards_without_holder)?;
        let organization_condition = IntGaugeVec::new(
            name(
                "organization_condition",
                "Whether a condition of an AwsOrganization has a status: 1 for the status that it has, 0 for \
                 the others.",
            ),
            &["organization", "type", "status"],
        )?;
        register(registry, &organization_condition)?;
        Ok(Self {
            archives_given_up,
            shards_held,
            shards_without_holder,
            baselines: baselines.clone(),
            organization_condition,
            organizations: Arc::default(),
        })
    }

    /// Counts a deleted baseline whose findings could not be archived in time.
    pub fn archive_given_up(&self) {
        self.archives_given_up.inc();
    }

    /// This replica holds so many of all shards.
    pub fn shards_held(&self, held: usize, all: usize) {
        self.shards_held.set(count(held));
        self.baselines.share(held, all);
    }

    /// What `Ready` of the organizations says that this replica holds. The series of others go.
    pub fn organizations(&self, ready: BTreeMap<String, ConditionStatus>) {
        let mut shown = self.organizations.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |name: &str, status: &ConditionStatus| {
            [name, ConditionType::Ready.as_str(), status.as_str()].map(str::to_owned)
        };
        for (name, holds) in &ready {
            for status in ConditionStatus::ALL {
                let gauge = self.organization_condition.with_label_values(&of(name, status));
                gauge.set((status == holds).into());
            }
        }
        for name in shown.keys().filter(|name| !ready.contains_key(*name)) {
            for status in ConditionStatus::ALL {
                let _ = self.organization_condition.remove_label_values(&of(name, status));
            }
        }
        *shown = ready;
    }

    /// So many shards have no living holder.
    pub fn shards_without_holder(&self, shards: usize) {
        self.shards_without_holder.set(count(shards));
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metrics;

    #[test]
    fn an_organization_that_is_not_held_any_more_has_no_series() {
        let metrics = Metrics::new().unwrap();
        let operator = metrics.operator().unwrap();
        let of = |name: &str, status| BTreeMap::from([(name.to_owned(), status)]);
        let shown = || {
            let text = metrics.text().unwrap();
            let lines =
                text.lines().filter(|it| it.starts_with("plumbline_organization_condition{"));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        operator.organizations(of("acme", ConditionStatus::False));
        operator.organizations(of("acme", ConditionStatus::True));
        let line = |status, number: u64| {
            format!(
                "plumbline_organization_condition{{organization=\"acme\",status=\"{status}\",type=\"Ready\"}} \
                 {number}"
            )
        };
        let mut lines = shown();
        lines.sort();
        assert_eq!(lines, [line("False", 0), line("True", 1), line("Unknown", 0)]);
        operator.organizations(of("other", ConditionStatus::False));
        assert!(shown().iter().all(|it| it.contains("other")), "{:?}", shown());
        operator.organizations(BTreeMap::new());
        assert_eq!(shown(), Vec::<String>::new());
    }
}
