//! Expressions: the same value whether branches are counted, whether only what is read is given, and
//! however often it runs; and for what both know, the value that the `cel` crate gives.

use std::panic;
use std::sync::LazyLock;

use bumpalo::Bump;
use cel::{
    Bindings, Environment, Failure, Machine, Program, Purpose, VariableType, compile,
    compile_for_coverage, from_json, mutants, to_json,
};
use serde_json::{Value as Json, json};

use crate::agreement::{agree, ours, theirs};
use crate::by_hand::project;
use crate::generate::{Generator, VARIABLES};

/// The first byte says whether the rest is a text or makes choices.
pub fn check(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    if first % 2 == 0 {
        generated(rest);
    } else if let Ok(source) = std::str::from_utf8(rest) {
        written(source);
    }
}

/// An expression and data by choices: both implementations give the same.
fn generated(choices: &[u8]) {
    // The least expressions come of no choices at all, and most choices are small.
    let choices: Vec<u16> = choices.iter().take(300).map(|byte| u16::from(*byte)).collect();
    let mut generator = Generator::new(&choices, false);
    let data = generator.data();
    let source = generator.expression(5);
    let (ours, theirs) = (ours(&source, &data), theirs(&source, &data));
    assert!(
        agree(&source, &data, &ours, &theirs),
        "{source}\n{data:?}\nours: {ours:?}\ntheirs: {theirs:?}"
    );
}

/// Values of [`VARIABLES`] for expressions as people write them.
static DATA: LazyLock<Vec<Json>> = LazyLock::new(|| {
    let tree = json!({"a": {"b": [1, 2], "c": null}, "b": {"a": "x"}, "c": [{"a": 1}], "d": true});
    let document = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
        "Resource": "*"}]});
    vec![
        tree,
        json!([{"a": 1}, {"b": 2.5}, document]),
        json!({"a": 1, "b": -2}),
        json!([3, 1, 2]),
        json!(7),
        json!(-1),
        json!(0.5),
        json!("10.1.0.0/16"),
        json!("2024-05-01T10:00:00Z"),
    ]
});

static ENVIRONMENT: LazyLock<Environment> = LazyLock::new(|| {
    let declare =
        |environment: Environment, name: &&str| environment.variable(name, VariableType::Any);
    VARIABLES.iter().fold(engine::functions::environment(), declare)
});

fn written(source: &str) {
    let program = match compile(source, &ENVIRONMENT) {
        Ok(program) => program,
        Err(mistakes) => {
            assert!(!mistakes.is_empty());
            for mistake in mistakes {
                assert!(!mistake.render(source).is_empty());
                let (line, column) = mistake.position(source);
                assert!(line > 0 && column > 0, "{line}:{column}");
            }
            return;
        }
    };
    assert!(program.is_intact());
    let value = run(&program, &DATA);
    assert_eq!(value, run(&program, &DATA), "run again");
    let projected: Vec<Json> = DATA
        .iter()
        .enumerate()
        .map(|(slot, json)| project(json, &program.projection(slot)))
        .collect();
    assert_eq!(kind(&value), kind(&run(&program, &projected)), "over {projected:?}");
    let counted = compile_for_coverage(source, &ENVIRONMENT, Purpose::Decision).unwrap();
    assert_eq!(kind(&value), kind(&run(&counted, &DATA)), "with branches counted");
    assert!(counted.branches().all(|branch| source.get(branch.span).is_some()));
    if source.len() < 200 {
        for (mutation, mutant) in mutants(source, &ENVIRONMENT).unwrap() {
            assert!(source.get(mutation.span.clone()).is_some(), "{mutation:?}");
            let _ = run(&mutant, &DATA);
        }
    }
    if let (Ok(value), true) = (&value, source.len() < 120)
        && let Some(Ok(theirs)) = theirs_unless_it_panics(source)
    {
        assert!(
            agree(source, &DATA, &Ok(value.clone()), &Ok(theirs.clone())),
            "{source}\nours: {value}\ntheirs: {theirs}"
        );
    }
}

fn run(program: &Program, data: &[Json]) -> Result<Json, Failure> {
    let arena = Bump::new();
    let values: Vec<_> = data.iter().map(|json| Some(from_json(json, &arena))).collect();
    let value = program.run(&Bindings { values: &values }, &mut Machine::new(), &arena);
    let failed = |failure: Failure| {
        assert!(!matches!(failure, Failure::Internal(_)), "{failure}");
        failure
    };
    value.map(|value| to_json(&value)).map_err(failed)
}

/// A value, or that there was none and why, without the words: they quote what was read.
fn kind(of: &Result<Json, Failure>) -> Result<&Json, std::mem::Discriminant<Failure>> {
    of.as_ref().map_err(std::mem::discriminant)
}

/// What the crate gives; nothing where it panics, which is its own affair.
fn theirs_unless_it_panics(source: &str) -> Option<Result<Json, String>> {
    let ends_here = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let given = panic::catch_unwind(|| theirs(source, &DATA));
    panic::set_hook(ends_here);
    given.ok()
}
