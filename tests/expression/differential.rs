//! Generated expressions give the same value here and in the `cel` crate, or fail in both.

use std::cell::Cell;

use proptest::prelude::*;

use crate::agreement::{agree, ours, theirs};
use crate::generate::Generator;

#[test]
fn generated_expressions_give_what_the_cel_crate_gives() {
    let gave = Cell::new(0);
    let choices = prop::collection::vec(any::<u16>(), 0..120);
    let outcome = crate::runner(3000).run(&choices, |choices| {
        let mut generator = Generator::new(&choices, false);
        let data = generator.data();
        let source = generator.expression(5);
        let (ours, theirs) = (ours(&source, &data), theirs(&source, &data));
        gave.set(gave.get() + i32::from(ours.is_ok()));
        let context = format!("{source}\n{data:?}\nours: {ours:?}\ntheirs: {theirs:?}");
        prop_assert!(agree(&source, &data, &ours, &theirs), "{}", context);
        Ok(())
    });
    outcome.unwrap();
    assert!(gave.get() > 1000, "only {} expressions gave a value", gave.get());
}
