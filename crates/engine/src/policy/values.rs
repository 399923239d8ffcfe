//! Values of policies as patterns: wildcards, and policy variables.
//!
//! A variable of the resource is known. One of the caller is whatever the caller brings: it stands
//! for any text where that lets requests through, and its value for no text where that would keep
//! them out. So a judgement may take a request to be possible that is not, and never the reverse.

use super::pattern::{Pattern, Token};
use super::{Error, Result};

/// Which characters of a value are wildcards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wildcards {
    /// `*` and `?`.
    Any,
    /// None: the value is the text.
    None,
}

/// What the variables of the resource stand for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Variables<'w> {
    /// The account that the resource belongs to.
    pub(super) account: &'w str,
    /// Its organisation.
    pub(super) organization: &'w str,
}

/// A value as a pattern; nothing where it holds a variable of the caller and is not `open`.
pub(super) fn pattern(
    text: &str,
    variables: Option<&Variables<'_>>,
    wildcards: Wildcards,
    open: bool,
) -> Result<Option<Pattern>> {
    let mut tokens = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let (Some(variables), Some(after)) = (variables, rest.strip_prefix("${")) {
            let (name, after) = after.split_once('}').ok_or_else(|| unknown(text))?;
            match variable(name, variables).ok_or_else(|| unknown(text))? {
                Variable::Text(known) => tokens.extend(known.chars().map(Token::Character)),
                Variable::OfCaller if open => tokens.push(Token::Many),
                Variable::OfCaller => return Ok(None),
            }
            rest = after;
            continue;
        }
        tokens.push(match (character, wildcards) {
            ('*', Wildcards::Any) => Token::Many,
            ('?', Wildcards::Any) => Token::One,
            _ => Token::Character(character),
        });
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
    }
    Ok(Some(Pattern::of(tokens)))
}

enum Variable<'v> {
    Text(&'v str),
    OfCaller,
}

/// What a variable stands for; nothing where its name is not one of a condition key.
fn variable<'v>(name: &'v str, variables: &Variables<'v>) -> Option<Variable<'v>> {
    let key = name.split_once(',').map_or(name, |(key, _default)| key).trim();
    Some(match key.to_ascii_lowercase().as_str() {
        // "Special characters" of the guide on variables: these stand for themselves.
        "*" | "?" | "$" => Variable::Text(key),
        "aws:resourceaccount" => Variable::Text(variables.account),
        "aws:resourceorgid" => Variable::Text(variables.organization),
        other => {
            let (service, field) = other.split_once(':')?;
            let plain = |text: &str| {
                !text.is_empty() && !text.contains(['$', '{', '*', '?']) && text.is_ascii()
            };
            (plain(service) && plain(field)).then_some(Variable::OfCaller)?
        }
    })
}

fn unknown(text: &str) -> Error {
    let text: String = text.chars().take(80).collect();
    Error::not_understood(format!("has a policy variable in {text:?} that is not understood"))
}
