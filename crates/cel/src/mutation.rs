//! Expressions with one operator or literal changed, to see whether any test notices.

use std::ops::Range;

use super::constant::Constant;
use super::environment::Environment;
use super::mistake::Mistake;
use super::program::Program;
use super::syntax::{Binary, Form, Logic, Loop, Node, NodeKind, Tree};

/// A change of one operator or literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mutation {
    /// The operator or literal, in bytes of the source.
    pub span: Range<usize>,
    /// What stands there.
    pub from: String,
    /// What stands there instead; empty where it is left out.
    pub to: String,
}

/// The mutations of an expression that still compile, in the order of the source, each with the
/// program that it makes. A literal becomes a neighbour of itself, an operator another one that
/// takes the same operands.
///
/// ```
/// use cel::{Environment, VariableType, mutants};
/// let environment = Environment::new().variable("days", VariableType::Int);
/// let mutants = mutants("days >= 30", &environment).unwrap();
/// let changes: Vec<_> = mutants.iter().map(|(it, _)| (it.from.as_str(), it.to.as_str())).collect();
/// assert_eq!(changes, [(">=", ">"), (">=", "<"), ("30", "31"), ("30", "29")]);
/// ```
///
/// # Errors
/// See [`compile`](super::compile).
pub fn mutants(
    source: &str,
    environment: &Environment,
) -> Result<Vec<(Mutation, Program)>, Vec<Mistake>> {
    let tree = super::parse(source, environment)?;
    let mut mutants = Vec::new();
    for (at, node) in tree.nodes.iter().enumerate() {
        for change in changes(node) {
            // What does not compile any more cannot be missed by a test.
            if let Some(changed) = change.apply(&tree, at)
                && let Ok(program) = super::compile_as(source, &changed, environment, None)
            {
                mutants.push((change.described(node, source), program));
            }
        }
    }
    mutants.sort_by_key(|(mutation, _)| mutation.span.start);
    Ok(mutants)
}

/// A way to change a node.
enum Change {
    Literal(Constant),
    Operator(Binary),
    Logic(Logic),
    Loop(Form),
    /// Turns the result, or the condition, round.
    Negated,
    /// Leaves out `!` or `-`.
    LeftOut,
}

fn changes(node: &Node) -> Vec<Change> {
    match &node.kind {
        NodeKind::Constant(constant) => neighbours(constant).map(Change::Literal).collect(),
        NodeKind::Binary(Binary::In) | NodeKind::Then => vec![Change::Negated],
        NodeKind::Binary(operator) => others(*operator).map(Change::Operator).collect(),
        NodeKind::Logic(Logic::And) => vec![Change::Logic(Logic::Or)],
        NodeKind::Logic(Logic::Or) => vec![Change::Logic(Logic::And)],
        NodeKind::Not | NodeKind::Negate => vec![Change::LeftOut],
        NodeKind::Leave(Loop { form, .. }) => match form {
            Form::Exists => vec![Change::Loop(Form::All)],
            Form::All | Form::ExistsOne => vec![Change::Loop(Form::Exists)],
            Form::Filter | Form::List | Form::Map | Form::Entries | Form::Sorted => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn neighbours(constant: &Constant) -> impl Iterator<Item = Constant> {
    let [first, second] = match constant {
        Constant::Bool(bool) => [Some(Constant::Bool(!bool)), None],
        Constant::Int(int) => {
            [int.checked_add(1), int.checked_sub(1)].map(|it| it.map(Constant::Int))
        }
        Constant::UInt(uint) => {
            [uint.checked_add(1), uint.checked_sub(1)].map(|it| it.map(Constant::UInt))
        }
        Constant::Double(double) => [Some(Constant::Double(double + 1.0)), None],
        Constant::String(text) => [Some(Constant::String(format!("~{text}").into())), None],
        Constant::Bytes(bytes) => [Some(Constant::Bytes([b"~", &**bytes].concat().into())), None],
        Constant::Null | Constant::Timestamp(_) | Constant::Duration(_) | Constant::Type(_) => {
            [None, None]
        }
    };
    first.into_iter().chain(second)
}

fn others(operator: Binary) -> impl Iterator<Item = Binary> {
    let [first, second] = match operator {
        Binary::Add => [Some(Binary::Subtract), None],
        Binary::Subtract | Binary::Modulo => [Some(Binary::Add), None],
        Binary::Multiply => [Some(Binary::Divide), None],
        Binary::Divide => [Some(Binary::Multiply), None],
        Binary::Equal => [Some(Binary::NotEqual), None],
        Binary::NotEqual => [Some(Binary::Equal), None],
        Binary::Less => [Some(Binary::LessOrEqual), Some(Binary::GreaterOrEqual)],
        Binary::LessOrEqual => [Some(Binary::Less), Some(Binary::Greater)],
        Binary::Greater => [Some(Binary::GreaterOrEqual), Some(Binary::LessOrEqual)],
        Binary::GreaterOrEqual => [Some(Binary::Greater), Some(Binary::Less)],
        Binary::In => [None, None],
    };
    first.into_iter().chain(second)
}

impl Change {
    /// The tree with the node at this place changed; nothing where the tree is not as the parser
    /// makes them.
    fn apply(&self, tree: &Tree, at: usize) -> Option<Tree> {
        let mut tree = tree.clone();
        match self {
            Self::Literal(constant) => {
                tree.nodes.get_mut(at)?.kind = NodeKind::Constant(constant.clone());
            }
            Self::Operator(operator) => tree.nodes.get_mut(at)?.kind = NodeKind::Binary(*operator),
            Self::Logic(logic) => {
                let between = opening(&tree.nodes, at)?;
                tree.nodes.get_mut(between)?.kind = NodeKind::BetweenLogic(*logic);
                tree.nodes.get_mut(at)?.kind = NodeKind::Logic(*logic);
            }
            Self::Loop(form) => {
                let enter = opening(&tree.nodes, at)?;
                for at in [enter, at] {
                    match &mut tree.nodes.get_mut(at)?.kind {
                        NodeKind::Enter(of) | NodeKind::Leave(of) => of.form = *form,
                        _ => return None,
                    }
                }
            }
            Self::Negated => {
                let node = tree.nodes.get(at)?;
                // Before the branches of a ternary, behind an operator.
                let place = if matches!(node.kind, NodeKind::Then) { at } else { at + 1 };
                let not = Node { kind: NodeKind::Not, span: node.span, mark: node.mark };
                tree.nodes.insert(place, not);
            }
            Self::LeftOut => _ = tree.nodes.remove(at),
        }
        Some(tree)
    }

    fn described(&self, node: &Node, source: &str) -> Mutation {
        let span: Range<usize> = node.mark.into();
        let from = source.get(span.clone()).unwrap_or_default().to_owned();
        let to = match self {
            Self::Literal(constant) => literal(constant),
            Self::Operator(operator) => operator.symbol().to_owned(),
            Self::Logic(logic) => logic.symbol().to_owned(),
            Self::Loop(Form::All) => "all".to_owned(),
            Self::Loop(_) => "exists".to_owned(),
            Self::Negated => format!("not {from}"),
            Self::LeftOut => String::new(),
        };
        Mutation { span, from, to }
    }
}

/// Where the construct begins that ends at this node.
fn opening(nodes: &[Node], end: usize) -> Option<usize> {
    let mut open = 0_usize;
    for (at, node) in nodes.iter().enumerate().take(end + 1).rev() {
        match node.kind {
            NodeKind::Logic(_) | NodeKind::Leave(_) => open += 1,
            NodeKind::BetweenLogic(_) | NodeKind::Enter(_) => {
                open = open.checked_sub(1)?;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn literal(constant: &Constant) -> String {
    match constant {
        Constant::Bool(bool) => bool.to_string(),
        Constant::Int(int) => int.to_string(),
        Constant::UInt(uint) => format!("{uint}u"),
        Constant::Double(double) => format!("{double:?}"),
        Constant::String(text) => format!("{text:?}"),
        Constant::Bytes(bytes) => format!("b{:?}", String::from_utf8_lossy(bytes)),
        Constant::Null | Constant::Timestamp(_) | Constant::Duration(_) | Constant::Type(_) => {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::VariableType;

    fn changes_of(source: &str) -> Vec<String> {
        let environment = Environment::new().variable("x", VariableType::Any);
        let mutants = mutants(source, &environment).unwrap();
        let shown =
            |(it, _): &(Mutation, Program)| format!("{}: {} -> {}", it.span.start, it.from, it.to);
        mutants.iter().map(shown).collect()
    }

    #[test]
    fn every_operator_and_literal_is_changed() {
        assert_eq!(
            changes_of("!(x.a in ['p', 'q']) && x.b || -x.c < 2"),
            [
                "0: ! -> ",
                "6: in -> not in",
                "10: 'p' -> \"~p\"",
                "15: 'q' -> \"~q\"",
                "21: && -> ||",
                "28: || -> &&",
                "31: - -> ",
                "36: < -> <=",
                "36: < -> >=",
                "38: 2 -> 3",
                "38: 2 -> 1",
            ]
        );
        assert_eq!(
            changes_of("x.all(y, y.exists(z, z == 1)) ? x.map(y, y) : [true]"),
            [
                "2: all -> exists",
                "11: exists -> all",
                "23: == -> !=",
                "26: 1 -> 2",
                "26: 1 -> 0",
                "30: ? -> not ?",
                "47: true -> false",
            ]
        );
    }

    #[test]
    fn what_does_not_compile_is_no_mutant() {
        assert_eq!(
            changes_of("x.s == 'a' + 'b'"),
            ["4: == -> !=", "7: 'a' -> \"~a\"", "13: 'b' -> \"~b\""]
        );
    }
}
