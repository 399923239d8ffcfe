//! The clock and the calendar at a point in time, in UTC or another time zone.
//!
//! Zones have either a fixed offset or a name of the IANA database, which is built in, so that
//! the same expression gives the same verdict on every machine.

use jiff::civil::{DateTime, Time, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp as Instant};

use super::super::quoted;
use crate::Timestamp;
use crate::signature::Failure;

/// The date and time that clocks show, `offset` seconds east of Greenwich.
pub(super) fn civil(time: Timestamp, offset: i64) -> Result<DateTime, Failure> {
    const OVERFLOW: Failure = Failure::Overflow("a timestamp in its time zone");
    let epoch = date(1970, 1, 1).to_datetime(Time::midnight());
    let nanoseconds = i32::try_from(time.nanoseconds).map_err(|_| OVERFLOW)?;
    let seconds = time.seconds.checked_add(offset).ok_or(OVERFLOW)?;
    epoch.checked_add(SignedDuration::new(seconds, nanoseconds)).map_err(|_| OVERFLOW)
}

/// Seconds east of Greenwich: of a fixed offset (`+02:00`, `-08:00`, `02:00`), or of a named zone
/// at that time.
pub(super) fn offset_of(zone: &str, time: Timestamp) -> Result<i64, Failure> {
    if let Some(offset) = fixed_offset(zone) {
        return Ok(offset);
    }
    let unknown = |_| Failure::invalid(format!("unknown time zone {}", quoted(zone)));
    let rules = TimeZone::get(zone).map_err(unknown)?;
    let seconds = time.seconds.clamp(Instant::MIN.as_second(), Instant::MAX.as_second());
    let instant = Instant::from_second(seconds).map_err(unknown)?;
    Ok(rules.to_offset(instant).seconds().into())
}

/// `HH:MM` with or without a sign.
fn fixed_offset(zone: &str) -> Option<i64> {
    let (sign, digits) = match zone.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, zone.strip_prefix('+').unwrap_or(zone)),
    };
    let (hours, minutes) = digits.split_once(':')?;
    let hours = two_digits(hours).filter(|hours| *hours < 24)?;
    let minutes = two_digits(minutes).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 3600 + minutes * 60))
}

fn two_digits(text: &str) -> Option<i64> {
    let all_digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| all_digits)
}
