//! Plans that nothing touched are not made again, and those that are kept are those that would be made.

use std::collections::BTreeMap;
use std::sync::Arc;

use kube::core::ObjectMeta;
use proptest::prelude::*;

use super::accepted::{HALF_A_YEAR, exemption};
use super::{baseline, objects};
use crate::plan::{AccountRegions, DesiredBuilder, DesiredObjects, NamespaceLabels, Plan};

/// Which version of each object stands there.
#[derive(Debug, Clone, Default)]
struct World {
    baseline: usize,
    other: usize,
    exemption: usize,
    label: usize,
    namespace: usize,
    control: usize,
}

const SPECS: [&str; 4] = [
    "{accounts: {names: [payments]}, controls: [{name: own-versioning}]}",
    "{accounts: {names: [payments, missing]}, controls: [{name: own-versioning}]}",
    "{accounts: {selector: {matchLabels: {env: prod}}}, packs: [{name: own-pack}]}",
    "{accounts: {names: [search]}, controls: [{name: own-versionin}, {name: own-review}]}",
];
const COVERS: [&str; 3] = [
    "controls: [own-versioning]",
    "controls: [own-review]",
    "controls: [own-versioning], accounts: [missing]",
];
const VALUES: [&str; 3] = ["prod", "test", "none"];
const CONDITIONS: [&str; 3] = ["> 3", "> 4", "> no_such_variable"];

fn count(metadata: &mut ObjectMeta, version: usize) {
    metadata.uid = metadata.name.clone();
    metadata.generation = Some(i64::try_from(version).unwrap());
}

impl World {
    /// The plans; `are_counted` says whether objects count their changes.
    fn build(&self, builder: &mut DesiredBuilder, are_counted: bool) -> Vec<Arc<Plan>> {
        let other = baseline(SPECS[self.other % SPECS.len()]).replace("production", "other");
        let covers = format!("{HALF_A_YEAR}{}", COVERS[self.exemption % COVERS.len()]);
        let mut all = objects(&[
            &baseline(SPECS[self.baseline % SPECS.len()]),
            &other,
            &exemption("platform", &covers),
        ]);
        let condition = CONDITIONS[self.control % CONDITIONS.len()];
        for control in &mut all.controls {
            let check = serde_json::to_value(&control.object).unwrap().to_string();
            control.object = serde_json::from_str(&check.replace("> 3", condition)).unwrap();
        }
        let label = VALUES[self.label % VALUES.len()];
        all.accounts[1].object.metadata.labels =
            Some(BTreeMap::from([("env".to_owned(), label.to_owned())]));
        all.baselines[0].object.metadata.generation = Some(i64::try_from(self.baseline).unwrap());
        all.baselines[1].object.metadata.generation = Some(i64::try_from(self.other).unwrap());
        if are_counted {
            count(&mut all.baselines[0].object.metadata, self.baseline);
            count(&mut all.baselines[1].object.metadata, self.other);
            count(&mut all.exemptions[0].object.metadata, self.exemption);
            all.accounts.iter_mut().for_each(|it| count(&mut it.object.metadata, 1));
        }
        let labels = BTreeMap::from([(
            "kubernetes.io/metadata.name".to_owned(),
            ["platform", "other"][self.namespace % 2].to_owned(),
        )]);
        let namespaces = NamespaceLabels::from([("platform".to_owned(), labels)]);
        let state = builder.build(&DesiredObjects {
            baselines: &all
                .baselines
                .iter()
                .map(|it| Arc::new(it.object.clone()))
                .collect::<Vec<_>>(),
            accounts: &all.accounts.iter().map(|it| it.object.clone()).collect::<Vec<_>>(),
            controls: &all.controls.iter().map(|it| it.object.clone()).collect::<Vec<_>>(),
            packs: &all.packs.iter().map(|it| it.object.clone()).collect::<Vec<_>>(),
            exemptions: &all.exemptions.iter().map(|it| it.object.clone()).collect::<Vec<_>>(),
            attestations: &[],
            unread: &[],
            namespaces: &namespaces,
            account_regions: AccountRegions::Declared,
        });
        state.plans
    }
}

#[test]
fn a_plan_is_made_again_where_something_touched_it_and_only_there() {
    let mut builder = DesiredBuilder::default();
    let mut world = World::default();
    let before = world.build(&mut builder, true);
    world.baseline = 2;
    let after = world.build(&mut builder, true);
    let is_same = |one: &[Arc<Plan>], two: &[Arc<Plan>]| {
        one.iter().zip(two).map(|(one, two)| Arc::ptr_eq(one, two)).collect::<Vec<_>>()
    };
    assert_eq!(is_same(&before, &after), [false, true]);
    world.exemption = 1;
    let exempt = world.build(&mut builder, true);
    assert_eq!(is_same(&after, &exempt), [false, true]);
    assert_eq!(is_same(&exempt, &world.build(&mut builder, true)), [true, true]);
    world.control = 1;
    assert_eq!(is_same(&exempt, &world.build(&mut builder, true)), [false, false]);
    let uncounted = world.build(&mut builder, false);
    assert_eq!(is_same(&uncounted, &world.build(&mut builder, false)), [false, false]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn kept_plans_are_those_that_would_be_made(
        edits in proptest::collection::vec((0_u8..8, 0_usize..12), 1..12),
    ) {
        let (mut world, mut keeping, mut making) =
            (World::default(), DesiredBuilder::default(), DesiredBuilder::default());
        for (what, version) in edits {
            match what {
                0 => world.baseline = version,
                1 => world.other = version,
                2 => world.exemption = version,
                3 => world.label = version,
                4 => world.namespace = version,
                5 => world.control = version,
                _ => {}
            }
            let kept = world.build(&mut keeping, true);
            prop_assert_eq!(format!("{kept:?}"), format!("{:?}", world.build(&mut making, false)));
        }
    }
}
