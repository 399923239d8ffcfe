//! Points and spans of time as texts, and their arithmetic: the years 1 to 9999 of the CEL
//! specification, and spans of as many nanoseconds as 64 bits hold, some 292 years to either side,
//! as in cel-go (`time.Duration`), which Kubernetes uses.

use std::fmt::Write as _;

use jiff::civil::{Date, date};

use crate::{Duration, Timestamp};

const NANOSECONDS: i128 = 1_000_000_000;
/// 0001-01-01T00:00:00Z and the last second of 9999.
const SECONDS_RANGE: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

impl Timestamp {
    /// The time that an RFC 3339 text names, or another ISO 8601 form of date, time and offset;
    /// nothing where it is no such text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().and_then(Self::from_jiff)
    }

    /// The same time, if it is within the years 1 to 9999.
    #[must_use]
    pub fn from_jiff(time: jiff::Timestamp) -> Option<Self> {
        let floor = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
        let nanoseconds = time.subsec_nanosecond().rem_euclid(1_000_000_000);
        Self::new(floor, u32::try_from(nanoseconds).ok()?)
    }

    /// How many whole milliseconds after the epoch, rounded down.
    #[must_use]
    pub fn milliseconds(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanoseconds / 1_000_000))
    }

    /// The point `seconds` and `nanoseconds` after the epoch; nothing outside the years 1 to 9999.
    pub fn new(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let valid = SECONDS_RANGE.contains(&seconds) && i128::from(nanoseconds) < NANOSECONDS;
        valid.then_some(Self { seconds, nanoseconds })
    }

    /// Nanoseconds since the epoch.
    pub(crate) fn total_nanoseconds(self) -> i128 {
        i128::from(self.seconds) * NANOSECONDS + i128::from(self.nanoseconds)
    }

    /// The point so many nanoseconds after the epoch; nothing outside the years 1 to 9999.
    pub(crate) fn from_total_nanoseconds(total: i128) -> Option<Self> {
        let (seconds, nanoseconds) = split(total)?;
        Self::new(seconds, nanoseconds)
    }
}

impl Duration {
    /// The span in nanoseconds.
    pub(crate) fn total_nanoseconds(self) -> i128 {
        i128::from(self.seconds) * NANOSECONDS + i128::from(self.nanoseconds)
    }

    /// The span of so many nanoseconds; nothing where 64 bits do not hold them.
    pub(crate) fn from_total_nanoseconds(total: i128) -> Option<Self> {
        let total = i128::from(i64::try_from(total).ok()?);
        let (seconds, nanoseconds) = split(total)?;
        Some(Self { seconds, nanoseconds })
    }
}

fn split(total: i128) -> Option<(i64, u32)> {
    let seconds = i64::try_from(total.div_euclid(NANOSECONDS)).ok()?;
    let nanoseconds = u32::try_from(total.rem_euclid(NANOSECONDS)).ok()?;
    Some((seconds, nanoseconds))
}

/// Reads a timestamp as RFC 3339 writes it: `2024-05-01T10:00:00.5+02:00`.
///
/// ```
/// use cel::{format_timestamp, parse_timestamp};
/// let timestamp = parse_timestamp("2024-05-01T10:00:00.50+02:00").unwrap();
/// assert_eq!(format_timestamp(timestamp), "2024-05-01T08:00:00.5Z");
/// assert_eq!(parse_timestamp("2024-05-01"), None);
/// ```
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let mut reader = Reader(text.as_bytes());
    let year = reader.digits(4)?;
    let month = reader.after(b"-")?.digits(2)?;
    let day = reader.after(b"-")?.digits(2)?;
    let hour = reader.after(b"Tt")?.digits(2).filter(|hour| *hour < 24)?;
    let minute = reader.after(b":")?.digits(2).filter(|minute| *minute < 60)?;
    let second = reader.after(b":")?.digits(2).filter(|second| *second < 60)?;
    let nanoseconds = reader.fraction()?;
    let offset = reader.offset()?;
    if !reader.0.is_empty() {
        return None;
    }
    let narrow = |number: i64| i8::try_from(number).ok();
    let day = Date::new(i16::try_from(year).ok()?, narrow(month)?, narrow(day)?).ok()?;
    let seconds = days_since_epoch(day) * 86_400 + hour * 3600 + minute * 60 + second - offset;
    Timestamp::new(seconds, nanoseconds)
}

fn days_since_epoch(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_secs() / 86_400
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }

    fn after(&mut self, any_of: &[u8]) -> Option<&mut Self> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        any_of.contains(first).then_some(self)
    }

    /// `.5` as nanoseconds; 0 where there is no fraction.
    fn fraction(&mut self) -> Option<u32> {
        let Some(rest) = self.0.strip_prefix(b".") else { return Some(0) };
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || count > 9 {
            return None;
        }
        self.0 = rest;
        let digits = u32::try_from(self.digits(count)?).ok()?;
        Some(digits * 10u32.pow(9 - u32::try_from(count).ok()?))
    }

    /// Seconds east of Greenwich.
    fn offset(&mut self) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        let sign = match first {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.digits(2).filter(|hours| *hours < 24)?;
        let minutes = self.after(b":")?.digits(2).filter(|minutes| *minutes < 60)?;
        Some(sign * (hours * 3600 + minutes * 60))
    }
}

/// Writes a timestamp as RFC 3339 does, in UTC, with as many digits of a second as are not zero.
#[must_use]
pub fn format_timestamp(timestamp: Timestamp) -> String {
    let days = timestamp.seconds.div_euclid(86_400);
    let second = timestamp.seconds.rem_euclid(86_400);
    let day = jiff::Span::new()
        .try_days(days)
        .and_then(|span| date(1970, 1, 1).checked_add(span))
        .unwrap_or(Date::ZERO);
    let mut text = format!("{day}T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    push_fraction(&mut text, timestamp.nanoseconds);
    text.push('Z');
    text
}

/// Writes a span in seconds: `3.5s`.
pub(crate) fn format_duration(duration: Duration) -> String {
    let total = duration.total_nanoseconds();
    let sign = if total < 0 { "-" } else { "" };
    let (seconds, nanoseconds) = split(total.abs()).unwrap_or_default();
    let mut text = format!("{sign}{seconds}");
    push_fraction(&mut text, nanoseconds);
    text.push('s');
    text
}

fn push_fraction(text: &mut String, nanoseconds: u32) {
    if nanoseconds > 0 {
        let digits = format!("{nanoseconds:09}");
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> Option<String> {
        parse_timestamp(text).map(format_timestamp)
    }

    #[test]
    fn timestamps_are_read_and_written_as_rfc_3339() {
        for (text, written) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
            ("2024-02-29t23:30:00.120-01:00", "2024-03-01T00:30:00.12Z"),
            ("1969-12-31T23:59:59.25z", "1969-12-31T23:59:59.25Z"),
        ] {
            assert_eq!(round_trip(text).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        for text in [
            "",
            "2024",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01 00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00Z ",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00Z",
            "2024-01-01T00:00:60Z",
        ] {
            assert_eq!(round_trip(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_written_in_seconds() {
        for (total, written) in
            [(3_500_000_000, "3.5s"), (-3_500_000_000, "-3.5s"), (-1, "-0.000000001s"), (0, "0s")]
        {
            let duration = Duration::from_total_nanoseconds(total).unwrap();
            assert_eq!(format_duration(duration), written);
        }
    }
}
