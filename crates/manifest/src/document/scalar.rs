//! What an unquoted scalar means: the core schema of YAML 1.2.2, section 10.3.2.

use serde_json::Number;

use super::node::{Content, Text};

/// The value of a scalar that is not quoted.
pub(super) fn plain(text: Text) -> Content {
    match text.value.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Content::Null,
        "true" | "True" | "TRUE" => Content::Bool(true),
        "false" | "False" | "FALSE" => Content::Bool(false),
        value => match number(value) {
            Some(number) => Content::Number(number),
            None => Content::Text(text),
        },
    }
}

fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    // Hexadecimal and octal numbers have no sign.
    let radix = match (text.strip_prefix("0x"), text.strip_prefix("0o")) {
        (Some(rest), _) => Some((16, rest)),
        (_, Some(rest)) => Some((8, rest)),
        _ => None,
    };
    if let Some((radix, rest)) = radix {
        let is_signed = rest.starts_with(['+', '-']);
        let number = i64::from_str_radix(rest, radix).ok().filter(|_| !is_signed);
        return number.map(Number::from);
    }
    let starts_as_number = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let numeric = |byte: u8| byte.is_ascii_digit() || b".eE+-".contains(&byte);
    if !starts_as_number || !digits.bytes().all(numeric) {
        return None;
    }
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    unsigned
        .parse::<i64>()
        .map(Number::from)
        .or_else(|_| unsigned.parse::<u64>().map(Number::from))
        .ok()
        .or_else(|| Number::from_f64(unsigned.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::document::read;

    fn value(yaml: &str) -> Value {
        let (documents, mistakes) = read(yaml);
        assert_eq!(mistakes, []);
        documents.first().unwrap().to_json()
    }

    #[test]
    fn unquoted_scalars_follow_the_core_schema() {
        let cases = [
            ("true", json!(true)),
            ("False", json!(false)),
            ("~", json!(null)),
            ("12", json!(12)),
            ("-7", json!(-7)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("-0x1F", json!("-0x1F")),
            ("0x-5", json!("0x-5")),
            ("0x", json!("0x")),
            ("1.5", json!(1.5)),
            ("1e3", json!(1000.0)),
            ("yes", json!("yes")),
            ("no", json!("no")),
            ("1.2.3", json!("1.2.3")),
            ("2026-01-01", json!("2026-01-01")),
            ("-", json!([null])),
            ("a", json!("a")),
            (".", json!(".")),
        ];
        for (yaml, expected) in cases {
            assert_eq!(value(yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn a_quoted_scalar_is_a_text() {
        assert_eq!(value("'true'"), json!("true"));
        assert_eq!(value("\"12\""), json!("12"));
        assert_eq!(value("!!str 12"), json!("12"));
    }
}
