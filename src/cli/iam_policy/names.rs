//! What roles are called in templates.

use std::collections::BTreeSet;

use setup::{Permissions, RolePermissions};

/// For each role, words of its name and its account, as names of Terraform take them:
/// `plumbline_reader_111122223333`. No two are the same.
pub(super) fn snake_all(permissions: &Permissions) -> Vec<String> {
    let names = permissions.roles.iter().map(|role| words(role).join("_").to_lowercase());
    // A name of Terraform begins with a letter or `_`.
    let begins = |name: String| {
        if name.starts_with(|it: char| it.is_ascii_digit()) { format!("_{name}") } else { name }
    };
    distinct(names.map(begins).collect(), "_")
}

/// The same without anything between the words, as `CloudFormation` takes them:
/// `PlumblineReader111122223333`.
pub(super) fn camel_all(permissions: &Permissions) -> Vec<String> {
    let name = |role| words(role).iter().map(|word| capitalised(word)).collect();
    distinct(permissions.roles.iter().map(name).collect(), "x")
}

/// The names, with a number behind those that came before: roles may differ in punctuation only.
fn distinct(names: Vec<String>, before_number: &str) -> Vec<String> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut distinct = Vec::with_capacity(names.len());
    for name in names {
        let mut candidate = name.clone();
        let mut number = 2;
        while !seen.insert(candidate.clone()) {
            candidate = format!("{name}{before_number}{number}");
            number += 1;
        }
        distinct.push(candidate);
    }
    distinct
}

fn words(role: &RolePermissions) -> Vec<&str> {
    let (_, name) = role.path_and_name();
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(|word| !word.is_empty()).chain([role.account.as_str()]).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// What tells external ids apart: nothing, where only one is asked for.
pub(super) fn tells_apart(permissions: &Permissions) -> bool {
    permissions.roles.iter().filter(|role| role.has_external_id).count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(names: &[&str]) -> Permissions {
        let role = |name: &&str| RolePermissions {
            arn: format!("arn:aws:iam::111122223333:role/{name}"),
            account: "111122223333".parse().unwrap(),
            has_external_id: false,
            has_session_tags: false,
            statements: Vec::new(),
        };
        Permissions { own: Vec::new(), roles: names.iter().map(role).collect() }
    }

    #[test]
    fn names_are_made_of_the_role_and_its_account() {
        let permissions = permissions(&["security/plumbline-reader"]);
        assert_eq!(snake_all(&permissions), ["plumbline_reader_111122223333"]);
        assert_eq!(camel_all(&permissions), ["PlumblineReader111122223333"]);
        assert_eq!(permissions.roles[0].path_and_name(), ("/security/", "plumbline-reader"));
    }

    #[test]
    fn no_two_roles_have_one_name() {
        let permissions = permissions(&["a-b", "a_b", "A.B", "+"]);
        let snake =
            ["a_b_111122223333", "a_b_111122223333_2", "a_b_111122223333_3", "_111122223333"];
        assert_eq!(snake_all(&permissions), snake);
        let camel = ["AB111122223333", "AB111122223333x2", "AB111122223333x3", "111122223333"];
        assert_eq!(camel_all(&permissions), camel);
    }
}
