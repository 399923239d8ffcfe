//! The rules of our schemas (`x-kubernetes-validations`), run as the API server runs them.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use bumpalo::Bump;

use crate::document::{Mistake, Rule};
use cel::Value;
use cel::{Bindings, Environment, Machine, Program, VariableType, compile, from_json};

/// The mistake that a rule finds. Rules about changes have nothing to say of a file.
pub(super) fn broken(rule: &Rule<'_>) -> Option<Mistake> {
    if rule.source.contains("oldSelf") {
        return None;
    }
    let program = compiled(rule.source)?;
    let arena = Bump::new();
    let bindings = Bindings { values: &[Some(from_json(&rule.value, &arena))] };
    if let Ok(Value::Bool(true)) = program.run(&bindings, &mut Machine::new(), &arena) {
        return None;
    }
    let reported = rule.message_expression.and_then(|expression| {
        let program = compiled(expression)?;
        let reported = program.run(&bindings, &mut Machine::new(), &arena).ok()?;
        reported.as_str().map(str::to_owned)
    });
    let message = reported.unwrap_or_else(|| rule.message.to_owned());
    Some(Mistake { range: rule.range.clone(), message, help: None })
}

/// The program of a rule. The schemas' rules are few and their objects many: each is compiled once.
fn compiled(source: &str) -> Option<Arc<Program>> {
    static PROGRAMS: LazyLock<Mutex<HashMap<String, Option<Arc<Program>>>>> =
        LazyLock::new(Mutex::default);
    let mut programs = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(program) = programs.get(source) {
        return program.clone();
    }
    let environment = Environment::new().variable("self", VariableType::Any);
    let program = compile(source, &environment).ok().map(Arc::new);
    programs.insert(source.to_owned(), program.clone());
    program
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::of_kind;
    use api::crds;
    use model::{Partition, Region};

    /// Calls `visit` with every rule in a schema.
    fn each_rule(schema: &serde_json::Value, visit: &mut dyn FnMut(&str)) {
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            visit(rule["rule"].as_str().unwrap());
            rule.get("messageExpression").into_iter().for_each(|it| visit(it.as_str().unwrap()));
        }
        for inner in schema["properties"].as_object().into_iter().flat_map(|fields| fields.values())
        {
            each_rule(inner, visit);
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner) = schema.get(key) {
                each_rule(inner, visit);
            }
        }
    }

    #[test]
    fn every_rule_of_the_crds_compiles() {
        let environment = Environment::new()
            .variable("self", VariableType::Any)
            .variable("oldSelf", VariableType::Any);
        let mut rules = 0;
        for crd in crds() {
            let schema = serde_json::to_value(&crd.spec.versions[0].schema).unwrap();
            each_rule(&schema["openAPIV3Schema"], &mut |rule| {
                rules += 1;
                compile(rule, &environment).unwrap_or_else(|errors| panic!("{rule}: {errors:?}"));
            });
        }
        assert!(rules > 10);
    }

    #[test]
    fn a_region_of_another_partition_is_named_with_the_partition() {
        let schema = of_kind("AwsAccount").unwrap();
        let rules = schema["properties"]["spec"]["x-kubernetes-validations"].as_array().unwrap();
        let found = rules.iter().find(|rule| rule["messageExpression"].is_string()).unwrap();
        let text = |name: &str| found[name].as_str().unwrap();
        let reported = |partition: Partition, region: &Region| {
            let rule = Rule {
                range: 0..0,
                source: text("rule"),
                message: text("message"),
                message_expression: Some(text("messageExpression")),
                value: serde_json::json!({"partition": partition, "regions": [region]}),
            };
            broken(&rule).map(|mistake| mistake.message)
        };
        for partition in Partition::ALL {
            for other in Partition::ALL {
                let region = other.usual_region();
                let expected = (partition != other).then(|| {
                    format!("regions {region} do not belong to the partition {partition}")
                });
                assert_eq!(reported(partition, &region), expected);
            }
        }
    }
}
