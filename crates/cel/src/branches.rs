//! Which branches of an expression were taken, over all runs of a program.
//!
//! A program that is compiled for coverage has a probe at each place where the expression may turn:
//! the operands of `&&` and `||`, the condition of a ternary, the condition of a macro, what a macro
//! goes over, and an optional that has a substitute. Each has two outcomes. Other programs have no
//! probe, so they pay nothing for it.

use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};

use super::constant::Constant;
use super::environment::Environment;
use super::mistake::{Mistake, Span};
use super::program::Program;
use super::syntax::{Form, Node, NodeKind};
use crate::Value;

/// An outcome at a place of an expression, and whether a run had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The operand, in bytes of the source.
    pub span: Range<usize>,
    /// What the operand is in this branch, such as `true` or `empty`.
    pub outcome: &'static str,
    /// Whether it was so in any run.
    pub taken: bool,
}

/// What a program is for, which decides which branches count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It decides: every branch counts, and so does what it gives.
    Decision,
    /// It gives a text or a key: what it goes over need not be empty, because it often runs only
    /// where there is something to say.
    Text,
}

/// A place where an expression may turn.
#[derive(Debug)]
pub(super) struct Probe {
    span: Span,
    kind: ProbeKind,
    /// Bit 0: the first outcome was seen, bit 1: the second.
    seen: AtomicU8,
}

/// What is distinguished at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProbeKind {
    /// `true` or `false`.
    Condition,
    /// With elements or without.
    Range,
    /// An optional with a value or without.
    Presence,
    /// `text.startsWith("")`, which asks only that there is a text: true, or it fails.
    Guard,
}

impl ProbeKind {
    const fn outcomes(self) -> &'static [&'static str] {
        match self {
            Self::Condition => &["true", "false"],
            Self::Range => &["non-empty", "empty"],
            Self::Presence => &["present", "absent"],
            Self::Guard => &["true"],
        }
    }

    /// Which outcome a value is; neither where it is of another type, which fails right after.
    fn outcome(self, value: &Value<'_>) -> Option<bool> {
        match (self, value) {
            (Self::Condition | Self::Guard, Value::Bool(bool)) => Some(*bool),
            (Self::Range, Value::List(elements)) => Some(!elements.is_empty()),
            (Self::Range, Value::Map(entries)) => Some(!entries.is_empty()),
            (Self::Presence, Value::Optional(optional)) => Some(optional.is_some()),
            _ => None,
        }
    }
}

impl Probe {
    pub(super) fn new(span: Span, kind: ProbeKind) -> Self {
        Self { span, kind, seen: AtomicU8::new(0) }
    }

    /// Notes which branch is taken with this value.
    pub(super) fn note(&self, value: &Value<'_>) {
        if let Some(first) = self.kind.outcome(value) {
            self.seen.fetch_or(if first { 1 } else { 2 }, Ordering::Relaxed);
        }
    }

    fn branches(&self) -> impl Iterator<Item = Branch> {
        let seen = self.seen.load(Ordering::Relaxed);
        let outcomes = self.kind.outcomes().iter().zip([1, 2]);
        outcomes.map(move |(outcome, bit)| Branch {
            span: self.span.into(),
            outcome,
            taken: seen & bit != 0,
        })
    }
}

/// What the node at this place turns on, and the operand before it that decides.
pub(super) fn turns_on(nodes: &[Node], at: usize, purpose: Purpose) -> Option<(ProbeKind, Span)> {
    let kind = match &nodes.get(at)?.kind {
        NodeKind::BetweenLogic(_) | NodeKind::Logic(_) | NodeKind::Then | NodeKind::Keep => {
            ProbeKind::Condition
        }
        NodeKind::Leave(of) if decides(of.form) => ProbeKind::Condition,
        NodeKind::Enter(_) if purpose == Purpose::Decision => ProbeKind::Range,
        NodeKind::EnterOptional(_) | NodeKind::BetweenOrElse { .. } => ProbeKind::Presence,
        _ => return None,
    };
    gives(nodes, at.checked_sub(1)?, kind)
}

/// What the node that ends at this place gives, where that is not known without running it: what
/// `&&` and `||` give follows from their operands, and what is written out has the elements it has.
pub(super) fn gives(nodes: &[Node], at: usize, kind: ProbeKind) -> Option<(ProbeKind, Span)> {
    let operand = nodes.get(at)?;
    let kind = match (kind, &operand.kind) {
        (ProbeKind::Condition, NodeKind::Logic(_))
        | (ProbeKind::Range, NodeKind::List(_) | NodeKind::Map(_)) => return None,
        (ProbeKind::Condition, NodeKind::Call { name, .. })
            if name.as_ref() == "startsWith" && is_empty_text(nodes, at.checked_sub(1)?) =>
        {
            ProbeKind::Guard
        }
        _ => kind,
    };
    Some((kind, operand.span))
}

fn is_empty_text(nodes: &[Node], at: usize) -> bool {
    let literal = nodes.get(at).map(|node| &node.kind);
    matches!(literal, Some(NodeKind::Constant(Constant::String(text))) if text.is_empty())
}

const fn decides(form: Form) -> bool {
    matches!(form, Form::All | Form::Exists | Form::ExistsOne | Form::Filter)
}

/// Compiles an expression with a probe at each place where it may turn.
///
/// ```
/// use bumpalo::Bump;
/// use cel::{Bindings, Environment, Machine, Purpose, VariableType};
/// use cel::{compile_for_coverage, from_json};
/// let environment = Environment::new().variable("n", VariableType::Int);
/// let program = compile_for_coverage("n > 1 && n < 9", &environment, Purpose::Decision).unwrap();
/// let (arena, mut machine) = (Bump::new(), Machine::new());
/// let bindings = Bindings { values: &[Some(from_json(&serde_json::json!(5), &arena))] };
/// program.run(&bindings, &mut machine, &arena).unwrap();
/// let taken: Vec<bool> = program.branches().map(|branch| branch.taken).collect();
/// assert_eq!(taken, [true, false, true, false]); // neither operand was false
/// ```
///
/// # Errors
/// See [`compile`](super::compile).
pub fn compile_for_coverage(
    source: &str,
    environment: &Environment,
    purpose: Purpose,
) -> Result<Program, Vec<Mistake>> {
    let tree = super::parse(source, environment)?;
    super::compile_as(source, &tree, environment, Some(purpose))
}

impl Program {
    /// The branches of the expression in the order of the source, and whether a run of this program
    /// or of a clone took them. None of a program that was not compiled for coverage.
    pub fn branches(&self) -> impl Iterator<Item = Branch> {
        self.0.probes.iter().flat_map(Probe::branches)
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{Bindings, Machine, VariableType, from_json};

    /// The branches that no run over these values of `x` takes.
    fn missed(source: &str, purpose: Purpose, values: &[Json]) -> Vec<String> {
        let environment = Environment::new().variable("x", VariableType::Any);
        let program = compile_for_coverage(source, &environment, purpose).unwrap();
        for value in values {
            let arena = Bump::new();
            let bindings = Bindings { values: &[Some(from_json(value, &arena))] };
            _ = program.run(&bindings, &mut Machine::new(), &arena);
        }
        let missed = program.branches().filter(|branch| !branch.taken);
        missed.map(|branch| format!("{} {}", &source[branch.span], branch.outcome)).collect()
    }

    #[test]
    fn each_operand_of_a_chain_is_seen_both_ways_or_reported() {
        let source = "x.a == 1 && (x.b == 2 || x.c == 3)";
        let values = [json!({"a": 1, "b": 2}), json!({"a": 0})];
        let expected = ["x.b == 2 false", "x.c == 3 true", "x.c == 3 false"];
        assert_eq!(missed(source, Purpose::Decision, &values), expected);
    }

    #[test]
    fn an_operand_that_fails_counts_as_neither() {
        let values = [json!({"b": true})];
        let expected = ["x.a true", "x.a false", "x.b false"];
        assert_eq!(missed("x.a || x.b", Purpose::Decision, &values), expected);
    }

    #[test]
    #[cfg_attr(miri, ignore = "too long for an interpreter")]
    fn conditions_ranges_and_optionals_are_seen_both_ways_or_reported() {
        let source = "x.?l.orValue([]).filter(y, y > 1).size() > 0 ? true : x.?f.orValue(false)";
        let expected = ["y > 1 false", "x.?f present"];
        let values = [json!({"l": [2]}), json!({})];
        assert_eq!(missed(source, Purpose::Decision, &values), expected);
        let (source, values) = ("x.map(y, y + 1).size() > 0", [json!([2]), json!("no list")]);
        assert_eq!(
            missed(source, Purpose::Decision, &values),
            ["x empty", &format!("{source} false")]
        );
        assert!(missed(source, Purpose::Text, &values).is_empty());
    }

    #[test]
    fn a_guard_is_never_expected_to_be_false() {
        let source = r#"x.n.startsWith("") && x.m.startsWith("m")"#;
        let expected = [r#"x.m.startsWith("m") false"#];
        let values = [json!({"n": "", "m": "m"})];
        assert_eq!(missed(source, Purpose::Decision, &values), expected);
    }

    #[test]
    fn what_is_the_same_at_every_run_has_no_branches() {
        for source in ["true && x", "1 == 1 ? x : x", "[1, 2].exists(y, y == x)"] {
            let missed = missed(source, Purpose::Text, &[]);
            let of_constants = |branch: &&String| branch.starts_with(['t', '1', '[']);
            assert_eq!(missed.iter().find(of_constants), None, "{source}");
        }
    }

    #[test]
    fn a_program_for_coverage_gives_what_the_other_gives() {
        let environment = Environment::new().variable("x", VariableType::Any);
        let source = "x.exists(y, y > 1 && y < 9) ? [x.size()].map(z, z * 2) : [0]";
        let plain = crate::compile(source, &environment).unwrap();
        let probed = compile_for_coverage(source, &environment, Purpose::Decision).unwrap();
        assert_eq!(plain.branches().count(), 0);
        for value in [json!([]), json!([0, 5]), json!([9]), json!("no list")] {
            let arena = Bump::new();
            let bindings = Bindings { values: &[Some(from_json(&value, &arena))] };
            let run = |program: &Program| {
                let result = program.run(&bindings, &mut Machine::new(), &arena);
                format!("{result:?}")
            };
            assert_eq!(run(&plain), run(&probed));
        }
    }
}
