//! `format`: `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x`, `%X` and `%%`, with a precision for `%f` and
//! `%e`, as cel-go's string extensions define them.

use bumpalo::collections::String as ArenaString;

use super::super::Outcome;
use super::super::standard::{decimal, double_from_int, double_from_uint, padded_exponent};
use crate::Value;
use crate::signature::{Call, Failure, Fuel};
use crate::time::{format_duration, format_timestamp};

const DEFAULT_PRECISION: usize = 6;
const MAX_PRECISION: usize = 1_000;

/// How deep a list or map may be nested that `%s` writes.
const MAX_DEPTH: usize = 128;

pub(super) fn format<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(template), Value::List(values)] = arguments else {
        return Err(Failure::no_overload("format", arguments));
    };
    let mut text = FormattedText { fuel: call.fuel, written: ArenaString::new_in(call.arena) };
    let mut values = values.iter();
    let mut rest = *template;
    while let Some((before, after)) = rest.split_once('%') {
        text.push(before)?;
        if let Some(after) = after.strip_prefix('%') {
            text.push("%")?;
            rest = after;
            continue;
        }
        let (directive, after) = Directive::read(after)?;
        let value = values.next().ok_or_else(|| {
            Failure::invalid("format: there are fewer arguments than directives".to_owned())
        })?;
        text.push_directive(&directive, value)?;
        rest = after;
    }
    text.push(rest)?;
    if values.next().is_some() {
        return Err(Failure::invalid(
            "format: there are more arguments than directives".to_owned(),
        ));
    }
    Ok(Value::String(text.written.into_bump_str()))
}

/// What stands after a percent sign.
struct Directive {
    precision: usize,
    letter: char,
}

impl Directive {
    /// Reads one, and gives the text after it.
    fn read(text: &str) -> Result<(Self, &str), Failure> {
        let (precision, text) = match text.strip_prefix('.') {
            Some(text) => Self::read_precision(text)?,
            None => (DEFAULT_PRECISION, text),
        };
        let mut characters = text.chars();
        let letter = characters.next().ok_or_else(|| {
            Failure::invalid("format: the text ends within a directive".to_owned())
        })?;
        Ok((Self { precision, letter }, characters.as_str()))
    }

    fn read_precision(text: &str) -> Result<(usize, &str), Failure> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        let precision = digits.parse().ok().filter(|precision| *precision <= MAX_PRECISION);
        let precision = precision.ok_or_else(|| {
            Failure::invalid(format!(
                "format: `.{digits}` is not a precision from 0 to \
                {MAX_PRECISION}"
            ))
        })?;
        Ok((precision, rest))
    }
}

/// The text so far.
struct FormattedText<'f, 'a> {
    fuel: &'f mut Fuel,
    written: ArenaString<'a>,
}

impl FormattedText<'_, '_> {
    fn push(&mut self, text: &str) -> Result<(), Failure> {
        self.fuel.charge_bytes(text.len())?;
        self.written.push_str(text);
        Ok(())
    }

    fn push_directive(&mut self, directive: &Directive, value: &Value<'_>) -> Result<(), Failure> {
        let text = match directive.letter {
            's' => return self.push_value(value, 0),
            'x' | 'X' => {
                if let Value::String(_) | Value::Bytes(_) = value {
                    return self.push_hexadecimal_bytes(value, directive.letter == 'X');
                }
                integer_text(directive.letter, value)
            }
            'd' | 'o' | 'b' => integer_text(directive.letter, value),
            'f' | 'e' => float_text(directive, value),
            letter => return Err(Failure::invalid(format!("format: unknown directive %{letter}"))),
        };
        let Some(text) = text else {
            let (letter, kind) = (directive.letter, value.type_name().as_str());
            return Err(Failure::WrongType(format!("format: %{letter} of a {kind}").into()));
        };
        self.push(&text)
    }

    fn push_hexadecimal_bytes(&mut self, value: &Value<'_>, upper: bool) -> Result<(), Failure> {
        let bytes = match value {
            Value::String(text) => text.as_bytes(),
            Value::Bytes(bytes) => bytes,
            _ => &[],
        };
        self.fuel.charge(1 + bytes.len() as u64 / 4)?;
        for byte in bytes {
            for nibble in [byte >> 4, byte & 0xf] {
                let digit = char::from_digit(nibble.into(), 16).unwrap_or_default();
                self.written.push(if upper { digit.to_ascii_uppercase() } else { digit });
            }
        }
        Ok(())
    }

    /// Any value as `%s` writes it.
    fn push_value(&mut self, value: &Value<'_>, depth: usize) -> Result<(), Failure> {
        match value {
            Value::Null => self.push("null"),
            Value::Bool(true) => self.push("true"),
            Value::Bool(false) => self.push("false"),
            Value::Int(number) => self.push(&number.to_string()),
            Value::UInt(number) => self.push(&number.to_string()),
            Value::Double(number) => self.push(&decimal(*number)),
            Value::String(text) => self.push(text),
            Value::Bytes(bytes) => {
                self.fuel.charge_bytes(bytes.len())?;
                self.push(&String::from_utf8_lossy(bytes))
            }
            Value::Timestamp(time) => self.push(&format_timestamp(*time)),
            Value::Duration(span) => self.push(&format_duration(*span)),
            Value::Type(name) => self.push(name.as_str()),
            Value::Ip(address) => self.push(&address.to_string()),
            Value::Cidr(network) => self.push(&network.to_string()),
            Value::List(list) => self.push_list(list, nested(depth)?),
            Value::Map(entries) => self.push_map(entries, nested(depth)?),
            Value::Optional(_) => Err(Failure::no_overload("format: %s", &[*value])),
        }
    }

    fn push_list(&mut self, list: &[Value<'_>], depth: usize) -> Result<(), Failure> {
        self.push("[")?;
        for (place, value) in list.iter().enumerate() {
            if place > 0 {
                self.push(", ")?;
            }
            self.push_value(value, depth)?;
        }
        self.push("]")
    }

    /// The entries in the order of their keys' texts, so that the same map gives the same text.
    fn push_map(
        &mut self,
        entries: &[(Value<'_>, Value<'_>)],
        depth: usize,
    ) -> Result<(), Failure> {
        self.fuel.charge(2 * entries.len() as u64)?;
        let mut sorted: Vec<_> =
            entries.iter().map(|(key, value)| (key_text(key), value)).collect();
        sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
        self.push("{")?;
        for (place, (key, value)) in sorted.iter().enumerate() {
            if place > 0 {
                self.push(", ")?;
            }
            self.push(key)?;
            self.push(": ")?;
            self.push_value(value, depth)?;
        }
        self.push("}")
    }
}

/// One level deeper, if that is allowed.
fn nested(depth: usize) -> Result<usize, Failure> {
    if depth < MAX_DEPTH {
        return Ok(depth + 1);
    }
    Err(Failure::invalid(format!("format: a value is nested deeper than {MAX_DEPTH} levels")))
}

/// A map's key: a string, a number or a truth value.
fn key_text(key: &Value<'_>) -> String {
    match key {
        Value::String(text) => (*text).to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        other => other.type_name().as_str().to_owned(),
    }
}

fn integer_text(letter: char, value: &Value<'_>) -> Option<String> {
    let (sign, magnitude) = match value {
        Value::Int(number) => (if *number < 0 { "-" } else { "" }, number.unsigned_abs()),
        Value::UInt(number) => ("", *number),
        Value::Bool(value) if letter == 'b' => ("", u64::from(*value)),
        Value::Double(number) if letter == 'd' => return Some(decimal(*number)),
        _ => return None,
    };
    Some(match letter {
        'b' => format!("{sign}{magnitude:b}"),
        'o' => format!("{sign}{magnitude:o}"),
        'x' => format!("{sign}{magnitude:x}"),
        'X' => format!("{sign}{magnitude:X}"),
        _ => format!("{sign}{magnitude}"),
    })
}

fn float_text(directive: &Directive, value: &Value<'_>) -> Option<String> {
    let number = match value {
        Value::Double(number) if !number.is_finite() => return Some(decimal(*number)),
        Value::Double(number) => *number,
        Value::Int(number) => double_from_int(*number),
        Value::UInt(number) => double_from_uint(*number),
        _ => return None,
    };
    let precision = directive.precision;
    if directive.letter == 'f' {
        return Some(format!("{number:.precision$}"));
    }
    let text = format!("{number:.precision$e}");
    text.split_once('e').map(|(digits, exponent)| format!("{digits}e{}", padded_exponent(exponent)))
}
