//! Evaluates an expression over a JSON document, which it names `document`:
//! `cargo run -p plumbline-cel --example check -- 'document.ports.exists(p, p == 22)' '{"ports": [22]}'`.

use std::process::ExitCode;

use bumpalo::Bump;
use cel::{Bindings, Environment, Machine, VariableType, compile, from_json, to_json};

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(source), Some(text)) = (arguments.next(), arguments.next()) else {
        return reported("usage: check EXPRESSION JSON");
    };
    let json = match serde_json::from_str(&text) {
        Ok(json) => json,
        Err(error) => return reported(&format!("the document is not JSON: {error}")),
    };
    let environment = Environment::new().variable("document", VariableType::Document);
    let program = match compile(&source, &environment) {
        Ok(program) => program,
        Err(mistakes) => {
            let lines: Vec<_> = mistakes.iter().map(|mistake| mistake.render(&source)).collect();
            return reported(&lines.join("\n"));
        }
    };
    let arena = Bump::new();
    let bindings = Bindings { values: &[Some(from_json(&json, &arena))] };
    match program.run(&bindings, &mut Machine::new(), &arena) {
        Ok(value) => {
            #[allow(clippy::print_stdout)] // what the example is for
            {
                println!("{}", to_json(&value));
            }
            ExitCode::SUCCESS
        }
        Err(failure) => reported(&failure.to_string()),
    }
}

fn reported(message: &str) -> ExitCode {
    #[allow(clippy::print_stderr)] // what the example is for
    {
        eprintln!("{message}");
    }
    ExitCode::FAILURE
}
