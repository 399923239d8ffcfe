//! Points in time as AWS Config writes them as numbers, and which of them it can have written.

use cel::Timestamp;

/// The time that many seconds since 1970, or milliseconds where the number is too great to be
/// seconds (1e11 seconds are in the year 5138).
pub(crate) fn from_epoch(number: f64) -> Option<Timestamp> {
    let millis = if number.abs() >= 1e11 { number.round() } else { (number * 1000.0).round() };
    if millis.is_nan() || millis.abs() >= 1e15 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation)] // whole and less than 1e15
    let millis = millis as i64;
    jiff::Timestamp::from_millisecond(millis).ok().and_then(Timestamp::from_jiff)
}

/// The same time, if AWS Config can have captured an item then: its API is of 2014-11-12 (the
/// version in the AWS Config API Reference). What is earlier was never filled in, such as 0.
pub(crate) fn of_capture(time: Timestamp) -> Option<Timestamp> {
    (time.seconds >= 1_415_750_400).then_some(time) // 2014-11-12T00:00:00Z
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: i64, nanoseconds: u32) -> Timestamp {
        Timestamp { seconds, nanoseconds }
    }

    #[test]
    fn every_way_of_writing_a_time_gives_the_same_time() {
        let expected = Some(at(1_486_206_633, 880_000_000));
        assert_eq!(Timestamp::parse("2017-02-04T11:10:33.880Z"), expected);
        assert_eq!(Timestamp::parse("2017-02-04T06:10:33.880000-05:00"), expected);
        assert_eq!(from_epoch(1_486_206_633.88), expected);
        assert_eq!(from_epoch(1_486_206_633_880.0), expected);
    }

    #[test]
    fn times_before_1970_round_down() {
        assert_eq!(Timestamp::parse("1969-12-31T23:59:59.5Z"), Some(at(-1, 500_000_000)));
    }

    #[test]
    fn what_is_no_time_gives_nothing() {
        for text in ["", "yesterday", "2017-02-04", "-000001-01-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert_eq!(from_epoch(f64::NAN), None);
        assert_eq!(from_epoch(1e300), None);
    }
}
