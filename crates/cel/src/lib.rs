//! CEL, the Common Expression Language, compiled before it runs and bounded when it runs.
//!
//! [`compile`] refuses what cannot work on any data that its [`Environment`] describes, with the
//! position of every mistake. What it accepts, [`Program::run`] runs in bounded time, memory and
//! stack over values of an arena, whatever the expression and the data.
//!
//! ```
//! use bumpalo::Bump;
//! use cel::{Bindings, Environment, Machine, Value, VariableType, compile, from_json};
//!
//! let environment = Environment::new().variable("bucket", VariableType::Document);
//! let program = compile("bucket.status == 'Enabled'", &environment).unwrap();
//! let arena = Bump::new();
//! let json = serde_json::json!({"status": "Enabled"});
//! let bindings = Bindings { values: &[Some(from_json(&json, &arena))] };
//! let value = program.run(&bindings, &mut Machine::new(), &arena);
//! assert!(matches!(value, Ok(Value::Bool(true))));
//! ```
//!
//! A source becomes tokens (`lexer`), a tree (`parser`, `syntax`), types (`checker`), what it
//! reads (`reads`) and operations (`compiler`, `program`), which the `machine` runs; `functions`
//! has every named function, and [`extension`] says how to add more.

#![cfg_attr(test, allow(clippy::disallowed_methods))] // tests read their cases from files

mod arithmetic;
mod branches;
mod checker;
mod compiler;
mod constant;
#[cfg(any(test, feature = "test-support"))]
#[doc(hidden)]
pub mod corruption;
mod environment;
mod functions;
mod json;
mod keys;
mod lexer;
mod literal;
mod machine;
mod mistake;
mod mutation;
mod parser;
mod pattern;
mod program;
mod projection;
mod reads;
mod registry;
mod signature;
mod syntax;
#[cfg(any(test, feature = "test-support"))]
#[doc(hidden)]
pub mod testing;
mod time;
mod types;
mod value;
mod value_ops;

use std::sync::Arc;

pub use branches::{Branch, Purpose, compile_for_coverage};
pub use environment::{Environment, VariableType};
pub use json::{from_json, to_json};
pub use machine::Machine;
pub use mistake::{Mistake, position};
pub use mutation::{Mutation, mutants};
pub use pattern::text_pattern;
pub use program::{Bindings, Program};
pub use projection::{Projection, Step};
pub use reads::ReadPath;
pub use signature::{Failure, Kind};
pub use time::{format_timestamp, parse_timestamp};
pub use value::{Duration, Timestamp, TypeName, Value};

/// Functions of your own: how they are declared, and what they are given.
///
/// ```
/// use bumpalo::Bump;
/// use cel::extension::{Call, Failure, Kind, Library, Outcome, Overload, Returns};
/// use cel::{Bindings, Environment, Machine, Value, compile};
///
/// fn twice<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
///     let [Value::Int(number)] = arguments else {
///         return Err(Failure::no_overload("twice", arguments));
///     };
///     call.fuel.charge(1)?;
///     number.checked_mul(2).map(Value::Int).ok_or(Failure::Overflow("twice"))
/// }
///
/// static TWICE: Library =
///     &[Overload::global("twice", &[Kind::Int], Returns::A(Kind::Int), twice)];
///
/// let program = compile("twice(21)", &Environment::new().library(TWICE)).unwrap();
/// let (mut machine, arena) = (Machine::new(), Bump::new());
/// let value = program.run(&Bindings { values: &[] }, &mut machine, &arena);
/// assert!(matches!(value, Ok(Value::Int(42))));
/// ```
pub mod extension {
    pub use crate::pattern::Pattern;
    pub use crate::signature::{
        Call, Failure, Fuel, Implementation, Kind, Library, Outcome, Overload, Returns, Style,
        quoted,
    };
}

/// The longest source that is compiled.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024;

/// Compiles an expression.
///
/// # Errors
/// The first mistake in its grammar, or else all mistakes in its names, types and literals.
pub fn compile(source: &str, environment: &Environment) -> Result<Program, Vec<Mistake>> {
    let tree = parse(source, environment)?;
    compile_as(source, &tree, environment, None)
}

fn parse(source: &str, environment: &Environment) -> Result<syntax::Tree, Vec<Mistake>> {
    if source.len() > MAX_SOURCE_BYTES {
        let message = format!("longer than {MAX_SOURCE_BYTES} bytes");
        return Err(vec![Mistake::new(message, mistake::Span::new(0, 0))]);
    }
    parser::parse(source, environment).map_err(|mistake| vec![mistake])
}

/// The program of a tree, with probes where its branches are to be counted.
fn compile_as(
    source: &str,
    tree: &syntax::Tree,
    environment: &Environment,
    coverage: Option<Purpose>,
) -> Result<Program, Vec<Mistake>> {
    let checked = checker::check(tree, environment)?;
    let code = compiler::compile(source, tree, checked, environment, coverage);
    Ok(Program(Arc::new(code.map_err(|mistake| vec![mistake])?)))
}
