//! Texts with the wildcards `*` and `?`, as sets of texts.

use super::{Budget, Result};

/// One place of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// This character.
    Character(char),
    /// Any one character: `?`.
    One,
    /// Any text: `*`.
    Many,
    /// Any one character but a colon: `?` in a part of an ARN.
    OneOfPart,
    /// Any text without a colon: `*` in a part of an ARN.
    ManyOfPart,
}

/// A set of texts: those that match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    tokens: Vec<Token>,
    /// Whether ASCII letters match in either case; characters are in lower case then.
    caseless: bool,
}

impl Token {
    /// Whether the token takes a character.
    pub(super) const fn takes(self, character: char) -> bool {
        match self {
            Self::Character(own) => own == character,
            Self::One | Self::Many => true,
            Self::OneOfPart | Self::ManyOfPart => character != ':',
        }
    }

    /// Whether the token may take any number of characters, or none.
    pub(super) const fn repeats(self) -> bool {
        matches!(self, Self::Many | Self::ManyOfPart)
    }

    const fn wildcard(character: char) -> Self {
        match character {
            '*' => Self::Many,
            '?' => Self::One,
            other => Self::Character(other),
        }
    }
}

impl Pattern {
    /// Just this text.
    pub(super) fn literal(text: &str) -> Self {
        Self { tokens: text.chars().map(Token::Character).collect(), caseless: false }
    }

    /// A text with wildcards.
    pub(super) fn glob(text: &str) -> Self {
        Self { tokens: text.chars().map(Token::wildcard).collect(), caseless: false }
    }

    /// An ARN whose wildcards stay within its first five parts, and match anything in the last.
    pub(super) fn arn(text: &str) -> Self {
        Self::glob(text).within_parts()
    }

    pub(super) fn of(tokens: Vec<Token>) -> Self {
        Self { tokens, caseless: false }
    }

    /// Every text.
    pub(super) fn anything() -> Self {
        Self { tokens: vec![Token::Many], caseless: false }
    }

    /// Whether every text matches.
    pub(super) fn is_anything(&self) -> bool {
        self.tokens == [Token::Many]
    }

    /// The same, with letters in either case.
    pub(super) fn caseless(mut self) -> Self {
        for token in &mut self.tokens {
            if let Token::Character(character) = token {
                *character = character.to_ascii_lowercase();
            }
        }
        self.caseless = true;
        self
    }

    /// The same as the pattern of an ARN: wildcards do not cross from one of its first five parts
    /// into the next. `*` alone stays every text.
    pub(super) fn within_parts(mut self) -> Self {
        if self.is_anything() {
            return self;
        }
        let mut colons = 0;
        for token in &mut self.tokens {
            match token {
                Token::Character(':') => colons += 1,
                Token::One if colons < 5 => *token = Token::OneOfPart,
                Token::Many if colons < 5 => *token = Token::ManyOfPart,
                _ => {}
            }
        }
        self
    }

    /// The same, where the pattern writes out all six parts.
    pub(super) fn within_whole_parts(self) -> Self {
        let colons = self.tokens.iter().filter(|it| **it == Token::Character(':')).count();
        if colons < 5 { self } else { self.within_parts() }
    }

    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    pub(super) const fn is_caseless(&self) -> bool {
        self.caseless
    }

    /// A character as the pattern's own stand.
    pub(super) const fn folded(&self, character: char) -> char {
        if self.caseless { character.to_ascii_lowercase() } else { character }
    }

    /// The one text that matches, where there is only one.
    pub(super) fn text(&self) -> Option<String> {
        if self.caseless && self.tokens.iter().any(|token| token.has_case()) {
            return None;
        }
        self.tokens.iter().map(|token| token.character()).collect()
    }

    /// Whether no wildcard stands in it.
    pub(super) fn is_fixed(&self) -> bool {
        self.tokens.iter().all(|token| token.character().is_some())
    }

    /// The text before the first wildcard.
    pub(super) fn prefix(&self) -> String {
        self.tokens.iter().map_while(|token| token.character()).collect()
    }

    /// Some text that matches, for trials.
    pub(super) fn example(&self) -> String {
        let of = |token: &Token| match token {
            Token::Character(character) => Some(*character),
            Token::One | Token::OneOfPart => Some('x'),
            Token::Many | Token::ManyOfPart => None,
        };
        self.tokens.iter().filter_map(of).collect()
    }

    /// Whether a text matches.
    pub(super) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool> {
        budget.spend(1 + self.tokens.len() / 4 + text.len())?;
        let mut rest = text.chars();
        let mut tokens = self.tokens.as_slice();
        // The last wildcard that repeats: what follows it, and the text from where it took.
        let mut last: Option<(&[Token], Token, std::str::Chars<'_>)> = None;
        loop {
            if let [token, after @ ..] = tokens
                && token.repeats()
            {
                (last, tokens) = (Some((after, *token, rest.clone())), after);
                continue;
            }
            let mut ahead = rest.clone();
            match (tokens, ahead.next()) {
                ([], None) => return Ok(true),
                ([token, after @ ..], Some(character)) if token.takes(self.folded(character)) => {
                    (tokens, rest) = (after, ahead);
                }
                _ => {
                    budget.spend(1)?;
                    let Some((after, token, taken)) = &mut last else { return Ok(false) };
                    match taken.next() {
                        Some(character) if token.takes(self.folded(character)) => {
                            (tokens, rest) = (after, taken.clone());
                        }
                        // A wildcard that stops at a colon leaves nothing to an earlier one: that
                        // one stops at the colon before.
                        _ => return Ok(false),
                    }
                }
            }
        }
    }
}

impl Token {
    const fn character(self) -> Option<char> {
        match self {
            Self::Character(character) => Some(character),
            _ => None,
        }
    }

    const fn has_case(self) -> bool {
        matches!(self, Self::Character(character) if character.is_ascii_alphabetic())
    }
}
