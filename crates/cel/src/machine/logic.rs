//! `&&`, `||` and `?:`, whose operands may decide alone or have failed.

use super::run::{Run, UNDERFLOW, wrong_type};
use crate::Value;
use crate::signature::Failure;
use crate::syntax::Logic;

impl Run<'_, '_> {
    pub(super) fn short_circuit(&mut self, logic: Logic, target: u32) -> Result<(), Failure> {
        match self.stack.last() {
            Some(Value::Bool(bool)) => {
                if *bool == logic.decisive() {
                    self.jump(target);
                }
                Ok(())
            }
            Some(other) => Err(no_boolean(logic, other)),
            None => Err(UNDERFLOW),
        }
    }

    pub(super) fn branch(&mut self, target: u32) -> Result<(), Failure> {
        match self.pop()? {
            Value::Bool(true) => {}
            Value::Bool(false) => self.jump(target),
            other => return Err(wrong_type("`?`", "bool", &other)),
        }
        Ok(())
    }

    /// Joins two operands, of which either may have failed.
    pub(super) fn logic(&mut self, logic: Logic) -> Result<(), Failure> {
        let right = self.operand(logic)?;
        let left = self.operand(logic)?;
        let value = match (left, right) {
            (Ok(decisive), _) | (_, Ok(decisive)) if decisive == logic.decisive() => decisive,
            (Ok(_), Ok(_)) => !logic.decisive(),
            (Err(failure), _) | (_, Err(failure)) => return Err(failure),
        };
        self.stack.push(Value::Bool(value));
        Ok(())
    }

    /// The operand given last, or the failure that stands for it.
    fn operand(&mut self, logic: Logic) -> Result<Result<bool, Failure>, Failure> {
        let value = self.pop()?;
        let place = self.stack.len();
        if let Some(fault) = self.machine.faults.pop_if(|fault| fault.place == place) {
            return Ok(Err(fault.failure));
        }
        Ok(match value {
            Value::Bool(bool) => Ok(bool),
            other => Err(no_boolean(logic, &other)),
        })
    }
}

#[cold]
fn no_boolean(logic: Logic, found: &Value<'_>) -> Failure {
    wrong_type(&format!("`{}`", logic.symbol()), "bool", found)
}
