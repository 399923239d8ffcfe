//! Values for a control's parameters, checked against its declarations.
//!
//! Nothing is coerced: `"true"` is a text, and a boolean parameter refuses it.

use serde_json::{Map, Value};
use thiserror::Error;

use super::CompiledControl;
use super::bounds::{self, Bound};
use api::{ControlSpec, ParameterType, closest};

/// Values by the names of a control's parameters.
pub type Parameters = Map<String, Value>;

/// What is wrong with the values given for a control's parameters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Error)]
#[allow(missing_docs)] // the messages say it
pub enum ParameterFault {
    #[error("there is no parameter `{parameter}`")]
    Unknown { parameter: String, suggestion: Option<String>, known: Vec<String> },
    #[error("parameter `{parameter}` is {found}, not {}", .expected.described())]
    WrongType { parameter: String, expected: ParameterType, found: String },
    #[error("parameter `{parameter}` is {found}: {bound}")]
    OutOfBounds { parameter: String, found: String, bound: Bound, suggestion: Option<String> },
    #[error("parameter `{parameter}` needs a value")]
    Missing { parameter: String },
}

impl ParameterFault {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { suggestion: Some(name), .. }
            | Self::OutOfBounds { suggestion: Some(name), .. } => {
                Some(format!("did you mean `{name}`?"))
            }
            Self::Unknown { known, .. } if known.is_empty() => {
                Some("the control has no parameters".to_owned())
            }
            Self::Unknown { known, .. } => {
                Some(format!("the control's parameters are {}", known.join(", ")))
            }
            Self::WrongType { expected, .. } => Some(expected.how_to_write().to_owned()),
            Self::Missing { .. } | Self::OutOfBounds { .. } => None,
        }
    }
}

impl CompiledControl {
    /// Whether `value` may be given for the parameter `name`.
    pub fn check_parameter(&self, name: &str, value: &Value) -> Result<(), ParameterFault> {
        check(&self.spec, name, value)
    }

    /// The values given and the defaults of the rest: one for each parameter declared.
    pub fn complete_parameters(&self, mut given: Parameters) -> Result<Parameters, ParameterFault> {
        for (name, value) in &given {
            self.check_parameter(name, value)?;
        }
        let mut complete = Parameters::new();
        for declaration in &self.spec.parameters {
            let parameter = declaration.name.clone();
            let value = given.remove(&parameter).or_else(|| declaration.default.clone());
            let Some(value) = value else { return Err(ParameterFault::Missing { parameter }) };
            complete.insert(parameter, value);
        }
        Ok(complete)
    }
}

pub(super) fn check(spec: &ControlSpec, name: &str, value: &Value) -> Result<(), ParameterFault> {
    let parameter = name.to_owned();
    let Some(declaration) = spec.parameters.iter().find(|parameter| parameter.name == name) else {
        let names = spec.parameters.iter().map(|parameter| parameter.name.as_str());
        let suggestion = closest(name, names).map(str::to_owned);
        let known = spec.parameters.iter().map(|parameter| parameter.name.clone()).collect();
        return Err(ParameterFault::Unknown { parameter, suggestion, known });
    };
    let expected = declaration.kind;
    if expected.accepts(value) {
        return bounds::check(declaration, value);
    }
    Err(ParameterFault::WrongType { parameter, expected, found: describe(value) })
}

/// The value as a person would call it: `the string "true"`. Only what is not long enough for a
/// secret, and looks like a value of another type, is quoted.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => format!("the boolean {value}"),
        Value::Number(number) if number.is_i64() => quoted("the integer", "an integer", value),
        Value::Number(_) => quoted("the number", "a number", value),
        Value::String(text) if looks_like_another_type(text) => {
            quoted("the string", "a string", value)
        }
        Value::String(_) => "a string".to_owned(),
        Value::Array(items) => match items.iter().find(|item| !item.is_string()) {
            Some(item) => format!("a list with {}", describe(item)),
            None => "a list".to_owned(),
        },
        Value::Object(_) => "a map".to_owned(),
    }
}

fn quoted(one: &str, any: &str, value: &Value) -> String {
    const LONGEST: usize = 7;
    let text = value.to_string();
    if text.len() <= LONGEST { format!("{one} {text}") } else { any.to_owned() }
}

fn looks_like_another_type(text: &str) -> bool {
    let text = text.trim();
    text.parse::<f64>().is_ok() || ["true", "false"].iter().any(|it| it.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_taken_only_if_it_is_of_the_declared_type() {
        let cases = [
            (ParameterType::Boolean, json!(true), true),
            (ParameterType::Boolean, json!("true"), false),
            (ParameterType::Boolean, json!("True"), false),
            (ParameterType::Integer, json!(90), true),
            (ParameterType::Integer, json!("90"), false),
            (ParameterType::Integer, json!(90.5), false),
            (ParameterType::String, json!("a"), true),
            (ParameterType::String, json!(1), false),
            (ParameterType::StringList, json!(["a", "b"]), true),
            (ParameterType::StringList, json!([]), true),
            (ParameterType::StringList, json!("a,b"), false),
            (ParameterType::StringList, json!(["a", 1]), false),
        ];
        for (kind, value, accepted) in cases {
            assert_eq!(kind.accepts(&value), accepted, "{kind:?} {value}");
        }
    }

    #[test]
    fn a_wrong_value_is_called_what_it_is() {
        let fault = ParameterFault::WrongType {
            parameter: "required".to_owned(),
            expected: ParameterType::Boolean,
            found: describe(&json!("true")),
        };
        assert_eq!(fault.to_string(), "parameter `required` is the string \"true\", not a boolean");
        assert_eq!(fault.help().unwrap(), "write true or false, without quotes");
        assert_eq!(describe(&json!(["a", 1])), "a list with the integer 1");
    }

    #[test]
    fn a_wrong_value_that_may_be_secret_is_not_quoted() {
        assert_eq!(describe(&json!("hunter2")), "a string");
        assert_eq!(describe(&json!("12345678")), "a string");
        assert_eq!(describe(&json!(12_345_678)), "an integer");
    }
}
