//! How many resources of each type a snapshot holds, and when they were last recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use super::super::input::Input;
use super::counts::CountedTypes;
use assess::{SourceInput, Survey};
use aws::source::{Contents, ItemSink, Snapshot};
use cel::Timestamp;
use cost::{Changed, CountedType};
use engine::plan::Target;
use model::{AccountId, ConfigurationItem, Reading, Region, fact_types};

/// By account, region and type, as items name them.
type MetTypes = BTreeMap<(Box<str>, Box<str>, Box<str>), (u64, Changed)>;

/// Counts items, on one thread.
struct Counter<'c> {
    contents: &'c Contents,
    now: Timestamp,
    met: MetTypes,
}

impl ItemSink for Counter<'_> {
    fn item(&mut self, item: ConfigurationItem<'_>) {
        let is_there = !item.status.is_deleted() && !item.status.is_unrecorded();
        if !is_there || fact_types::is_fact(item.resource_type) {
            return;
        }
        let taken = || self.taken(&item).seconds;
        let age = item.capture_time.map(|captured| taken().saturating_sub(captured.seconds));
        let place = (item.account_id.into(), item.region.into(), item.resource_type.into());
        let (resources, changed) = self.met.entry(place).or_default();
        *resources += 1;
        if let Some(age) = age {
            changed.meet(age);
        }
    }
}

impl Counter<'_> {
    /// When what the item stands in was taken.
    fn taken(&self, item: &ConfigurationItem<'_>) -> Timestamp {
        let taken = self.contents.taken.iter();
        let of_account = taken.filter(|((account, _), _)| account.as_str() == item.account_id);
        let here = of_account
            .clone()
            .find(|((_, region), _)| region.as_str() == item.region)
            .map(|(_, time)| *time);
        here.or_else(|| of_account.map(|(_, time)| *time).max()).unwrap_or(self.now)
    }
}

/// Counts what is there of each type, where the plans' targets are, and says what could not be counted.
/// What is global counts in the account's home region.
pub(super) fn counted(
    snapshot: &Arc<Snapshot>,
    input: &Input,
    now: Timestamp,
) -> (CountedTypes, BTreeSet<String>) {
    let survey = input.sources.iter().find_map(|source| match source {
        SourceInput::Snapshot(snapshot) => snapshot.survey.clone(),
        SourceInput::Live(_) => None,
    });
    let survey = survey.unwrap_or_else(|| Arc::new(Survey::of(snapshot, now, &|_| {})));
    let contents = survey.contents();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let counters = (0..threads).map(|_| Counter { contents, now, met: MetTypes::new() }).collect();
    let (counters, read) = snapshot.read(contents, &Reading::heads_and([]), counters, &|_| {});
    let mut met = MetTypes::new();
    for counter in counters {
        for (place, (resources, changed)) in counter.met {
            let entry = met.entry(place).or_default();
            entry.0 += resources;
            entry.1 = entry.1.with(changed);
        }
    }
    let targets: Vec<&Target> =
        input.resolved.plans.iter().flat_map(|plan| &plan.targets).collect();
    let mut counted = CountedTypes::new();
    for ((account, region, name), (resources, changed)) in met {
        let Some(place) = placed(&account, &region, &targets) else { continue };
        let recorder = (account, place.1.as_str().into());
        let recorder = contents.recorders.get(&recorder).and_then(Option::as_ref);
        let daily = recorder.is_some_and(|recorder| recorder.records_daily(&name));
        let counted: &mut Vec<CountedType> = counted.entry(place).or_default();
        let name = name.into_string();
        counted.push(CountedType { name, resources, changed, daily, read: false });
    }
    let lost = (!read.complete).then(|| {
        "the snapshot could not be read completely: resources that were lost are not counted"
            .to_owned()
    });
    (counted, lost.into_iter().collect())
}

/// The target's place that an item of this account and region counts in.
fn placed(account: &str, region: &str, targets: &[&Target]) -> Option<(AccountId, Region)> {
    let mut of_account = targets.iter().filter(|target| target.account.as_str() == account);
    let found = of_account
        .clone()
        .find(|target| target.region.as_str() == region)
        .or_else(|| of_account.find(|target| region == "global" && target.home))?;
    Some((found.account.clone(), found.region.clone()))
}
