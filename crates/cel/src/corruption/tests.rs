//! What changed programs do, over the project's tables of cases.

use std::path::Path;
use std::sync::Arc;

use bumpalo::Bump;
use serde_json::{Map, Value as Json};

use super::corrupted;
use crate::machine::Machine;
use crate::program::{Bindings, Code, Op, Program};
use crate::signature::{Failure, Fuel};
use crate::{Environment, VariableType, compile, from_json};

/// Every expression of the tables of cases that compiles, and the variables that it names.
fn cases() -> Vec<(Program, Vec<Json>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/expression/cases");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let section: Map<String, Json> = serde_saphyr::from_str(&text).unwrap();
        let shared = section.get("variables").and_then(Json::as_object);
        for case in section["cases"].as_array().unwrap() {
            let own = case.get("variables").and_then(Json::as_object);
            let mut variables: Vec<(&str, VariableType, &Json)> = Vec::new();
            for (name, json) in own.into_iter().chain(shared).flatten() {
                if !variables.iter().any(|(known, ..)| *known == name) {
                    variables.push((name, VariableType::Any, json));
                }
            }
            if let Some(resource) = section.get("resource") {
                variables.push(("resource", VariableType::Document, resource));
            }
            let environment = Environment::new();
            let environment = variables.iter().fold(environment, |environment, (name, kind, _)| {
                environment.variable(name, kind.clone())
            });
            if let Ok(program) = compile(case["expression"].as_str().unwrap(), &environment) {
                cases.push((program, variables.iter().map(|(.., json)| (*json).clone()).collect()));
            }
        }
    }
    cases
}

#[test]
fn a_changed_program_is_not_taken_for_the_one_that_was_compiled() {
    let (mut sound, mut changed) = (0, 0);
    for (program, _) in cases() {
        assert!(program.is_intact(), "{program:?}");
        sound += 1;
        for other in corrupted(&program) {
            assert!(!other.is_intact(), "{:?}\n{:?}", other, other.0.ops);
            changed += 1;
        }
    }
    assert!(sound > 1000 && changed > 50 * sound, "{sound} programs, {changed} changes");
}

#[test]
fn a_changed_program_that_is_run_all_the_same_ends_without_a_panic() {
    // Enough for every case, and little enough for loops that never end by themselves.
    const ENOUGH: u64 = 20_000;
    let (mut machine, mut internal, mut runs) = (Machine::new(), 0, 0);
    for (program, variables) in cases() {
        for other in corrupted(&program) {
            let arena = Bump::new();
            let values: Vec<_> =
                variables.iter().map(|json| Some(from_json(json, &arena))).collect();
            let bindings = Bindings { values: &values };
            let result = other.run_with(Fuel::new(ENOUGH), &bindings, &mut machine, &arena);
            internal += usize::from(matches!(result, Err(Failure::Internal(_))));
            runs += 1;
        }
    }
    assert!(runs > 50_000 && internal > runs / 10, "{internal} of {runs} runs noticed it");
}

#[test]
fn an_internal_failure_is_absorbed_by_no_operator() {
    let environment = Environment::new().variable("x", VariableType::Any);
    let program = compile("x == 1 || [1, 2].exists(n, n == x) || true", &environment).unwrap();
    let mut code = Code::clone(&program.0);
    for op in &mut code.ops {
        if matches!(op, Op::Variable(_)) {
            *op = Op::Variable(7);
        }
    }
    let arena = Bump::new();
    let bindings = Bindings { values: &[None] };
    let result = Program(Arc::new(code)).run(&bindings, &mut Machine::new(), &arena);
    assert!(matches!(result, Err(Failure::Internal(_))), "{result:?}");
}
