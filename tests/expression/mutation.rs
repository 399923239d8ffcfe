//! Whatever is written is refused with a position or runs: valid sources with a few mistakes.

use std::cell::Cell;

use bumpalo::Bump;
use cel::{Bindings, Environment, Machine, VariableType, compile, from_json};
use proptest::prelude::*;

use crate::generate::{Generator, VARIABLES};

/// What mistakes are made of.
const WORDS: [&str; 71] = [
    "",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "?",
    ":",
    ".",
    ",",
    " + ",
    " - ",
    "-",
    " * ",
    " / ",
    " % ",
    "!",
    " < ",
    " == ",
    " != ",
    " && ",
    " || ",
    " in ",
    "v",
    "n",
    "l",
    "0",
    "1",
    "1u",
    "1.5",
    "'a'",
    "b'a'",
    "true",
    "null",
    "[1]",
    "{'a': 1}",
    ".a",
    ".?a",
    "[?0]",
    "[0]",
    "['a']",
    ".all(x, x)",
    ".all(x, true)",
    ".exists(x, y, x == y)",
    ".exists_one(x, true)",
    ".map(x, x)",
    ".map(x, true, x)",
    ".filter(x, x)",
    ".transformMap(x, y, y)",
    ".transformMapEntry(x, y, {x: y})",
    ".optMap(x, x)",
    ".optFlatMap(x, x)",
    ".orValue(v)",
    ".or(v)",
    "has(v.a)",
    "cel.bind(x, v, x)",
    "optional.of(1)",
    "optional.none()",
    ".size()",
    "timestamp(0)",
    "duration('1s')",
    ".matches('a')",
    ".format([v])",
    "? v :",
    "[?v]",
    "r'",
    "`a b`",
    "//",
    "😀",
    "\\",
];

/// Puts a word into the source in place of some characters.
fn mutate(source: &str, at: u16, length: u16, word: &str) -> String {
    let count = source.chars().count() + 1;
    let at = usize::from(at) % count;
    let before = source.chars().take(at);
    let after = source.chars().skip(at + usize::from(length % 4));
    before.chain(word.chars()).chain(after).collect()
}

#[test]
fn whatever_is_written_is_refused_or_runs() {
    let compiled = Cell::new(0);
    let edit = (any::<u16>(), any::<u16>(), prop::sample::select(WORDS.to_vec()));
    let inputs = (prop::collection::vec(any::<u16>(), 0..60), prop::collection::vec(edit, 1..3));
    let outcome = crate::runner(10_000).run(&inputs, |(choices, edits)| {
        let mut generator = Generator::new(&choices, true);
        let data = generator.data();
        let source =
            edits.into_iter().fold(generator.expression(3), |source, (at, length, word)| {
                mutate(&source, at, length, word)
            });
        let declare =
            |environment: Environment, name: &&str| environment.variable(name, VariableType::Any);
        let environment = VARIABLES.iter().fold(Environment::new(), declare);
        match compile(&source, &environment) {
            Ok(program) => {
                compiled.set(compiled.get() + 1);
                let arena = Bump::new();
                let values: Vec<_> =
                    data.iter().map(|json| Some(from_json(json, &arena))).collect();
                let bindings = Bindings { values: &values };
                let _ = program.run(&bindings, &mut Machine::new(), &arena);
            }
            Err(mistakes) => {
                prop_assert!(!mistakes.is_empty());
                for mistake in mistakes {
                    prop_assert!(source.get(mistake.span.clone()).is_some(), "{source}");
                    prop_assert!(mistake.render(&source).contains('^'), "{source}");
                }
            }
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(compiled.get() > 200, "only {} sources compiled", compiled.get());
}
