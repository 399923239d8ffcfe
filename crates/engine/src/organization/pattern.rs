//! Patterns of names and labels: `{accountName}-{accountId}`.

use std::collections::BTreeMap;

use super::listing::MemberAccount;

/// What stands in the place of a placeholder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Placeholder<'p> {
    AccountId,
    AccountName,
    Unit,
    UnitPath,
    Tag(&'p str),
}

/// A part of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PatternPart<'p> {
    Text(&'p str),
    Placeholder(Placeholder<'p>),
}

/// A pattern. The form of patterns is the schema's: what is no placeholder stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamePattern<'p>(Vec<PatternPart<'p>>);

/// What is known of an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownMember<'k> {
    pub(super) account: &'k MemberAccount,
    /// The names of the units down to it.
    pub(super) units: Option<&'k [&'k str]>,
    pub(super) tags: Option<&'k BTreeMap<String, String>>,
}

impl<'p> NamePattern<'p> {
    pub(super) fn of(text: &'p str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else { break };
            parts.push(PatternPart::Text(before));
            parts.push(
                Placeholder::of(name).map_or(PatternPart::Text(name), PatternPart::Placeholder),
            );
            rest = behind;
        }
        parts.push(PatternPart::Text(rest));
        Self(parts)
    }

    fn placeholders(&self) -> impl Iterator<Item = Placeholder<'p>> {
        self.0.iter().filter_map(|part| match part {
            PatternPart::Placeholder(placeholder) => Some(*placeholder),
            PatternPart::Text(_) => None,
        })
    }

    /// Whether the names of units are needed.
    pub(super) fn needs_units(&self) -> bool {
        self.placeholders().any(|it| matches!(it, Placeholder::Unit | Placeholder::UnitPath))
    }

    /// Whether tags are needed.
    pub(super) fn needs_tags(&self) -> bool {
        self.placeholders().any(|it| matches!(it, Placeholder::Tag(_)))
    }

    /// The text for an account; nothing where what it needs is not known.
    pub(super) fn filled(&self, known: KnownMember<'_>) -> Option<String> {
        self.0.iter().map(|part| part.filled(known)).collect()
    }
}

impl<'p> Placeholder<'p> {
    fn of(name: &'p str) -> Option<Self> {
        match name {
            "accountId" => Some(Self::AccountId),
            "accountName" => Some(Self::AccountName),
            "ou" => Some(Self::Unit),
            "ouPath" => Some(Self::UnitPath),
            _ => name.strip_prefix("tag:").map(Self::Tag),
        }
    }
}

impl PatternPart<'_> {
    fn filled(self, KnownMember { account, units, tags }: KnownMember<'_>) -> Option<String> {
        Some(match self {
            Self::Text(text) => text.to_owned(),
            Self::Placeholder(Placeholder::AccountId) => account.id.to_string(),
            Self::Placeholder(Placeholder::AccountName) => plain(&account.name),
            Self::Placeholder(Placeholder::Unit) => {
                units?.last().map(|unit| plain(unit)).unwrap_or_default()
            }
            Self::Placeholder(Placeholder::UnitPath) => {
                units?.iter().map(|unit| plain(unit)).collect::<Vec<_>>().join(".")
            }
            Self::Placeholder(Placeholder::Tag(key)) => {
                tags?.get(key).map(|value| plain(value)).unwrap_or_default()
            }
        })
    }
}

/// A value with hyphens for what neither names nor labels allow, one for several in a row.
fn plain(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    for letter in value.chars() {
        if letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-') {
            plain.push(letter);
        } else if !plain.ends_with('-') {
            plain.push('-');
        }
    }
    plain.trim_matches('-').to_owned()
}
