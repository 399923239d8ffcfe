//! Reads durations in Go's notation, which CEL takes: `1h30m`, `1.5s`, `-250ms`.

use crate::Duration;

const NANOSECONDS_IN_SECOND: i128 = 1_000_000_000;

/// Digits of a fraction that can matter: an hour has under 10^13 nanoseconds.
const FRACTION_DIGITS: usize = 18;

/// Reads signed decimal numbers with their units; nothing for another text or beyond the range.
pub(super) fn parse_duration(text: &str) -> Option<Duration> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if unsigned == "0" {
        return Duration::from_total_nanoseconds(0);
    }
    let mut rest = Some(unsigned).filter(|text| !text.is_empty())?;
    let mut total = 0_i128;
    while !rest.is_empty() {
        let (part, after) = parse_part(rest)?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Duration::from_total_nanoseconds(if negative { -total } else { total })
}

/// One number with its unit, in nanoseconds, and the text after it.
fn parse_part(text: &str) -> Option<(i128, &str)> {
    let (whole, rest) = take_digits(text);
    let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), take_digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let (unit, rest) = take_unit(rest)?;
    let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let fraction = fraction.get(..FRACTION_DIGITS).unwrap_or(fraction);
    let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
    let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let nanoseconds = whole.checked_mul(unit)?.checked_add(fraction * unit / scale)?;
    Some((nanoseconds, rest))
}

fn take_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

/// The nanoseconds of the unit that the text begins with, and the text after it.
fn take_unit(text: &str) -> Option<(i128, &str)> {
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("\u{b5}s", 1_000),
        ("\u{3bc}s", 1_000),
        ("ms", 1_000_000),
        ("s", NANOSECONDS_IN_SECOND),
        ("m", 60 * NANOSECONDS_IN_SECOND),
        ("h", 3_600 * NANOSECONDS_IN_SECOND),
    ];
    UNITS.iter().find_map(|(name, size)| text.strip_prefix(name).map(|rest| (*size, rest)))
}
