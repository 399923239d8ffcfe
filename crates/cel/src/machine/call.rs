//! Calls functions.

use super::run::{Run, UNDERFLOW};
use crate::Value;
use crate::signature::{Call, Failure, Overload};
use crate::value_ops::type_name;

impl Run<'_, '_> {
    pub(super) fn call(&mut self, call: u32) -> Result<(), Failure> {
        let call = self.code.calls.get(call as usize);
        let call = call.ok_or(Failure::Internal("a call is missing"))?;
        let first = self.first_of(call.arguments)?;
        let arguments = self.stack.get(first..).ok_or(UNDERFLOW)?;
        let takes = |overload: &&&Overload| {
            overload.parameters.iter().zip(arguments).all(|(kind, value)| kind.accepts(value))
        };
        let Some(overload) = call.site.overloads.iter().find(takes) else {
            return Err(no_overload(&call.name, arguments));
        };
        let kept;
        let pattern = match (overload.pattern, &call.site.pattern) {
            (None, _) => None,
            (Some(_), Some(pattern)) => Some(pattern.as_ref()),
            (Some(place), None) => {
                let text = arguments.get(place).and_then(Value::as_str);
                let text = text.ok_or(Failure::Internal("a pattern is not a string"))?;
                kept = self.machine.patterns.get(text, &mut self.fuel)?;
                Some(kept.as_ref())
            }
        };
        let mut context = Call { arena: self.arena, fuel: &mut self.fuel, pattern };
        let value = (overload.call)(&mut context, arguments)?;
        self.stack.truncate(first);
        self.stack.push(value);
        Ok(())
    }
}

#[cold]
fn no_overload(name: &str, arguments: &[Value<'_>]) -> Failure {
    let given: Vec<&str> = arguments.iter().map(type_name).collect();
    Failure::WrongType(format!("`{name}` does not take ({})", given.join(", ")).into())
}
