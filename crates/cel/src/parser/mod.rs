//! Parses a source by recursive descent and resolves its names.
//!
//! Recursion follows nesting only, never the length of a chain, and nesting is limited: the stack
//! that a source takes is bounded whatever stands in it.

mod macros;
mod member;
mod scope;

use self::scope::Scope;
use crate::constant::Constant;
use crate::environment::Environment;
use crate::lexer::{Lexeme, Token, tokenize};
use crate::mistake::{Mistake, Span};
use crate::syntax::{Binary, Logic, Node, NodeKind, Tree};

/// How deep brackets, calls, macros and the middles of ternaries may nest.
const MAX_NESTING: u32 = 96;

/// The tree of `source`, or the first mistake in it.
pub(super) fn parse(source: &str, environment: &Environment) -> Result<Tree, Mistake> {
    let lexemes = tokenize(source)?;
    let mut parser =
        Parser { lexemes, at: 0, nesting: 0, nodes: Vec::new(), scope: Scope::new(environment) };
    parser.expression()?;
    if *parser.peek() != Token::End {
        return Err(parser.unexpected("an operator"));
    }
    Ok(Tree { locals: parser.scope.most(), nodes: parser.nodes })
}

struct Parser<'e> {
    lexemes: Vec<Lexeme>,
    at: usize,
    nesting: u32,
    nodes: Vec<Node>,
    scope: Scope<'e>,
}

/// An operator between two operands, and how tightly it binds.
#[derive(Clone, Copy)]
enum Infix {
    Logic(Logic),
    Binary(Binary),
}

impl Infix {
    fn of(token: &Token) -> Option<(Self, u8)> {
        let symbol = match token {
            Token::Symbol(symbol) => symbol,
            Token::Name(name) if name.as_ref() == "in" => "in",
            _ => return None,
        };
        Some(match symbol {
            "||" => (Self::Logic(Logic::Or), 1),
            "&&" => (Self::Logic(Logic::And), 2),
            "==" => (Self::Binary(Binary::Equal), 3),
            "!=" => (Self::Binary(Binary::NotEqual), 3),
            "<" => (Self::Binary(Binary::Less), 3),
            "<=" => (Self::Binary(Binary::LessOrEqual), 3),
            ">" => (Self::Binary(Binary::Greater), 3),
            ">=" => (Self::Binary(Binary::GreaterOrEqual), 3),
            "in" => (Self::Binary(Binary::In), 3),
            "+" => (Self::Binary(Binary::Add), 4),
            "-" => (Self::Binary(Binary::Subtract), 4),
            "*" => (Self::Binary(Binary::Multiply), 5),
            "/" => (Self::Binary(Binary::Divide), 5),
            "%" => (Self::Binary(Binary::Modulo), 5),
            _ => return None,
        })
    }
}

impl Parser<'_> {
    /// Any expression. The right branches of ternaries are a loop, as long as the source allows.
    fn expression(&mut self) -> Result<(), Mistake> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            let message = format!("nested too deeply: at most {MAX_NESTING} levels are allowed");
            return Err(Mistake::new(message, self.span()));
        }
        let start = self.span();
        let mut questions = Vec::new();
        loop {
            self.infix(1)?;
            let question = self.span();
            if !self.accept("?") {
                break;
            }
            self.push(NodeKind::Then, question, question);
            self.expression()?;
            let colon = self.span();
            self.expect(":")?;
            self.push(NodeKind::Else, colon, colon);
            questions.push(question);
        }
        for question in questions.into_iter().rev() {
            self.push(NodeKind::Conditional, start, question);
        }
        self.nesting -= 1;
        Ok(())
    }

    /// Operands joined by operators that bind at least as tightly as `least`.
    fn infix(&mut self, least: u8) -> Result<(), Mistake> {
        let start = self.span();
        self.unary()?;
        while let Some((infix, tightness)) = Infix::of(self.peek()) {
            if tightness < least {
                break;
            }
            let mark = self.span();
            self.advance();
            let kind = match infix {
                Infix::Logic(logic) => {
                    self.push(NodeKind::BetweenLogic(logic), mark, mark);
                    NodeKind::Logic(logic)
                }
                Infix::Binary(binary) => NodeKind::Binary(binary),
            };
            self.infix(tightness + 1)?;
            self.push(kind, start, mark);
        }
        Ok(())
    }

    /// A run of `!` or of `-`, and what stands behind it. A number takes the last `-` as its sign.
    fn unary(&mut self) -> Result<(), Mistake> {
        let symbol = match self.peek() {
            Token::Symbol(symbol @ ("!" | "-")) => *symbol,
            _ => return self.member(None),
        };
        let first = self.at;
        while self.accept(symbol) {}
        let mut last = self.at;
        let is_number = matches!(self.peek(), Token::Int(_) | Token::Literal(Constant::Double(_)));
        if symbol == "-" && is_number {
            last -= 1;
            self.member(Some(self.span_of(last)))?;
        } else {
            self.member(None)?;
        }
        for at in (first..last).rev() {
            let mark = self.span_of(at);
            let kind = if symbol == "!" { NodeKind::Not } else { NodeKind::Negate };
            self.push(kind, mark, mark);
        }
        Ok(())
    }

    /// Adds a node that begins at `start` and ends with the last token.
    fn push(&mut self, kind: NodeKind, start: Span, mark: Span) {
        let end = self.span_of(self.at.saturating_sub(1));
        self.nodes.push(Node { kind, span: start.to(end), mark });
    }

    fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token {
        self.lexemes.get(self.at + ahead).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    /// Where the next token stands.
    fn span(&self) -> Span {
        self.span_of(self.at)
    }

    fn span_of(&self, at: usize) -> Span {
        self.lexemes.get(at).or(self.lexemes.last()).map(|lexeme| lexeme.span).unwrap_or_default()
    }

    fn advance(&mut self) {
        self.at += 1;
    }

    fn is_next(&self, symbol: &str) -> bool {
        matches!(self.peek(), Token::Symbol(next) if *next == symbol)
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = self.is_next(symbol);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Mistake> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{symbol}`")))
    }

    fn unexpected(&self, expected: &str) -> Mistake {
        let found = match self.peek() {
            Token::Name(name) | Token::QuotedName(name) => format!("`{name}`"),
            Token::Int(number) => format!("`{number}`"),
            Token::Literal(_) => "a literal".into(),
            Token::Symbol(symbol) => format!("`{symbol}`"),
            Token::End => "the end".into(),
        };
        let suggestion = match self.peek() {
            Token::Symbol("=") => Some("=="),
            Token::Name(name) => match name.as_ref() {
                "and" | "AND" => Some("&&"),
                "or" | "OR" => Some("||"),
                "not" | "NOT" => Some("!"),
                _ => None,
            },
            _ => None,
        };
        let message = format!("expected {expected}, found {found}");
        Mistake::new(message, self.span()).suggesting(suggestion)
    }
}
