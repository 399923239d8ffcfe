//! What a control says of its parameters' values beyond their type: numbers from and to, texts of a
//! list or a form, lists of a length.

use std::fmt;

use serde_json::Value;

use super::parameters::ParameterFault;
use api::{ParameterDeclaration, ParameterType, closest};
use cel::text_pattern;

/// Texts that are not allowed are repeated up to this length. They stand where names stand.
const LONGEST_TEXT: usize = 40;

/// The bound that a value breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// No number below it.
    Minimum(i64),
    /// No number above it.
    Maximum(i64),
    /// One of these texts.
    Enum(Vec<String>),
    /// A text that matches.
    Pattern(String),
    /// At least so many texts.
    MinItems(u16),
}

/// What must hold, as the end of a sentence.
impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minimum(least) => write!(formatter, "the minimum is {least}"),
            Self::Maximum(most) => write!(formatter, "the maximum is {most}"),
            Self::Enum(allowed) => {
                let allowed: Vec<String> = allowed.iter().map(|text| quoted(text)).collect();
                write!(formatter, "it must be one of {}", allowed.join(", "))
            }
            Self::Pattern(pattern) => write!(formatter, "it must match `{pattern}`"),
            Self::MinItems(1) => write!(formatter, "it must have at least 1 entry"),
            Self::MinItems(least) => write!(formatter, "it must have at least {least} entries"),
        }
    }
}

impl Bound {
    /// The bounds that a declaration sets.
    pub fn of(declaration: &ParameterDeclaration) -> Vec<Self> {
        let ParameterDeclaration { minimum, maximum, allowed, pattern, min_items, .. } =
            declaration;
        let allowed = (!allowed.is_empty()).then(|| Self::Enum(allowed.clone()));
        let pattern = pattern.clone().map(Self::Pattern);
        let numbers = minimum.map(Self::Minimum).into_iter().chain(maximum.map(Self::Maximum));
        numbers.chain(min_items.map(Self::MinItems)).chain(allowed).chain(pattern).collect()
    }

    /// What a value is that breaks the bound; nothing where it keeps it.
    fn broken_by(&self, value: &Value) -> Option<String> {
        let (number, texts) = (value.as_i64(), texts(value));
        match self {
            Self::Minimum(least) => {
                number.filter(|number| number < least).map(|number| number.to_string())
            }
            Self::Maximum(most) => {
                number.filter(|number| number > most).map(|number| number.to_string())
            }
            Self::MinItems(least) if texts.len() < usize::from(*least) => Some(match texts.len() {
                0 => "an empty list".to_owned(),
                1 => "a list with 1 entry".to_owned(),
                entries => format!("a list with {entries} entries"),
            }),
            Self::MinItems(_) => None,
            Self::Enum(allowed) => {
                let other = texts.iter().find(|text| !allowed.iter().any(|it| it == *text))?;
                let is_short = other.len() <= LONGEST_TEXT;
                Some(if is_short { quoted(other) } else { "a long string".to_owned() })
            }
            Self::Pattern(pattern) => {
                // A pattern that is none is a mistake of the control.
                let pattern = text_pattern(pattern).ok()?;
                let keeps_it = texts.iter().all(|text| pattern.is_match(text));
                // A text of any form may be a secret: it is not repeated.
                let called =
                    if value.is_array() { "a list with another string" } else { "another string" };
                (!keeps_it).then(|| called.to_owned())
            }
        }
    }

    fn suggestion(&self, found: &str) -> Option<String> {
        let Self::Enum(allowed) = self else { return None };
        closest(found.trim_matches('"'), allowed.iter().map(String::as_str)).map(str::to_owned)
    }
}

/// The text, or the texts of the list.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a value of the declared type keeps within the declaration's bounds.
pub(super) fn check(
    declaration: &ParameterDeclaration,
    value: &Value,
) -> Result<(), ParameterFault> {
    for bound in Bound::of(declaration) {
        if let Some(found) = bound.broken_by(value) {
            let (parameter, suggestion) = (declaration.name.clone(), bound.suggestion(&found));
            return Err(ParameterFault::OutOfBounds { parameter, found, bound, suggestion });
        }
    }
    Ok(())
}

/// Which bounds do not fit the declaration, as the rules of its schema say too.
pub(super) fn misplaced(declaration: &ParameterDeclaration) -> Vec<(&'static str, String)> {
    let ParameterDeclaration { kind, minimum, maximum, allowed, pattern, min_items, .. } =
        declaration;
    let is_text = matches!(kind, ParameterType::String | ParameterType::StringList);
    let misplaced = [
        ("minimum", minimum.is_some(), *kind == ParameterType::Integer, "type integer"),
        ("maximum", maximum.is_some(), *kind == ParameterType::Integer, "type integer"),
        ("enum", !allowed.is_empty(), is_text, "types string and stringList"),
        ("pattern", pattern.is_some(), is_text, "types string and stringList"),
        ("minItems", min_items.is_some(), *kind == ParameterType::StringList, "type stringList"),
    ];
    let misplaced = misplaced.into_iter().filter(|(_, is_given, fits, _)| *is_given && !fits);
    let mut faults: Vec<_> = misplaced
        .map(|(field, _, _, types)| (field, format!("{field} works only with {types}")))
        .collect();
    if let (Some(least), Some(most)) = (minimum, maximum)
        && least > most
    {
        faults.push(("minimum", format!("minimum {least} exceeds maximum {most}")));
    }
    faults
}

/// Why the pattern is no regular expression, if it is none.
pub(super) fn invalid_pattern(declaration: &ParameterDeclaration) -> Option<String> {
    let why = text_pattern(declaration.pattern.as_deref()?).err()?;
    Some(format!("invalid regular expression: {why}"))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    fn declared(bounds: &Value) -> ParameterDeclaration {
        let mut declaration = json!({"name": "it", "description": "For the test."});
        let fields = declaration.as_object_mut().unwrap();
        fields.extend(bounds.as_object().unwrap().clone());
        from_value(declaration).unwrap()
    }

    #[test]
    fn a_value_outside_its_bounds_is_refused_with_the_bound() {
        let days = json!({"type": "integer", "minimum": 1, "maximum": 366});
        let mode = json!({"type": "string", "enum": ["", "GOVERNANCE", "COMPLIANCE"]});
        let ports = json!({"type": "stringList", "pattern": "^[0-9]+$", "minItems": 1});
        for (bounds, value, expected) in [
            (&days, json!(1), None),
            (&days, json!(366), None),
            (&days, json!(0), Some("parameter `it` is 0: the minimum is 1")),
            (&days, json!(-5), Some("parameter `it` is -5: the minimum is 1")),
            (&days, json!(367), Some("parameter `it` is 367: the maximum is 366")),
            (&mode, json!(""), None),
            (&mode, json!("COMPLIANCE"), None),
            (
                &mode,
                json!("compliance"),
                Some(
                    "parameter `it` is \"compliance\": it must be one of \"\", \"GOVERNANCE\", \
                     \"COMPLIANCE\"",
                ),
            ),
            (&ports, json!(["22", "443"]), None),
            (
                &ports,
                json!([]),
                Some("parameter `it` is an empty list: it must have at least 1 entry"),
            ),
            (
                &ports,
                json!(["22", "hunter2"]),
                Some("parameter `it` is a list with another string: it must match `^[0-9]+$`"),
            ),
        ] {
            let found = check(&declared(bounds), &value);
            let found = found.map_err(|fault| fault.to_string());
            assert_eq!(found.err().as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn the_nearest_allowed_value_is_offered() {
        let mode = declared(&json!({"type": "string", "enum": ["GOVERNANCE", "COMPLIANCE"]}));
        let fault = check(&mode, &json!("COMPLIENCE")).unwrap_err();
        assert_eq!(fault.help().as_deref(), Some("did you mean `COMPLIANCE`?"));
    }

    #[test]
    fn bounds_that_do_not_fit_the_type_are_mistakes() {
        for (bounds, field) in [
            (json!({"type": "string", "minimum": 1}), "minimum"),
            (json!({"type": "boolean", "maximum": 1}), "maximum"),
            (json!({"type": "integer", "enum": ["1"]}), "enum"),
            (json!({"type": "integer", "pattern": "1"}), "pattern"),
            (json!({"type": "string", "minItems": 1}), "minItems"),
            (json!({"type": "integer", "minimum": 2, "maximum": 1}), "minimum"),
        ] {
            let found = misplaced(&declared(&bounds));
            assert!(matches!(&found[..], [(at, _)] if *at == field), "{bounds} {found:?}");
        }
        let sound = json!({"type": "stringList", "pattern": "a", "enum": ["a"], "minItems": 2});
        assert_eq!(misplaced(&declared(&sound)), []);
        let open = declared(&json!({"type": "string", "pattern": "("}));
        assert!(invalid_pattern(&open).unwrap().starts_with("invalid regular expression: "));
    }
}
