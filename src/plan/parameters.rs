//! Values for a control's parameters, checked against its declarations.
//!
//! Nothing is coerced: `"true"` is a text, and a boolean parameter refuses it.

use serde_json::{Map, Value};

use super::problem::Expected;
use crate::api::{ControlSpec, ParameterDeclaration, ParameterType, closest};
use crate::plan::ProblemKind;

/// A value for each parameter that a control declares.
pub type Parameters = Map<String, Value>;

/// What is wrong with a value given for the parameter `name`, if anything is.
pub(super) fn check(
    control: &str,
    spec: &ControlSpec,
    name: &str,
    value: &Value,
) -> Option<ProblemKind> {
    let Some(declaration) = spec.parameters.iter().find(|parameter| parameter.name == name) else {
        let names = spec.parameters.iter().map(|parameter| parameter.name.as_str());
        return Some(ProblemKind::UnknownParameter {
            control: control.to_owned(),
            parameter: name.to_owned(),
            suggestion: closest(name, names).map(str::to_owned),
        });
    };
    (!declaration.kind.accepts(value)).then(|| ProblemKind::InvalidParameter {
        control: control.to_owned(),
        parameter: name.to_owned(),
        expected: Expected(declaration.kind),
        found: describe(value),
    })
}

/// The values given and the defaults of the rest; what still lacks a value as the error.
pub(super) fn complete(
    spec: &ControlSpec,
    mut given: Parameters,
) -> Result<Parameters, &ParameterDeclaration> {
    let mut complete = Parameters::new();
    for declaration in &spec.parameters {
        let value = given.remove(&declaration.name).or_else(|| declaration.default.clone());
        complete.insert(declaration.name.clone(), value.ok_or(declaration)?);
    }
    Ok(complete)
}

/// The value as a person would call it: `the string "true"`.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => format!("the boolean {value}"),
        Value::Number(number) if number.is_i64() => format!("the integer {number}"),
        Value::Number(_) => format!("the number {value}"),
        Value::String(text) if text.chars().count() > 40 => "a long string".to_owned(),
        Value::String(_) => format!("the string {value}"),
        Value::Array(items) => match items.iter().find(|item| !item.is_string()) {
            Some(item) => format!("a list with {}", describe(item)),
            None => "a list".to_owned(),
        },
        Value::Object(_) => "a map".to_owned(),
    }
}

impl ParameterType {
    /// Whether `value` is of this type.
    pub(crate) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Boolean => value.is_boolean(),
            Self::Integer => value.is_i64(),
            Self::String => value.is_string(),
            Self::StringList => {
                value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
            }
        }
    }
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
}
