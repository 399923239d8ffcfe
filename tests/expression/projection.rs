//! An expression gives the same over what its projection keeps as over the whole.

use std::cell::Cell;

use bumpalo::Bump;
use cel::Projection;
use cel::{
    Bindings, Environment, Failure, Machine, Program, VariableType, compile, from_json, to_json,
};
use proptest::prelude::*;
use serde_json::Value as Json;

use crate::generate::{Generator, VARIABLES};

/// What `projection` keeps of `json`, as [`Projection`] says.
fn kept(json: &Json, projection: &Projection) -> Json {
    match json {
        Json::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), kept(value, projection.field(name)?))))
            .collect(),
        Json::Array(items) => match projection.element() {
            Some(part) => items.iter().map(|item| kept(item, part)).collect(),
            None => Json::Array(Vec::new()),
        },
        scalar => scalar.clone(),
    }
}

fn run(program: &Program, data: &[Json]) -> Result<Json, std::mem::Discriminant<Failure>> {
    let arena = Bump::new();
    let values: Vec<_> = data.iter().map(|json| Some(from_json(json, &arena))).collect();
    let result = program.run(&Bindings { values: &values }, &mut Machine::new(), &arena);
    result.map(|value| to_json(&value)).map_err(|failure| std::mem::discriminant(&failure))
}

fn program(source: &str) -> Option<Program> {
    let declare =
        |environment: Environment, name: &&str| environment.variable(name, VariableType::Any);
    compile(source, &VARIABLES.iter().fold(Environment::new(), declare)).ok()
}

#[test]
fn a_projection_changes_no_result() {
    let (compiled, smaller) = (Cell::new(0), Cell::new(0));
    let choices = prop::collection::vec(any::<u16>(), 0..120);
    let outcome = crate::runner(20_000).run(&choices, |choices| {
        let mut generator = Generator::new(&choices, true);
        let data = generator.data();
        let source = generator.expression(5);
        let Some(program) = program(&source) else { return Ok(()) };
        compiled.set(compiled.get() + 1);
        let projected: Vec<Json> = data
            .iter()
            .enumerate()
            .map(|(slot, json)| kept(json, &program.projection(slot)))
            .collect();
        smaller.set(smaller.get() + i32::from(projected != data));
        let context = format!("{source}\n{data:?}\n{projected:?}");
        prop_assert_eq!(run(&program, &data), run(&program, &projected), "{}", context);
        Ok(())
    });
    outcome.unwrap();
    assert!(compiled.get() > 10_000, "only {} expressions compiled", compiled.get());
    assert!(smaller.get() > 5_000, "only {} projections left something out", smaller.get());
}

#[test]
fn a_projection_keeps_what_is_read_and_no_more() {
    for (source, whole, projected) in [
        ("v.a.b == 1", r#"{"a":{"b":1,"c":[1]},"d":{}}"#, r#"{"a":{"b":1}}"#),
        ("v.a == 1", r#"{"a":{"b":1},"d":[1]}"#, r#"{"a":{"b":1}}"#),
        ("v.a.all(x, x.b == 1)", r#"{"a":[{"b":1,"c":{}}]}"#, r#"{"a":[{"b":1}]}"#),
        ("v.a.exists(i, x, x.b == i)", r#"{"a":[{"b":1,"c":{}}]}"#, r#"{"a":[{"b":1}]}"#),
        ("size(v.a) > 0", r#"{"a":[{"b":[1]},[2]]}"#, r#"{"a":[{},[]]}"#),
        (
            "has(v.a) && has(v.b.c)",
            r#"{"a":{"b":[1]},"b":{"c":[1],"d":1}}"#,
            r#"{"a":{},"b":{"c":[]}}"#,
        ),
        (
            "v['a']['b'] == v.c[0].d",
            r#"{"a":{"b":1,"c":2},"c":[{"d":1,"e":2}]}"#,
            r#"{"a":{"b":1},"c":[{"d":1}]}"#,
        ),
        ("v.?a.b.orValue(1) == 1", r#"{"a":{"b":{},"c":1}}"#, r#"{"a":{"b":{}}}"#),
        ("v.?a.hasValue()", r#"{"a":{"b":1}}"#, r#"{"a":{}}"#),
        (
            "v.?a.orValue([]).all(x, x.b == 1)",
            r#"{"a":[{"b":1,"c":1}],"c":1}"#,
            r#"{"a":[{"b":1}]}"#,
        ),
        (
            "v.a.filter(x, x.b == 1)[0].c == 2",
            r#"{"a":[{"b":1,"c":2,"d":3}]}"#,
            r#"{"a":[{"b":1,"c":2}]}"#,
        ),
        ("cel.bind(x, v.a, x.b == x.c)", r#"{"a":{"b":1,"c":1,"d":1}}"#, r#"{"a":{"b":1,"c":1}}"#),
        (
            "(v.a == 1 ? v.b : v.c).d == 1",
            r#"{"a":1,"b":{"d":1,"e":1},"c":{"d":1,"e":1}}"#,
            r#"{"a":1,"b":{"d":1},"c":{"d":1}}"#,
        ),
        ("v.a.map(k, k) == []", r#"{"a":{"b":{"c":1}}}"#, r#"{"a":{"b":{"c":1}}}"#),
    ] {
        let program = program(source).unwrap();
        let whole: Json = serde_json::from_str(whole).unwrap();
        let projected: Json = serde_json::from_str(projected).unwrap();
        assert_eq!(kept(&whole, &program.projection(0)), projected, "{source}");
    }
}

#[test]
fn the_fields_that_an_expression_reads_are_listed_with_their_values() {
    let program =
        program("v.a.b == 1 && has(v.a.c) && v['x y'].all(e, e.f == v.a.b) && i > 0").unwrap();
    let paths: Vec<String> = program.reads().iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["v.a.b", "v.a.c", r#"v["x y"]"#, "i"]);
    let arena = Bump::new();
    let value = from_json(&serde_json::json!({"a": {"b": 5}}), &arena);
    let bindings = Bindings { values: &[Some(value)] };
    let values = program.reads().iter().map(|path| path.value(&bindings).as_ref().map(to_json));
    assert_eq!(values.collect::<Vec<_>>(), [Some(5.into()), None, None, None]);
}
