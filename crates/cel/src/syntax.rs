//! The syntax tree, in the order in which an expression runs.
//!
//! Operands stand before what takes them, so the sequence alone is the tree: whoever walks it
//! keeps a stack of what it knows of the operands so far. Where control may turn before an
//! operand, a mark stands in between. Hence no pass recurses, however long a chain of operators
//! is, and dropping a tree is flat.

use super::constant::Constant;
use super::mistake::Span;

/// An expression whose names are resolved.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// The most local variables in scope at once.
    pub(super) locals: u32,
}

/// One step of an expression.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    /// All of it, operands included.
    pub(super) span: Span,
    /// The operator, field or function name: where a mark is put.
    pub(super) mark: Span,
}

/// What a step does. "Takes" means from the stack of operands.
#[derive(Debug, Clone)]
pub(super) enum NodeKind {
    /// Gives a literal or a type.
    Constant(Constant),
    /// Gives the variable of this slot.
    Variable(u32),
    /// Gives a local variable.
    Local(u32),
    /// A name that nobody declared, and a local in scope that is like it.
    Unknown { name: Box<str>, local: Option<Box<str>> },
    /// Takes a value, gives its field; with `optional`, as an optional.
    Select { field: Box<str>, optional: bool },
    /// Takes a value, gives whether it has the field.
    Has(Box<str>),
    /// Takes a value and an index.
    Index { optional: bool },
    /// `!` takes a boolean.
    Not,
    /// `-` takes a number.
    Negate,
    /// Takes two values.
    Binary(Binary),
    /// Between the operands of a [`NodeKind::Logic`].
    BetweenLogic(Logic),
    /// Takes two booleans.
    Logic(Logic),
    /// After the condition of a ternary.
    Then,
    /// Between the branches of a ternary.
    Else,
    /// Takes a condition and two branches.
    Conditional,
    /// Takes as many elements as there are flags; a set flag marks `?element`.
    List(Box<[bool]>),
    /// Takes as many keys and values as there are flags; a set flag marks `?key: value`.
    Map(Box<[bool]>),
    /// Takes the arguments.
    Call { name: Box<str>, is_receiver: bool, arguments: u32 },
    /// Takes what is iterated over and binds the locals of a macro's loop.
    Enter(Loop),
    /// Takes the condition of a macro that has one before its last argument.
    Keep,
    /// Takes what the loop makes of an element, gives the loop's result.
    Leave(Loop),
    /// Takes a value and binds it to a local: `cel.bind`.
    Bind(u32),
    /// Ends the scope of a [`NodeKind::Bind`].
    Unbind,
    /// Takes an optional, binds its value or skips to [`NodeKind::LeaveOptional`].
    EnterOptional(u32),
    /// Takes a value or, where `flat`, an optional; gives an optional.
    LeaveOptional { flat: bool },
    /// Takes an optional and skips to [`NodeKind::OrElse`] where it has a value.
    BetweenOrElse { unwrap: bool },
    /// Takes an optional and what stands in for it where it has no value.
    OrElse { unwrap: bool },
}

/// Operators that take both operands in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

impl Binary {
    /// As it is written.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
        }
    }
}

/// Operators that one operand may decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Logic {
    And,
    Or,
}

impl Logic {
    /// As it is written.
    pub(super) const fn symbol(self) -> &'static str {
        match self {
            Self::And => "&&",
            Self::Or => "||",
        }
    }

    /// The operand that decides alone.
    pub(super) const fn decisive(self) -> bool {
        matches!(self, Self::Or)
    }
}

/// A macro that iterates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Loop {
    pub(super) form: Form,
    /// The local of the element, or of the index or key where there are two.
    pub(super) first: u32,
    /// The local of the value, where there are two.
    pub(super) second: Option<u32>,
}

/// What a loop makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    All,
    Exists,
    ExistsOne,
    Filter,
    /// `map` and `transformList`.
    List,
    /// `transformMap`.
    Map,
    /// `transformMapEntry`.
    Entries,
    /// `sortBy`.
    Sorted,
}
