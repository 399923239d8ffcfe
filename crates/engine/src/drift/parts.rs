//! What many findings say alike, held once.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use super::finding::{Finding, FindingResource};
use crate::evaluation::{FieldReading, Ownership};

/// One of each part of the findings that are made or read together. Ten baselines say the same of one
/// resource, and one control says the same of many.
#[derive(Debug, Default)]
pub struct SharedParts {
    resources: HashSet<Arc<FindingResource>>,
    ownerships: HashSet<Arc<Ownership>>,
    descriptions: HashSet<Arc<str>>,
    readings: HashSet<Arc<[FieldReading]>>,
}

impl SharedParts {
    /// Of each kind of part so many are known; all are forgotten where there are more.
    const MOST: usize = 1 << 17;

    pub(super) fn resource(&mut self, resource: FindingResource) -> Arc<FindingResource> {
        if let Some(known) = self.resources.get(&resource) {
            return Arc::clone(known);
        }
        remember(&mut self.resources, Arc::new(resource))
    }

    pub(super) fn ownership(&mut self, ownership: Ownership) -> Arc<Ownership> {
        if let Some(known) = self.ownerships.get(&ownership) {
            return Arc::clone(known);
        }
        remember(&mut self.ownerships, Arc::new(ownership))
    }

    pub(super) fn description(&mut self, description: &str) -> Arc<str> {
        if let Some(known) = self.descriptions.get(description) {
            return Arc::clone(known);
        }
        remember(&mut self.descriptions, Arc::from(description))
    }

    pub(super) fn readings(&mut self, readings: &[FieldReading]) -> Arc<[FieldReading]> {
        if let Some(known) = self.readings.get(readings) {
            return Arc::clone(known);
        }
        remember(&mut self.readings, Arc::from(readings))
    }

    /// Knows the parts of a finding from now on.
    pub(super) fn learn(&mut self, finding: &Finding) {
        let Finding { resource, ownership, description, readings, .. } = finding;
        learn(&mut self.resources, resource);
        learn(&mut self.descriptions, description);
        learn(&mut self.readings, readings);
        if let Some(ownership) = ownership {
            learn(&mut self.ownerships, ownership);
        }
    }

    /// Holds the parts of a finding that was read as those before it hold theirs.
    pub fn share(&mut self, finding: &mut Finding) {
        replace(&mut self.resources, &mut finding.resource);
        replace(&mut self.descriptions, &mut finding.description);
        replace(&mut self.readings, &mut finding.readings);
        if let Some(ownership) = &mut finding.ownership {
            replace(&mut self.ownerships, ownership);
        }
    }
}

/// Puts the part that is known in the place of an equal one.
fn replace<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>, part: &mut Arc<T>) {
    match known.get(part) {
        Some(known) => *part = Arc::clone(known),
        None => _ = remember(known, Arc::clone(part)),
    }
}

fn learn<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>, part: &Arc<T>) {
    if !known.contains(part) {
        remember(known, Arc::clone(part));
    }
}

fn remember<T: ?Sized + Eq + Hash>(known: &mut HashSet<Arc<T>>, part: Arc<T>) -> Arc<T> {
    if known.len() >= SharedParts::MOST {
        known.clear();
    }
    known.insert(Arc::clone(&part));
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::fixture::{at, finding};

    #[test]
    fn findings_that_were_read_hold_what_they_say_alike_once() {
        let mut shared = SharedParts::default();
        let read = |shared: &mut SharedParts, at_second| {
            let mut read = Finding::try_from(finding("logs", at(at_second)).to_asff()).unwrap();
            shared.share(&mut read);
            read
        };
        let (one, other) = (read(&mut shared, 0), read(&mut shared, 60));
        assert_eq!(Finding { updated_at: at(60), ..one.clone() }.resource, other.resource);
        assert!(Arc::ptr_eq(&one.resource, &other.resource));
        assert!(Arc::ptr_eq(&one.description, &other.description));
        assert!(Arc::ptr_eq(&one.readings, &other.readings));
        let ownerships = one.ownership.as_ref().zip(other.ownership.as_ref());
        assert!(ownerships.is_none_or(|(one, other)| Arc::ptr_eq(one, other)));
        let third = Finding { description: "another".into(), ..other.clone() };
        let mut shown = third.clone();
        shared.share(&mut shown);
        assert_eq!(shown, third);
    }
}
