//! Literals, names, brackets, and the chains of fields, indexes and calls behind them.

use super::Parser;
use crate::TypeName;
use crate::constant::Constant;
use crate::lexer::Token;
use crate::mistake::{Mistake, Span};
use crate::syntax::NodeKind;

/// Words that no name may be; fields may be called so.
const RESERVED: [&str; 17] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];
/// Words with a meaning of their own; not even fields may be called so.
const KEYWORDS: [&str; 4] = ["true", "false", "null", "in"];

/// Whether a variable may have this name.
pub(super) fn is_free(name: &str) -> bool {
    !RESERVED.contains(&name) && !KEYWORDS.contains(&name)
}

/// A chain of names so far, `a.b.c`, whose first name is no variable: it may turn out to be a
/// type or a function's namespace.
struct Path {
    text: String,
    /// Where its nodes begin.
    nodes: usize,
}

impl Parser<'_> {
    /// A primary and the chain behind it; a number has the sign `minus` where there is one.
    pub(super) fn member(&mut self, minus: Option<Span>) -> Result<(), Mistake> {
        let start = minus.unwrap_or_else(|| self.span());
        let mut path = self.primary(minus)?;
        loop {
            if self.accept(".") {
                path = self.dot(start, path)?;
            } else if self.is_next("[") {
                self.index(start)?;
                path = None;
            } else if self.is_next("{") {
                return Err(Mistake::new("messages are not supported: use a map", self.span()));
            } else {
                return Ok(());
            }
        }
    }

    fn dot(&mut self, start: Span, path: Option<Path>) -> Result<Option<Path>, Mistake> {
        let optional = self.accept("?");
        let mark = self.span();
        let field = self.field()?;
        if self.is_next("(") && !optional {
            self.method(start, mark, &field, path)?;
            return Ok(None);
        }
        self.push(NodeKind::Select { field: field.clone(), optional }, start, mark);
        let Some(mut path) = path.filter(|_| !optional) else { return Ok(None) };
        path.text.push('.');
        path.text.push_str(&field);
        if let Some(name) = TypeName::named(&path.text) {
            self.nodes.truncate(path.nodes);
            self.push(NodeKind::Constant(Constant::Type(name)), start, start.to(mark));
        }
        Ok(Some(path))
    }

    fn field(&mut self) -> Result<Box<str>, Mistake> {
        let name = match self.peek() {
            Token::Name(name) if !KEYWORDS.contains(&name.as_ref()) => name.clone(),
            Token::QuotedName(name) => name.clone(),
            _ => return Err(self.unexpected("a field's name")),
        };
        self.advance();
        Ok(name)
    }

    /// `value.name(...)`: a macro, a function in a namespace, or a function of the value.
    fn method(
        &mut self,
        start: Span,
        mark: Span,
        name: &str,
        path: Option<Path>,
    ) -> Result<(), Mistake> {
        if let Some(path) = path {
            let whole = format!("{}.{name}", path.text);
            if self.scope.is_namespaced(&whole) {
                self.nodes.truncate(path.nodes);
                if whole == "cel.bind" {
                    return self.bind(start);
                }
                return self.call(start, start.to(mark), whole.into(), false);
            }
        }
        if self.receiver_macro(start, mark, name)? {
            return Ok(());
        }
        self.call(start, mark, name.into(), true)
    }

    fn call(
        &mut self,
        start: Span,
        mark: Span,
        name: Box<str>,
        is_receiver: bool,
    ) -> Result<(), Mistake> {
        self.expect("(")?;
        let mut arguments = u32::from(is_receiver);
        while !self.accept(")") {
            self.expression()?;
            arguments += 1;
            if !self.accept(",") {
                self.expect(")")?;
                break;
            }
            if self.is_next(")") {
                return Err(self.unexpected("an argument"));
            }
        }
        // These two take any number of numbers: more than two as a list.
        if matches!(name.as_ref(), "math.greatest" | "math.least") && arguments > 2 {
            let flags = vec![false; arguments as usize];
            self.push(NodeKind::List(flags.into()), start, mark);
            arguments = 1;
        }
        self.push(NodeKind::Call { name, is_receiver, arguments }, start, mark);
        Ok(())
    }

    fn index(&mut self, start: Span) -> Result<(), Mistake> {
        let mark = self.span();
        self.expect("[")?;
        let optional = self.accept("?");
        self.expression()?;
        self.expect("]")?;
        self.push(NodeKind::Index { optional }, start, mark);
        Ok(())
    }

    fn primary(&mut self, minus: Option<Span>) -> Result<Option<Path>, Mistake> {
        let mark = self.span();
        let start = minus.unwrap_or(mark);
        let constant = match self.peek() {
            Token::Int(magnitude) => signed(*magnitude, minus.is_some()).ok_or_else(|| {
                Mistake::new("the number is out of range for an int", start.to(mark))
            })?,
            Token::Literal(Constant::Double(double)) if minus.is_some() => {
                Constant::Double(-double)
            }
            Token::Literal(constant) => constant.clone(),
            Token::Name(name) => match name.as_ref() {
                "null" => Constant::Null,
                "true" => Constant::Bool(true),
                "false" => Constant::Bool(false),
                _ => return self.name(false),
            },
            Token::Symbol("(") => return self.group().map(|()| None),
            Token::Symbol("[") => return self.list().map(|()| None),
            Token::Symbol("{") => return self.map().map(|()| None),
            Token::Symbol(".") => {
                self.advance();
                return self.name(true);
            }
            _ => return Err(self.unexpected("a value")),
        };
        self.advance();
        self.push(NodeKind::Constant(constant), start, start.to(mark));
        Ok(None)
    }

    fn name(&mut self, is_root: bool) -> Result<Option<Path>, Mistake> {
        let mark = self.span();
        let name = match self.peek() {
            Token::Name(name) if !KEYWORDS.contains(&name.as_ref()) => name.clone(),
            _ => return Err(self.unexpected("a name")),
        };
        if RESERVED.contains(&name.as_ref()) {
            return Err(Mistake::new(format!("`{name}` is a reserved word"), mark));
        }
        self.advance();
        if self.is_next("(") {
            if name.as_ref() == "has" {
                return self.has(mark).map(|()| None);
            }
            return self.call(mark, mark, name, false).map(|()| None);
        }
        if let Some(kind) = self.scope.variable(&name, is_root) {
            self.push(kind, mark, mark);
            return Ok(None);
        }
        let nodes = self.nodes.len();
        let kind = match TypeName::named(&name) {
            Some(name) => NodeKind::Constant(Constant::Type(name)),
            None => {
                NodeKind::Unknown { local: self.scope.nearest_local(&name), name: name.clone() }
            }
        };
        self.push(kind, mark, mark);
        Ok(Some(Path { text: name.into(), nodes }))
    }

    fn group(&mut self) -> Result<(), Mistake> {
        self.advance();
        self.expression()?;
        self.expect(")")
    }

    fn list(&mut self) -> Result<(), Mistake> {
        let start = self.span();
        self.advance();
        let mut flags = Vec::new();
        while !self.accept("]") {
            flags.push(self.accept("?"));
            self.expression()?;
            if !self.accept(",") {
                self.expect("]")?;
                break;
            }
        }
        self.push(NodeKind::List(flags.into()), start, start);
        Ok(())
    }

    fn map(&mut self) -> Result<(), Mistake> {
        let start = self.span();
        self.advance();
        let mut flags = Vec::new();
        while !self.accept("}") {
            flags.push(self.accept("?"));
            self.expression()?;
            self.expect(":")?;
            self.expression()?;
            if !self.accept(",") {
                self.expect("}")?;
                break;
            }
        }
        self.push(NodeKind::Map(flags.into()), start, start);
        Ok(())
    }
}

fn signed(magnitude: u64, is_negative: bool) -> Option<Constant> {
    let int =
        if is_negative { 0i64.checked_sub_unsigned(magnitude) } else { magnitude.try_into().ok() };
    int.map(Constant::Int)
}
