//! The folders of days, which are named without leading zeros: `2016/9/27`.

use cel::Timestamp;

/// A day, as a folder names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day {
    year: u16,
    month: u16,
    of_month: u16,
}

impl Day {
    /// The day of these folders.
    pub(super) const fn of(year: u16, month: u16, day: u16) -> Self {
        Self { year, month, of_month: day }
    }

    /// The day in UTC, and the one before it.
    pub(super) fn newest_two(now: Timestamp) -> Option<[Self; 2]> {
        let time = jiff::Timestamp::from_second(now.seconds).ok()?;
        let today = time.to_zoned(jiff::tz::TimeZone::UTC).date();
        let of = |date: jiff::civil::Date| {
            let number = |part: i8| u16::try_from(part).ok();
            let year = u16::try_from(date.year()).ok()?;
            Some(Self { year, month: number(date.month())?, of_month: number(date.day())? })
        };
        Some([of(today)?, of(today.yesterday().ok()?)?])
    }

    /// The folder's name, with a slash at its end.
    pub(super) fn folder(self) -> String {
        format!("{}/{}/{}/", self.year, self.month, self.of_month)
    }
}

/// The numbers that names of folders are, the greatest first.
pub(super) fn newest_first(names: &[String]) -> Vec<u16> {
    let mut numbers: Vec<u16> = names.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable_by(|one, other| other.cmp(one));
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_no_leading_zeros_and_follow_each_other_over_the_end_of_a_year() {
        let now = Timestamp::parse("2026-01-01T00:10:00Z").unwrap();
        let folders = Day::newest_two(now).unwrap().map(Day::folder);
        assert_eq!(folders, ["2026/1/1/", "2025/12/31/"]);
        let names = ["9", "10", "x", "1"].map(str::to_owned);
        assert_eq!(newest_first(&names), [10, 9, 1]);
    }
}
