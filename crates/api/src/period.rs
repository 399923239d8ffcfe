//! Spans of time as Kubernetes writes them: `30m`, `1h30m`, `24h`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::form;

/// A span of whole seconds, written in hours, minutes and seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Period(Duration);

/// A text that is no [`Period`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a period: write hours, minutes and seconds, such as 30m or 1h30m")]
pub struct InvalidPeriod {
    /// The text as it was given.
    pub text: String,
}

impl Period {
    /// So many hours.
    pub const fn hours(hours: u32) -> Self {
        Self(Duration::from_secs(hours as u64 * 3600))
    }

    /// So many minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Self(Duration::from_secs(minutes as u64 * 60))
    }

    /// The span.
    pub const fn duration(self) -> Duration {
        self.0
    }
}

impl FromStr for Period {
    type Err = InvalidPeriod;

    fn from_str(text: &str) -> Result<Self, InvalidPeriod> {
        seconds(text)
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| InvalidPeriod { text: text.to_owned() })
    }
}

/// The sum of a text's parts; each unit at most once, the larger first.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0;
    for (unit, factor) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((digits, after)) = rest.split_once(unit) {
            let digits_only = digits.bytes().all(|byte| byte.is_ascii_digit());
            if !digits_only || !(1..=6).contains(&digits.len()) {
                return None;
            }
            total += digits.parse::<u64>().ok()? * factor;
            rest = after;
        }
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

impl TryFrom<String> for Period {
    type Error = InvalidPeriod;

    fn try_from(text: String) -> Result<Self, InvalidPeriod> {
        text.parse()
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let parts = [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
        for (count, unit) in parts.into_iter().filter(|(count, _)| *count > 0) {
            write!(formatter, "{count}{unit}")?;
        }
        if seconds == 0 { formatter.write_str("0s") } else { Ok(()) }
    }
}

impl JsonSchema for Period {
    fn schema_name() -> Cow<'static, str> {
        "Period".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "minLength": 2,
            "maxLength": 21,
            "pattern": form::PERIOD,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_read_and_written_in_hours_minutes_and_seconds() {
        for (text, seconds) in
            [("30m", 1800), ("24h", 86_400), ("1h30m", 5400), ("1h0m5s", 3605), ("0s", 0)]
        {
            assert_eq!(text.parse::<Period>().unwrap().duration().as_secs(), seconds, "{text}");
        }
        assert_eq!("90m".parse::<Period>().unwrap().to_string(), "1h30m");
        assert_eq!("0m".parse::<Period>().unwrap().to_string(), "0s");
    }

    #[test]
    fn what_is_no_period_is_refused() {
        for text in ["", "30", "m", "-1m", "1m1h", "1 h", "1d", "1h30", "1.5h", "1234567s", "1m1m"]
        {
            assert!(text.parse::<Period>().is_err(), "{text}");
        }
    }
}
