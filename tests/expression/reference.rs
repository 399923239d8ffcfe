//! Runs what the language reference says: every line of its `cel` boxes is true.

use bumpalo::Bump;
use cel::Value;
use cel::{Bindings, Machine, compile};
use engine::functions::environment;

/// The lines of the `cel` boxes, with their numbers.
fn examples(reference: &str) -> Vec<(usize, &str)> {
    let mut within = false;
    let mut examples = Vec::new();
    for (place, line) in reference.lines().enumerate() {
        if line.starts_with("```") {
            within = line == "```cel";
        } else if within {
            examples.push((place + 1, line));
        }
    }
    examples
}

/// Why an example is not true.
fn problem(example: &str) -> Option<String> {
    let program = match compile(example, &environment()) {
        Ok(program) => program,
        Err(mistakes) => return mistakes.first().map(|mistake| mistake.render(example)),
    };
    let arena = Bump::new();
    match program.run(&Bindings { values: &[] }, &mut Machine::new(), &arena) {
        Ok(Value::Bool(true)) => None,
        Ok(other) => Some(format!("gives {other:?}")),
        Err(failure) => Some(format!("fails: {failure}")),
    }
}

#[test]
fn every_example_of_the_language_reference_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/expressions.md");
    let reference = std::fs::read_to_string(path).unwrap();
    let examples = examples(&reference);
    assert!(examples.len() > 50, "{} examples", examples.len());
    let wrong: Vec<_> = examples
        .into_iter()
        .filter_map(|(line, example)| {
            problem(example).map(|problem| format!("line {line}: {example}\n  {problem}"))
        })
        .collect();
    assert!(wrong.is_empty(), "docs/expressions.md\n{}", wrong.join("\n"));
}
