//! Failures of Plumbline's own: states that no sound program reaches.
//!
//! One is a value like any other: it makes unknown what depends on it, is counted by the place where
//! it was noticed, and never ends in a verdict that something is as it should be.

use std::fmt;

/// Where a failure of our own was noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InternalPlace {
    /// A compiled expression, or its run.
    Expression,
    /// An item that was kept until all others had come.
    KeptItem,
    /// Where the resources of a control, or those that join them, are looked up.
    Join,
    /// Where verdicts are counted.
    Outcome,
    /// Where verdicts are compared with what is published.
    Comparison,
    /// A task of the operator that ended by itself.
    Task,
}

impl InternalPlace {
    /// Every place.
    pub const ALL: [Self; 6] =
        [Self::Expression, Self::KeptItem, Self::Join, Self::Outcome, Self::Comparison, Self::Task];

    /// The place's name in metrics and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expression => "expression",
            Self::KeptItem => "kept_item",
            Self::Join => "join",
            Self::Outcome => "outcome",
            Self::Comparison => "comparison",
            Self::Task => "task",
        }
    }
}

impl fmt::Display for InternalPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A failure of our own: where it was noticed, and what was wrong there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InternalError {
    /// Where it was noticed.
    pub place: InternalPlace,
    /// What was wrong, for whoever fixes it.
    pub what: &'static str,
}

impl InternalError {
    /// A failure at this place.
    #[must_use]
    pub const fn new(place: InternalPlace, what: &'static str) -> Self {
        Self { place, what }
    }
}

impl fmt::Display for InternalError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "internal error; please report it ({}: {})", self.place, self.what)
    }
}

/// How many failures of our own were met, by place, with an example of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InternalErrors([(u64, Option<InternalError>); InternalPlace::ALL.len()]);

impl InternalErrors {
    /// Counts one.
    pub fn add(&mut self, error: InternalError) {
        for ((count, example), place) in self.0.iter_mut().zip(InternalPlace::ALL) {
            if place == error.place {
                *count += 1;
                example.get_or_insert(error);
            }
        }
    }

    /// Counts all of another part too.
    pub fn merge(&mut self, other: &Self) {
        for ((count, example), (more, another)) in self.0.iter_mut().zip(other.0) {
            *count += more;
            *example = example.or(another);
        }
    }

    /// Whether there were none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// An example for each place that has any, and how many it has.
    pub fn iter(&self) -> impl Iterator<Item = (InternalError, u64)> {
        self.0.into_iter().filter_map(|(count, example)| Some((example?, count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_counted_by_place_with_an_example() {
        let (mut errors, mut others) = (InternalErrors::default(), InternalErrors::default());
        assert!(errors.is_empty());
        for what in ["first", "second"] {
            errors.add(InternalError::new(InternalPlace::Join, what));
        }
        for place in InternalPlace::ALL {
            others.add(InternalError::new(place, "other"));
        }
        errors.merge(&others);
        let counted: Vec<_> = errors.iter().map(|(error, count)| (error.place, count)).collect();
        let expected = InternalPlace::ALL
            .map(|place| (place, 1 + 2 * u64::from(place == InternalPlace::Join)));
        assert_eq!(counted, expected);
        assert!(errors.iter().any(|(error, _)| error.what == "first"));
    }
}
