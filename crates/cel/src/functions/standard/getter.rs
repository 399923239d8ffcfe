//! Parts of timestamps, in UTC or a time zone, and of durations.
//!
//! Months, days of the month, of the year and of the week count from zero, as the specification
//! has it; `getDate` alone counts from one.

use jiff::civil::DateTime;

use super::super::Outcome;
use super::calendar::{civil, offset_of};
use crate::Value;
use crate::signature::{Call, Failure};

/// One implementation for each part of a date and time.
macro_rules! part_of_timestamp {
    ($function:ident, $read:expr) => {
        pub(super) fn $function<'a>(call: &mut Call<'_, 'a>, given: &[Value<'a>]) -> Outcome<'a> {
            call.fuel.charge(CALENDAR_COST)?;
            let read: fn(DateTime) -> i64 = $read;
            Ok(Value::Int(read(at(given)?)))
        }
    };
}

/// One implementation for each unit of a duration.
macro_rules! whole_units {
    ($function:ident, $nanoseconds:expr) => {
        pub(super) fn $function<'a>(_: &mut Call<'_, 'a>, given: &[Value<'a>]) -> Outcome<'a> {
            let [Value::Duration(span)] = given else {
                return Err(Failure::no_overload(stringify!($function), given));
            };
            let units = i64::try_from(span.total_nanoseconds() / $nanoseconds);
            units.map(Value::Int).map_err(|_| Failure::Overflow(stringify!($function)))
        }
    };
}

/// What a look into the calendar and the time zones costs, in fuel.
const CALENDAR_COST: u64 = 10;

part_of_timestamp!(full_year, |time| time.year().into());
part_of_timestamp!(month, |time| i64::from(time.month()) - 1);
part_of_timestamp!(date, |time| time.day().into());
part_of_timestamp!(day_of_month, |time| i64::from(time.day()) - 1);
part_of_timestamp!(day_of_week, |time| time.weekday().to_sunday_zero_offset().into());
part_of_timestamp!(day_of_year, |time| i64::from(time.day_of_year()) - 1);
part_of_timestamp!(hours, |time| time.hour().into());
part_of_timestamp!(minutes, |time| time.minute().into());
part_of_timestamp!(seconds, |time| time.second().into());
part_of_timestamp!(milliseconds, |time| time.millisecond().into());

whole_units!(whole_hours, 3_600_000_000_000);
whole_units!(whole_minutes, 60_000_000_000);
whole_units!(whole_seconds, 1_000_000_000);

/// The milliseconds within the second: the specification's example gives 234 for `1.234s`, where
/// cel-go gives the whole duration.
pub(super) fn milliseconds_part<'a>(_: &mut Call<'_, 'a>, given: &[Value<'a>]) -> Outcome<'a> {
    let [Value::Duration(span)] = given else {
        return Err(Failure::no_overload("getMilliseconds", given));
    };
    let milliseconds = i64::try_from(span.total_nanoseconds() / 1_000_000 % 1_000);
    milliseconds.map(Value::Int).map_err(|_| Failure::Overflow("getMilliseconds"))
}

/// The date and time that the arguments, a timestamp and perhaps a zone, speak of.
fn at(given: &[Value<'_>]) -> Result<DateTime, Failure> {
    match given {
        [Value::Timestamp(time)] => civil(*time, 0),
        [Value::Timestamp(time), Value::String(zone)] => civil(*time, offset_of(zone, *time)?),
        _ => Err(Failure::no_overload("a part of a timestamp", given)),
    }
}
