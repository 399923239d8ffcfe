//! What many findings say alike, held once.

use std::borrow::Borrow;
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
        one(&mut self.resources, resource)
    }

    pub(super) fn ownership(&mut self, ownership: Ownership) -> Arc<Ownership> {
        one(&mut self.ownerships, ownership)
    }

    pub(super) fn description(&mut self, description: &str) -> Arc<str> {
        one(&mut self.descriptions, description)
    }

    pub(super) fn readings(&mut self, readings: &[FieldReading]) -> Arc<[FieldReading]> {
        one(&mut self.readings, readings)
    }

    /// Holds the parts of a finding as those before it hold theirs.
    pub fn share(&mut self, finding: &mut Finding) {
        let Finding { resource, ownership, description, readings, .. } = finding;
        *resource = one(&mut self.resources, Arc::clone(resource));
        *description = one(&mut self.descriptions, Arc::clone(description));
        *readings = one(&mut self.readings, Arc::clone(readings));
        if let Some(ownership) = ownership {
            *ownership = one(&mut self.ownerships, Arc::clone(ownership));
        }
    }
}

/// The part as it is held already, or is from now on.
fn one<T: ?Sized + Eq + Hash>(
    known: &mut HashSet<Arc<T>>,
    part: impl Borrow<T> + Into<Arc<T>>,
) -> Arc<T> {
    if let Some(known) = known.get(part.borrow()) {
        return Arc::clone(known);
    }
    if known.len() >= SharedParts::MOST {
        known.clear();
    }
    let part = part.into();
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
