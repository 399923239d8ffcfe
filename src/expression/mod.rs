//! The expression language: CEL, compiled before it runs and bounded when it runs.
//!
//! [`compile`] refuses what cannot work on any data that its [`Environment`] describes, with the
//! position of every mistake. What it accepts, [`Program::run`] runs in bounded time, memory and
//! stack over values of an arena, whatever the expression and the data.
//!
//! ```
//! use bumpalo::Bump;
//! use plumbline::expression::{Bindings, Environment, Machine, VariableType, compile, from_json};
//! use plumbline::resource::Value;
//!
//! let environment = Environment::new().variable("resource", VariableType::Resource);
//! let program = compile("resource.configuration.status == 'Enabled'", &environment).unwrap();
//! let arena = Bump::new();
//! let json = serde_json::json!({"configuration": {"status": "Enabled"}});
//! let bindings = Bindings { values: &[Some(from_json(&json, &arena))] };
//! let value = program.run(&bindings, &mut Machine::new(), &arena);
//! assert!(matches!(value, Ok(Value::Bool(true))));
//! ```
//!
//! A source becomes tokens (`lexer`), a tree (`parser`, `syntax`), types (`checker`), what it
//! reads (`reads`) and operations (`compiler`, `program`), which the `machine` runs; `functions`
//! has every named function.

mod arithmetic;
mod checker;
mod compiler;
mod constant;
#[cfg(test)]
pub(crate) mod corruption;
mod environment;
mod functions;
mod json;
mod keys;
mod lexer;
mod literal;
mod machine;
mod mistake;
mod parser;
mod pattern;
mod program;
mod reads;
mod registry;
mod signature;
mod syntax;
mod time;
mod types;
mod value_ops;

use std::sync::Arc;

pub use environment::{Environment, VariableType};
pub use json::{from_json, to_json};
pub use machine::Machine;
pub use mistake::Mistake;
pub use program::{Bindings, Program};
pub use reads::ReadPath;
pub use signature::Failure;
pub use time::{format_timestamp, parse_timestamp};
pub use types::ResultType;

/// The longest source that is compiled.
pub const MAX_SOURCE_BYTES: usize = 16 * 1024;

/// Compiles an expression.
///
/// # Errors
/// The first mistake in its grammar, or else all mistakes in its names, types and literals.
pub fn compile(source: &str, environment: &Environment) -> Result<Program, Vec<Mistake>> {
    if source.len() > MAX_SOURCE_BYTES {
        let message = format!("longer than {MAX_SOURCE_BYTES} bytes");
        return Err(vec![Mistake::new(message, mistake::Span::new(0, 0))]);
    }
    let tree = parser::parse(source, environment).map_err(|mistake| vec![mistake])?;
    let checked = checker::check(&tree, environment)?;
    let code = compiler::compile(source, &tree, checked, environment);
    Ok(Program(Arc::new(code.map_err(|mistake| vec![mistake])?)))
}
