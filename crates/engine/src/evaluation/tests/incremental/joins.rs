//! What a change of an item needs where a control joins items.

use std::collections::BTreeSet;

use bumpalo::Bump;
use serde_json::Value as Json;

use super::{CHECKS, Place, TYPES, World, key, read, text, whole};
use crate::evaluation::fixture::{NOW, complete, plan};
use crate::evaluation::{Evaluation, EvaluationResult, ItemKey, Needed};
use model::Reading;

/// A VPC and its flow log, by number.
fn vpc_with_log(number: usize) -> [(Place, Json); 2] {
    [
        ((2, number, 0), text((2, number, 0), (1, 0, 0))),
        ((3, number, 0), text((3, number, 0), (1, number, 0))),
    ]
}

/// What of a changed world is judged again, by the number of the types and items that are needed.
fn needed_after(world: &mut World, change: (Place, Json)) -> (usize, Vec<ItemKey>) {
    needed_by(CHECKS[3], world, change)
}

fn needed_by(check: &str, world: &mut World, change: (Place, Json)) -> (usize, Vec<ItemKey>) {
    let plans = [plan(&[check])];
    let (_, _, state) = whole(&plans, world, &complete());
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(&plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let place = change.0;
    world.insert(place, change.1);
    let mut workers = vec![evaluation.worker()];
    let (_, item) = read((place, &world[&place]), &reading, &arena).unwrap();
    workers[0].keyed_item(key(place), &item, &mut |_: &EvaluationResult<'_>| {});
    let types = BTreeSet::from([TYPES[place.0].parse().unwrap()]);
    let changed = (&types, std::iter::once(key(place)).collect());
    let affected = evaluation.affected(&mut state.unwrap(), &mut workers, changed).unwrap();
    let of_type = |name: &str| affected.needs(&name.parse().unwrap());
    let types = TYPES.iter().filter(|name| of_type(name) == Needed::All).count();
    let Needed::These(items) = of_type(TYPES[2]) else { return (types, Vec::new()) };
    let mut items: Vec<ItemKey> = items.iter().copied().collect();
    items.sort_unstable();
    (types, items)
}

#[test]
fn a_change_needs_what_it_joined_and_joins() {
    let mut world: World = (0..3).flat_map(vpc_with_log).collect();
    let [_, (log, _)] = vpc_with_log(0);
    // The log of the first is of the third now: both are judged, and what joins them is needed.
    let moved = (log, text(log, (1, 2, 0)));
    let joined = [(2, 0, 0), (2, 2, 0), (3, 0, 0), (3, 2, 0)].map(key);
    assert_eq!(needed_after(&mut world, moved), (0, joined.to_vec()));
}

#[test]
fn a_change_needs_all_where_nobody_knows_what_it_joins() {
    let [_, (log, _)] = vpc_with_log(0);
    let not_recorded = (1, 0, 4);
    let without_key = (3, 0, 0);
    for item in [not_recorded, without_key] {
        let mut world: World = (0..3).flat_map(vpc_with_log).collect();
        assert_eq!(needed_after(&mut world, (log, text(log, item))), (2, Vec::new()), "{item:?}");
        // Nor does anybody know until that is fixed.
        let fixed = (log, text(log, (1, 0, 0)));
        assert_eq!(needed_after(&mut world, fixed), (2, Vec::new()), "{item:?}");
    }
}

#[test]
fn a_change_needs_all_where_two_deliver_one_resource() {
    let mut world: World = (0..3).flat_map(vpc_with_log).collect();
    let [_, (_, log)] = vpc_with_log(0);
    assert_eq!(needed_after(&mut world, ((3, 0, 1), log)), (2, Vec::new()));
    let changed = text((3, 1, 0), (2, 1, 0));
    assert_eq!(needed_after(&mut world, ((3, 1, 0), changed)), (2, Vec::new()));
}

#[test]
fn a_change_needs_all_where_keys_ask_for_the_time() {
    let mut world: World = (0..3).flat_map(vpc_with_log).collect();
    let [_, (log, item)] = vpc_with_log(0);
    let key = "relatedKey: resource.configuration.of";
    let timed = "relatedKey: 'now > timestamp(0) ? resource.configuration.of : \"\"'";
    let check = CHECKS[3].replace(key, timed);
    assert_ne!(check, CHECKS[3]);
    assert_eq!(needed_by(&check, &mut world, (log, item)), (2, Vec::new()));
}

#[test]
fn where_nothing_is_judged_what_may_join_is_not_read() {
    let [(vpc, of_vpc), (log, of_log)] = vpc_with_log(0);
    let mut world = World::from([(log, of_log.clone())]);
    assert_eq!(needed_after(&mut world, (log, of_log)), (0, vec![key(log)]));
    assert_eq!(needed_after(&mut world, (vpc, of_vpc)), (2, Vec::new()));
}

#[test]
fn a_change_needs_all_where_what_was_kept_of_it_is_not_as_it_was() {
    let (plans, world) = ([plan(&[CHECKS[3]])], (0..3).flat_map(vpc_with_log).collect());
    let (parameters, arena) = (Bump::new(), Bump::new());
    let evaluation = Evaluation::new(&plans, NOW, &parameters);
    let reading = Reading::new(evaluation.reading());
    let [_, (log, _)] = vpc_with_log(0);
    let moved = text(log, (1, 2, 0));
    let (_, item) = read((log, &moved), &reading, &arena).unwrap();
    let types = BTreeSet::from([TYPES[log.0].parse().unwrap()]);
    let vpc = TYPES[2].parse().unwrap();
    let mut cases = 0;
    for (at, mask) in (0..).flat_map(|at| [0x01, 0x80, 0xff].map(|mask| (at, mask))) {
        let (_, _, state) = whole(&plans, &world, &complete());
        let mut workers = vec![evaluation.worker()];
        workers[0].keyed_item(key(log), &item, &mut |_: &EvaluationResult<'_>| {});
        if !workers[0].keep.corrupt(at, mask) {
            break;
        }
        let changed = (&types, std::iter::once(key(log)).collect());
        let affected = evaluation.affected(&mut state.unwrap(), &mut workers, changed).unwrap();
        assert_eq!(affected.needs(&vpc), Needed::All, "thing {at} by {mask:#x}");
        cases += 1;
    }
    assert!(cases > 100, "{cases} cases");
}
