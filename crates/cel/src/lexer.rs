//! Cuts a source into tokens.

use super::constant::Constant;
use super::literal::{quoted, unquote};
use super::mistake::{Mistake, Span};

/// A word of the language.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, which may be reserved or a keyword.
    Name(Box<str>),
    /// A name in backticks: a field whose name is no identifier.
    QuotedName(Box<str>),
    /// A whole number without its sign, which the parser puts to it.
    Int(u64),
    /// Any other literal.
    Literal(Constant),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the source.
    End,
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) span: Span,
}

/// Operators and brackets, longer ones before those that they begin with.
const SYMBOLS: [&str; 26] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",",
    "(", ")", "[", "]", "{", "}", "=", ";",
];

/// All tokens of `source`, the last of them [`Token::End`].
pub(super) fn tokenize(source: &str) -> Result<Vec<Lexeme>, Mistake> {
    let mut lexer = Lexer { source, at: 0 };
    let mut lexemes = Vec::with_capacity(source.len() / 4);
    loop {
        lexer.skip_space();
        let start = lexer.at;
        let token = lexer.token()?;
        let done = token == Token::End;
        lexemes.push(Lexeme { token, span: Span::new(start, lexer.at) });
        if done {
            return Ok(lexemes);
        }
    }
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// White space and comments.
    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let after = rest.trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
            let after = match after.strip_prefix("//") {
                Some(comment) => comment.find('\n').and_then(|at| comment.get(at..)).unwrap_or(""),
                None => after,
            };
            if after.len() == rest.len() {
                return;
            }
            self.at += rest.len() - after.len();
        }
    }

    fn token(&mut self) -> Result<Token, Mistake> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        let second = rest.chars().nth(1);
        if first.is_ascii_digit() || first == '.' && second.is_some_and(|c| c.is_ascii_digit()) {
            return self.number();
        }
        if let Some(quoted) = quoted(rest, self.at)? {
            let literal = unquote(&quoted, self.at)?;
            self.at += quoted.length;
            return Ok(Token::Literal(literal));
        }
        if is_name_start(first) {
            return Ok(Token::Name(self.take_while(is_name_part).into()));
        }
        if first == '`' {
            return self.quoted_name();
        }
        self.symbol(first)
    }

    fn symbol(&mut self, first: char) -> Result<Token, Mistake> {
        if let Some(symbol) = SYMBOLS.into_iter().find(|symbol| self.rest().starts_with(symbol)) {
            self.at += symbol.len();
            return Ok(Token::Symbol(symbol));
        }
        let span = Span::new(self.at, self.at + first.len_utf8());
        let suggestion = match first {
            '&' => Some("&&"),
            '|' => Some("||"),
            _ => None,
        };
        Err(Mistake::new(format!("unexpected character `{first}`"), span).suggesting(suggestion))
    }

    fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'s str {
        let rest = self.rest();
        let length = rest.find(|char| !keep(char)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn quoted_name(&mut self) -> Result<Token, Mistake> {
        let start = self.at;
        self.at += 1;
        let name = self.take_while(|char| is_name_part(char) || "-./ :".contains(char));
        if name.is_empty() || self.peek() != Some('`') {
            let span = Span::new(start, self.at);
            return Err(Mistake::new("a name in backticks ends with a backtick", span));
        }
        self.at += 1;
        Ok(Token::QuotedName(name.into()))
    }

    fn number(&mut self) -> Result<Token, Mistake> {
        let start = self.at;
        let rest = self.rest();
        let hexadecimal = rest.strip_prefix("0x").or_else(|| rest.strip_prefix("0X"));
        let token = if hexadecimal.is_some() {
            self.at += 2;
            let digits = self.take_while(|char| char.is_ascii_hexdigit());
            self.integer(u64::from_str_radix(digits, 16).ok())
        } else {
            self.decimal()
        };
        if self.peek().is_some_and(is_name_part) {
            self.take_while(is_name_part);
            return Err(self.no_number(start));
        }
        token.ok_or_else(|| self.no_number(start))
    }

    fn no_number(&self, start: usize) -> Mistake {
        let text = self.source.get(start..self.at).unwrap_or_default();
        Mistake::new(
            format!("`{text}` is not a number or is out of range"),
            Span::new(start, self.at),
        )
    }

    fn decimal(&mut self) -> Option<Token> {
        let start = self.at;
        let whole = self.take_while(|char| char.is_ascii_digit());
        let fraction = self.rest().strip_prefix('.');
        let is_double = fraction.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if is_double {
            self.at += 1;
            self.take_while(|char| char.is_ascii_digit());
        }
        if self.exponent() || is_double {
            let double: f64 = self.source.get(start..self.at)?.parse().ok()?;
            return double.is_finite().then_some(Token::Literal(Constant::Double(double)));
        }
        self.integer(whole.parse().ok())
    }

    fn exponent(&mut self) -> bool {
        let Some(rest) = self.rest().strip_prefix(['e', 'E']) else { return false };
        let digits = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let found = digits.starts_with(|char: char| char.is_ascii_digit());
        if found {
            self.at += 1 + rest.len() - digits.len();
            self.take_while(|char| char.is_ascii_digit());
        }
        found
    }

    /// A whole number that may have the suffix of the unsigned ones.
    fn integer(&mut self, number: Option<u64>) -> Option<Token> {
        if self.rest().starts_with(['u', 'U']) {
            self.at += 1;
            return Some(Token::Literal(Constant::UInt(number?)));
        }
        Some(Token::Int(number?))
    }
}

fn is_name_start(char: char) -> bool {
    char.is_ascii_alphabetic() || char == '_'
}

/// Whether a character may stand inside a name.
pub(super) fn is_name_part(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(source: &str) -> Vec<Token> {
        tokenize(source).unwrap().into_iter().map(|lexeme| lexeme.token).collect()
    }

    #[test]
    fn comments_and_space_separate_tokens() {
        let expected =
            vec![Token::Name("a".into()), Token::Symbol("<="), Token::Int(1), Token::End];
        assert_eq!(tokens("a // the first\n\t<= 1 // the end"), expected);
    }

    #[test]
    fn a_dot_after_a_number_begins_a_fraction_only_before_a_digit() {
        assert_eq!(tokens("1.5")[0], Token::Literal(Constant::Double(1.5)));
        assert_eq!(tokens("1.a")[..2], [Token::Int(1), Token::Symbol(".")]);
        assert_eq!(tokens(".5e-1")[0], Token::Literal(Constant::Double(0.05)));
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for source in ["18446744073709551616", "0x10000000000000000", "1e999", "0x", "12ab", "1uu"]
        {
            let mistake = tokenize(source).unwrap_err();
            assert_eq!(mistake.span, 0..source.len(), "{source}");
        }
    }
}
