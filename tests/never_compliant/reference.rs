//! What the verdicts have to be, worked out as plainly as can be: every item at hand, every pair
//! of resources compared, no streams, no indexes, no projections.

use std::collections::{BTreeMap, BTreeSet};

use api::Scope;
use serde_json::Value as Json;

use crate::condition::{Condition, Facts, Failed, get};
use crate::control::{Generated, Join};
use crate::world::{REGIONS, World};

/// A verdict, without the reason of an unknown one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Expected {
    Compliant,
    NonCompliant,
    NotApplicable,
    Unknown,
}

/// Control, region of the target, subject.
pub(crate) type Key = (usize, String, String);

const GLOBAL: &str = "AWS::IAM::Role";
const TARGETS: [&str; 2] = [REGIONS[0], REGIONS[1]];
const HOME: &str = REGIONS[0];

/// What the controls have to say of a world.
pub(crate) fn verdicts(controls: &[Generated], world: &World) -> BTreeMap<Key, Expected> {
    let mut verdicts = BTreeMap::new();
    for (number, control) in controls.iter().enumerate() {
        for region in TARGETS {
            let mut add = |subject: String, expected| {
                verdicts.insert((number, region.to_owned(), subject), expected);
            };
            match control.scope {
                Scope::Resource => {
                    for item in judged(control, world, region) {
                        add(subject(item), of_resource(control, world, item));
                    }
                    if own_types(control, region).any(|name| !is_read(world, name, region)) {
                        add("unread".to_owned(), Expected::Unknown);
                    }
                }
                Scope::Region if own_types(control, region).next().is_some() => {
                    add("region".to_owned(), of_region(control, world, region));
                }
                Scope::Account if region == HOME => {
                    add("account".to_owned(), of_account(control, world));
                }
                Scope::Region | Scope::Account => {}
            }
        }
    }
    verdicts
}

/// Whether all was read that a control reads in a region.
pub(crate) fn is_complete(control: &Generated, world: &World, region: &str) -> bool {
    let related = control.related.iter().map(|join| join.resource_type);
    let own = own_types(control, region);
    match control.scope {
        Scope::Account if region == HOME => {
            control.types.iter().all(|name| is_read_everywhere(world, name))
        }
        Scope::Account => true,
        Scope::Resource | Scope::Region => {
            let mut own = own.peekable();
            own.peek().is_none()
                || own.all(|name| is_read(world, name, region))
                    && related.into_iter().all(|name| is_read_everywhere(world, name))
        }
    }
}

/// The types that a control looks at in a region.
fn own_types<'c>(control: &'c Generated, region: &str) -> impl Iterator<Item = &'static str> + 'c {
    let home = region == HOME;
    control.types.iter().copied().filter(move |name| *name != GLOBAL || home)
}

fn is_read_in(world: &World, name: &str, region: &str) -> bool {
    !world.all_unread().any(|(unread_region, unread_name, _)| {
        unread_region.is_none_or(|it| it == region) && unread_name.is_none_or(|it| it == name)
    })
}

fn is_read(world: &World, name: &str, region: &str) -> bool {
    if name == GLOBAL { is_read_everywhere(world, name) } else { is_read_in(world, name, region) }
}

/// Every region records the same global resources: one is enough.
fn is_read_everywhere(world: &World, name: &str) -> bool {
    let mentioned = world.all_unread().filter_map(|(region, ..)| region);
    let regions: BTreeSet<&str> = TARGETS.into_iter().chain(mentioned).collect();
    let read = |region: &&str| is_read_in(world, name, region);
    if name == GLOBAL { regions.iter().any(read) } else { regions.iter().all(read) }
}

fn is_kind(item: &Json, name: &str) -> bool {
    item["resourceType"] == name
}

/// What of a world arrives: whole, there, and of a global resource the copy that counts.
fn arrived(world: &World) -> Vec<&Json> {
    let whole = world.items.iter().enumerate().filter(|(at, _)| !world.broken.contains(at));
    let items: Vec<&Json> = whole
        .map(|(_, item)| item)
        .filter(|item| item["configurationItemStatus"] != "ResourceDeleted")
        .collect();
    // A region that does not record a resource says nothing of it where another does.
    let outdoes = |other: &Json, item: &Json| match (is_recorded(other), is_recorded(item)) {
        (true, false) => true,
        (false, true) => false,
        _ => captured(other) > captured(item),
    };
    let counts = |item: &&&Json| {
        let copies = || items.iter().filter(|other| other["resourceId"] == item["resourceId"]);
        !is_kind(item, GLOBAL)
            || !copies().any(|other| is_kind(other, GLOBAL) && outdoes(other, item))
    };
    items.iter().filter(counts).copied().collect()
}

fn captured(item: &Json) -> &str {
    item["configurationItemCaptureTime"].as_str().unwrap()
}

fn judged<'w>(control: &Generated, world: &'w World, region: &str) -> Vec<&'w Json> {
    let here = |item: &&Json| {
        let of_type = control.types.iter().any(|name| is_kind(item, name));
        let target = if is_kind(item, GLOBAL) { HOME } else { item["awsRegion"].as_str().unwrap() };
        of_type && target == region
    };
    arrived(world).into_iter().filter(here).collect()
}

fn subject(item: &Json) -> String {
    format!("{} {}", item["resourceType"].as_str().unwrap(), item["resourceId"].as_str().unwrap())
}

fn is_recorded(item: &Json) -> bool {
    item["configurationItemStatus"] != "ResourceNotRecorded"
}

fn of_resource(control: &Generated, world: &World, item: &Json) -> Expected {
    if !is_recorded(item) {
        return Expected::Unknown;
    }
    let mut related = Vec::new();
    for join in &control.related {
        match joined(join, world, item) {
            Ok(items) => related.push((join.name, items)),
            Err(Failed) => return Expected::Unknown,
        }
    }
    verdict(control, Facts { resource: Some(item), related: &related, resources: &[] })
}

fn joined<'w>(join: &Join, world: &'w World, item: &Json) -> Result<Vec<&'w Json>, Failed> {
    if !is_read_everywhere(world, join.resource_type) {
        return Err(Failed);
    }
    let mut others = Vec::new();
    for other in arrived(world).into_iter().filter(|other| is_kind(other, join.resource_type)) {
        if !is_recorded(other) {
            return Err(Failed);
        }
        others.push((other, keys(other, "key", join.related_key_optional)?));
    }
    let wanted = keys(item, "ref", join.key_optional)?;
    let equal = |keys: &Vec<&str>| keys.iter().any(|key| wanted.contains(key));
    Ok(others.into_iter().filter(|(_, keys)| equal(keys)).map(|(other, _)| other).collect())
}

fn keys<'j>(item: &'j Json, field: &str, optional: bool) -> Result<Vec<&'j str>, Failed> {
    match get(&item["configuration"], &[field]) {
        Err(Failed) if optional => Ok(Vec::new()),
        Ok(Json::String(text)) => Ok(vec![text]),
        Ok(Json::Array(items)) => items.iter().map(|it| it.as_str().ok_or(Failed)).collect(),
        Err(Failed) | Ok(_) => Err(Failed),
    }
}

fn of_region(control: &Generated, world: &World, region: &str) -> Expected {
    if own_types(control, region).any(|name| !is_read(world, name, region)) {
        return Expected::Unknown;
    }
    together(control, &judged(control, world, region))
}

fn of_account(control: &Generated, world: &World) -> Expected {
    if control.types.iter().any(|name| !is_read_everywhere(world, name)) {
        return Expected::Unknown;
    }
    let of_type = |item: &&Json| control.types.iter().any(|name| is_kind(item, name));
    together(control, &arrived(world).into_iter().filter(of_type).collect::<Vec<_>>())
}

fn together(control: &Generated, resources: &[&Json]) -> Expected {
    if !resources.iter().all(|item| is_recorded(item)) {
        return Expected::Unknown;
    }
    verdict(control, Facts { resource: None, related: &[], resources })
}

fn verdict(control: &Generated, facts: Facts<'_>) -> Expected {
    let holds = |condition: &Condition| condition.holds(facts);
    match control.applies_to.as_ref().map(holds) {
        Some(Err(Failed)) => return Expected::Unknown,
        Some(Ok(false)) => return Expected::NotApplicable,
        Some(Ok(true)) | None => {}
    }
    match holds(&control.compliant) {
        Ok(true) => Expected::Compliant,
        Ok(false) => Expected::NonCompliant,
        Err(Failed) => Expected::Unknown,
    }
}
