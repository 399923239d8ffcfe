//! A function of one's own: `words(text)`, which charges for what it reads before it reads it.

use bumpalo::Bump;
use cel::extension::{Call, Failure, Kind, Library, Outcome, Overload, Returns};
use cel::{Bindings, Environment, Machine, Value, VariableType, compile};

static TEXTS: Library =
    &[Overload::global("words", &[Kind::String], Returns::ListOf(Kind::String), words)];

fn words<'a>(call: &mut Call<'_, 'a>, arguments: &[Value<'a>]) -> Outcome<'a> {
    let [Value::String(text)] = arguments else {
        return Err(Failure::no_overload("words", arguments));
    };
    call.fuel.charge_bytes(text.len())?;
    let found: Vec<_> = text.split_whitespace().map(Value::String).collect();
    call.fuel.charge_values(found.len())?;
    Ok(Value::List(call.arena.alloc_slice_copy(&found)))
}

fn main() {
    let environment = Environment::new().library(TEXTS).variable("title", VariableType::String);
    let arena = Bump::new();
    for source in ["words(title).size() == 3", "words(titel)"] {
        let reported = match compile(source, &environment) {
            Ok(program) => {
                let bindings = Bindings { values: &[Some(Value::String("plain modern English"))] };
                format!("{:?}", program.run(&bindings, &mut Machine::new(), &arena))
            }
            Err(mistakes) => mistakes.iter().map(|mistake| mistake.render(source)).collect(),
        };
        #[allow(clippy::print_stdout)] // what the example is for
        {
            println!("{source}\n  {reported}");
        }
    }
}
