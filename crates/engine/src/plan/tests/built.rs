//! What puts desired state together remembers, and for which objects it plans.

use std::sync::Arc;

use super::accepted::{HALF_A_YEAR, exemption};
use super::{NOW, baseline, objects};
use crate::catalog::CompiledControl;
use crate::plan::{AccountRegions, DesiredBuilder, DesiredObjects, NamespaceLabels, Resolved};
use crate::problem::ProblemKind;
use api::{Exemption, SecurityBaseline, Time};

const ONE: &str = "{accounts: {names: [payments]}, controls: [{name: own-versioning}]}";

#[test]
fn controls_that_did_not_change_are_not_compiled_again() {
    let mut builder = DesiredBuilder::default();
    let mut build = |texts: &[&str]| -> Arc<CompiledControl> {
        let _ = Resolved::lasting(&objects(texts), NOW, &mut builder);
        Arc::clone(builder.catalog().control("own-versioning").unwrap())
    };
    let before = build(&[&baseline(ONE)]);
    assert!(Arc::ptr_eq(&before, &build(&[])));
    let another = super::CONTROLS.replace("own-", "team-");
    assert!(!Arc::ptr_eq(&before, &build(&[&another])));
}

#[test]
fn of_two_baselines_of_one_name_the_first_is_planned() {
    let mut all = objects(&[&baseline(ONE)]);
    let other = objects(&[&baseline("{accounts: {names: [search]}, packs: [{name: own-pack}]}")]);
    all.baselines.extend(other.baselines);
    let plans = Resolved::lasting(&all, NOW, &mut DesiredBuilder::default()).plans;
    assert_eq!(plans.len(), 1);
    assert_eq!(plans[0].controls.len(), 1);
}

#[test]
fn a_baseline_that_is_being_deleted_is_known_and_not_planned() {
    let covers = format!("{HALF_A_YEAR}controls: [own-versioning]");
    let all = objects(&[&baseline(ONE), &exemption("platform", &covers)]);
    let build = |baselines: &[SecurityBaseline]| {
        let exemptions: Vec<Exemption> =
            all.exemptions.iter().map(|it| it.object.clone()).collect();
        let accounts: Vec<_> = all.accounts.iter().map(|it| it.object.clone()).collect();
        DesiredBuilder::default().build(&DesiredObjects {
            baselines: &baselines.iter().cloned().map(Arc::new).collect::<Vec<_>>(),
            accounts: &accounts,
            controls: &[],
            packs: &[],
            exemptions: &exemptions,
            attestations: &[],
            unread: &[],
            namespaces: &NamespaceLabels::new(),
            account_regions: AccountRegions::Declared,
        })
    };
    let mut deleted = all.baselines[0].object.clone();
    deleted.metadata.deletion_timestamp = Some(Time(jiff::Timestamp::UNIX_EPOCH));
    let built = build(&[deleted]);
    assert_eq!((built.plans.len(), built.problems().len()), (0, 0), "{:?}", built.problems());
    let gone = build(&[]);
    let kinds: Vec<_> = gone.problems().into_iter().map(|it| &it.kind).collect();
    assert!(matches!(kinds[..], [ProblemKind::UnknownBaseline { .. }]), "{kinds:?}");
}

#[test]
fn plans_share_what_did_not_change_with_those_before() {
    const TWO: &str = "{accounts: {names: [payments]}, controls: [{name: no-such-control}, \
                       {name: own-versioning, parameters: {days: 8}, match: {ids: ['logs-*']}}]}";
    let mut builder = DesiredBuilder::default();
    let mut plan = |spec: &str| {
        Resolved::lasting(&objects(&[&baseline(spec)]), NOW, &mut builder).plans.remove(0)
    };
    let (first, same) = (plan(TWO), plan(TWO));
    let changed = plan(&TWO.replace("logs-*", "data-*"));
    assert_eq!(first.controls.len(), 2, "{:?}", first.problems);
    for (at, is_kept) in [(0, true), (1, false)] {
        let [first, same, changed] = [&first, &same, &changed].map(|plan| &plan.controls[at]);
        assert!(Arc::ptr_eq(&first.control, &same.control));
        assert!(Arc::ptr_eq(&first.parameters, &same.parameters));
        assert_eq!(Arc::ptr_eq(&first.parameters, &changed.parameters), is_kept, "{at}");
    }
}
