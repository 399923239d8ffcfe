//! How many configuration items a month brings, from when resources were last recorded.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::DAYS;

/// So many resources have to have changed in a window before it stands for a month.
const ENOUGH: u64 = 10;
const HOUR: i64 = 3600;

/// How many resources were last recorded within the last hour, day, week and month. Each counts in
/// every window that reaches back to its item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changed {
    /// Within an hour.
    pub hour: u64,
    /// Within a day.
    pub day: u64,
    /// Within seven days.
    pub week: u64,
    /// Within thirty days.
    pub month: u64,
}

/// What somebody knows of changes, and so is not estimated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Given {
    /// The items that one resource brings a month.
    PerResource(f64),
    /// The items of the type a month.
    Items(f64),
}

/// What is known of changes, by type.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeRates {
    /// For a type.
    pub types: BTreeMap<String, Given>,
    /// The items that one resource of every other type brings a month.
    pub per_resource: Option<f64>,
}

/// What the number of items stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RateBasis {
    /// The command line.
    Given,
    /// The last hour, as if every hour were like it.
    LastHour,
    /// The last day.
    LastDay,
    /// The last seven days.
    LastWeek,
    /// The last thirty days.
    LastMonth,
}

/// The items of a type a month.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ItemRate {
    /// How many.
    pub items: f64,
    /// So many there were in the last thirty days for certain: one for each resource that changed.
    pub at_least: u64,
    /// What `items` stands on.
    pub basis: RateBasis,
}

impl Changed {
    /// The windows with their lengths in seconds.
    pub const WINDOWS: [(RateBasis, i64); 4] = [
        (RateBasis::LastHour, HOUR),
        (RateBasis::LastDay, 24 * HOUR),
        (RateBasis::LastWeek, 7 * 24 * HOUR),
        (RateBasis::LastMonth, 30 * 24 * HOUR),
    ];

    /// Counts a resource that was last recorded so many seconds ago.
    pub fn meet(&mut self, age: i64) {
        for (window, length) in Self::WINDOWS {
            if age <= length {
                *self.of(window) += 1;
            }
        }
    }

    /// Both together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self {
            hour: self.hour + other.hour,
            day: self.day + other.day,
            week: self.week + other.week,
            month: self.month + other.month,
        }
    }

    /// The number of a window; that of the month for what is none.
    pub const fn of(&mut self, window: RateBasis) -> &mut u64 {
        match window {
            RateBasis::LastHour => &mut self.hour,
            RateBasis::LastDay => &mut self.day,
            RateBasis::LastWeek => &mut self.week,
            RateBasis::LastMonth | RateBasis::Given => &mut self.month,
        }
    }

    /// A day, a week or a month: the shortest in which enough resources changed stands for the month.
    /// A window counts a resource once, however often it changed in it.
    fn rate(self) -> (f64, RateBasis) {
        let month = number(DAYS);
        let (items, basis) = if self.day >= ENOUGH {
            (number(self.day) * month, RateBasis::LastDay)
        } else if self.week >= ENOUGH {
            (number(self.week) * month / 7.0, RateBasis::LastWeek)
        } else {
            (number(self.month), RateBasis::LastMonth)
        };
        (items.max(number(self.month)), basis)
    }

    /// The items of a month if every hour were like the last one, where enough changed in it.
    pub(crate) fn hourly(self) -> Option<f64> {
        (self.hour >= ENOUGH).then(|| number(self.hour) * 24.0 * number(DAYS))
    }
}

impl ChangeRates {
    /// The items of a type a month.
    pub(crate) fn of(&self, resource_type: &str, resources: u64, changed: Changed) -> ItemRate {
        let per_resource = || self.per_resource.map(Given::PerResource);
        let given = self.types.get(resource_type).copied().or_else(per_resource);
        let (items, basis) = match given {
            Some(Given::Items(items)) => (items, RateBasis::Given),
            Some(Given::PerResource(items)) => (items * number(resources), RateBasis::Given),
            None => changed.rate(),
        };
        ItemRate { items, at_least: changed.month, basis }
    }
}

impl fmt::Display for RateBasis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Given => "given",
            Self::LastHour => "last hour",
            Self::LastDay => "last day",
            Self::LastWeek => "last 7 days",
            Self::LastMonth => "last 30 days",
        })
    }
}

/// A count to reckon with. No account has more than 2^53 of anything.
#[allow(clippy::cast_precision_loss)]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(day: u64, week: u64, month: u64) -> (f64, RateBasis) {
        Changed { hour: 0, day, week, month }.rate()
    }

    #[test]
    fn the_shortest_window_with_enough_changes_stands_for_the_month() {
        assert_eq!(of(10, 40, 90), (300.0, RateBasis::LastDay));
        assert_eq!(of(9, 21, 30), (90.0, RateBasis::LastWeek));
        assert_eq!(of(9, 9, 9), (9.0, RateBasis::LastMonth));
        // A quiet week says no less than what there was in the month.
        assert_eq!(of(0, 10, 500), (500.0, RateBasis::LastWeek));
    }

    #[test]
    fn a_resource_counts_in_every_window_that_reaches_back_to_its_item() {
        let mut changed = Changed::default();
        for age in [0, 3600, 3601, 86_400, 8 * 86_400, 31 * 86_400] {
            changed.meet(age);
        }
        assert_eq!(changed, Changed { hour: 2, day: 4, week: 4, month: 5 });
    }

    #[test]
    fn what_is_given_takes_precedence_and_what_is_certain_stays() {
        let changed = Changed { month: 7, ..Changed::default() };
        let rates = ChangeRates {
            types: [("AWS::S3::Bucket".to_owned(), Given::Items(50.0))].into(),
            per_resource: Some(2.0),
        };
        let of_bucket = rates.of("AWS::S3::Bucket", 20, changed);
        assert_eq!((of_bucket.items, of_bucket.at_least), (50.0, 7));
        let of_key = rates.of("AWS::KMS::Key", 20, changed);
        assert_eq!((of_key.items, of_key.basis), (40.0, RateBasis::Given));
    }
}
