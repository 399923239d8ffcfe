//! Numbers from text and other numbers, and back, with the ranges that CEL sets.

use crate::signature::Failure;

/// 2^63 and 2^64, which no integer type of the language reaches.
const INT_BOUND: f64 = 9_223_372_036_854_775_808.0;
const UINT_BOUND: f64 = 18_446_744_073_709_551_616.0;

/// The integer part of a double. As in the specification's conformance tests, both ends of the
/// range are out of it: a double next to them says too little about the integer that was meant.
pub(super) fn int_from_double(number: f64) -> Result<i64, Failure> {
    if number > -INT_BOUND && number < INT_BOUND {
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
        return Ok(number as i64);
    }
    Err(Failure::Overflow("int(double)"))
}

/// The integer part of a double that is not negative.
pub(super) fn uint_from_double(number: f64) -> Result<u64, Failure> {
    if (0.0..UINT_BOUND).contains(&number) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was checked"
        )]
        return Ok(number as u64);
    }
    Err(Failure::Overflow("uint(double)"))
}

/// The double nearest to an integer.
#[expect(clippy::cast_precision_loss, reason = "CEL converts to the nearest double")]
pub(in super::super) const fn double_from_int(number: i64) -> f64 {
    number as f64
}

/// The double nearest to an unsigned integer.
#[expect(clippy::cast_precision_loss, reason = "CEL converts to the nearest double")]
pub(in super::super) const fn double_from_uint(number: u64) -> f64 {
    number as f64
}

/// The longest text that is read as a double; the longest that any double needs has 1,077 bytes.
const LONGEST_DOUBLE: usize = 1_100;

/// A double from its decimal text. A finite text beyond the range is none.
pub(super) fn double_from_text(text: &str) -> Option<f64> {
    let number: f64 = Some(text).filter(|text| text.len() <= LONGEST_DOUBLE)?.parse().ok()?;
    let names_infinity = text.contains(['i', 'I']);
    (number.is_finite() || number.is_nan() || names_infinity).then_some(number)
}

/// A double as Kubernetes' `string(double)` writes it: the fewest digits that give it back, with
/// an exponent below 1e-4 and from 1e6 on.
pub(super) fn shortest(number: f64) -> String {
    if let Some(name) = unusual(number, "+Inf", "-Inf") {
        return name.to_owned();
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) if !(-4..6).contains(&exponent.parse().unwrap_or(0)) => {
            format!("{digits}e{}", padded_exponent(exponent))
        }
        _ => number.to_string(),
    }
}

/// A double without an exponent, as `format` writes it for `%s` and `%d`.
pub(in super::super) fn decimal(number: f64) -> String {
    unusual(number, "Infinity", "-Infinity").map_or_else(|| number.to_string(), str::to_owned)
}

/// The text of a double that is no number.
fn unusual(number: f64, infinity: &'static str, below: &'static str) -> Option<&'static str> {
    match number {
        _ if number.is_nan() => Some("NaN"),
        f64::INFINITY => Some(infinity),
        f64::NEG_INFINITY => Some(below),
        _ => None,
    }
}

/// An exponent with its sign and at least two digits, as C writes it.
pub(in super::super) fn padded_exponent(exponent: &str) -> String {
    match exponent.strip_prefix('-') {
        Some(digits) => format!("-{digits:0>2}"),
        None => format!("+{exponent:0>2}"),
    }
}
