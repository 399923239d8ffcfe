//! The items of an account, which grow case by case.

use serde_json::{Value as Json, json};

use crate::plan::{ACCOUNT, REGION};

/// How the items of a case come to those of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As properties of the account's resource of the type; where both say something, the case counts,
    CaseWins,
    /// or the account.
    AccountWins,
    /// As resources of their own.
    Beside,
}

impl How {
    pub(crate) const ALL: [Self; 3] = [Self::CaseWins, Self::AccountWins, Self::Beside];
}

fn text<'j>(item: &'j Json, key: &str) -> &'j str {
    item[key].as_str().unwrap_or_default()
}

/// The account's items with those of a case.
pub(crate) fn joined(account: &[Json], case: &[Json], how: How) -> Vec<Json> {
    let mut items = account.to_vec();
    let mut case: Vec<Json> = case.iter().map(placed).collect();
    for at in 0..case.len() {
        let (name, id) =
            (text(&case[at], "resourceType").to_owned(), text(&case[at], "resourceId").to_owned());
        let is_of_type = |item: &&Json| text(item, "resourceType") == name;
        let is_only = case.iter().filter(is_of_type).count() == 1;
        let own = account.iter().find(is_of_type).filter(|_| is_only && how != How::Beside);
        let new = match own {
            Some(own) => text(own, "resourceId").to_owned(),
            None => unused(account, &name, &id),
        };
        for item in &mut case {
            rename(item, &id, &new);
        }
    }
    for item in case {
        let is_same = |own: &&mut Json| {
            ["resourceType", "resourceId"].iter().all(|key| text(own, key) == text(&item, key))
        };
        match items.iter_mut().find(is_same) {
            Some(own) => merge(own, item, how == How::CaseWins),
            None => items.push(item),
        }
    }
    items
}

/// An id that no resource of the type has.
fn unused(account: &[Json], name: &str, id: &str) -> String {
    let is_used = |id: &str| {
        account.iter().any(|it| text(it, "resourceType") == name && text(it, "resourceId") == id)
    };
    let numbered = (2..).map(|number| format!("{id}-{number}"));
    std::iter::once(id.to_owned()).chain(numbered).find(|id| !is_used(id)).unwrap()
}

/// The item in the account and its region.
fn placed(item: &Json) -> Json {
    let mut item = item.clone();
    let fields = item.as_object_mut().unwrap();
    for key in ["accountId", "region", "status", "captureTime"] {
        fields.remove(key);
    }
    if fields.get("awsRegion") != Some(&json!("global")) {
        fields.insert("awsRegion".to_owned(), json!(REGION));
    }
    fields.insert("awsAccountId".to_owned(), json!(ACCOUNT));
    fields.insert("configurationItemStatus".to_owned(), json!("OK"));
    fields.insert("configurationItemCaptureTime".to_owned(), json!("2026-11-22T00:00:00Z"));
    item
}

/// The tags that every resource of a fulfilled account has: those that controls ask for by default.
pub(crate) fn tag(item: &mut Json) {
    let fields = item.as_object_mut().unwrap();
    let tags = fields.entry("tags").or_insert_with(|| json!({}));
    let Some(tags) = tags.as_object_mut() else { return };
    for (key, value) in
        [("Owner", "shop"), ("Environment", "production"), ("DataClassification", "confidential")]
    {
        tags.entry(key).or_insert_with(|| json!(value));
    }
}

/// Gives a resource another id wherever a text names it.
fn rename(value: &mut Json, old: &str, new: &str) {
    match value {
        Json::String(text) if text.contains(old) => *text = renamed(text, old, new),
        Json::Array(elements) => elements.iter_mut().for_each(|it| rename(it, old, new)),
        Json::Object(fields) => fields.values_mut().for_each(|it| rename(it, old, new)),
        _ => {}
    }
}

/// Replaces whole words: `logs` is no part of `logs-2`.
fn renamed(text: &str, old: &str, new: &str) -> String {
    let is_of_word = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let (mut done, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(old) {
        let (before, after) = (&rest[..at], &rest[at + old.len()..]);
        let is_whole = !done.chars().chain(before.chars()).next_back().is_some_and(is_of_word)
            && !after.chars().next().is_some_and(is_of_word);
        done += before;
        done += if is_whole { new } else { old };
        rest = after;
    }
    done + rest
}

/// Brings fields together, at every depth.
fn merge(own: &mut Json, other: Json, other_wins: bool) {
    match (own, other) {
        (Json::Object(own), Json::Object(other)) => {
            for (key, value) in other {
                match own.get_mut(&key) {
                    Some(field) => merge(field, value, other_wins),
                    None => _ = own.insert(key, value),
                }
            }
        }
        (own, other) if other_wins => *own = other,
        _ => {}
    }
}
