//! What roles are called in templates.

use crate::controller::{Permissions, RolePermissions};

/// Words of a role's name and its account, as names of Terraform take them:
/// `plumbline_reader_111122223333`.
pub(super) fn snake(role: &RolePermissions) -> String {
    let words = words(role);
    words.join("_").to_lowercase()
}

/// The same without anything between the words, as `CloudFormation` takes them:
/// `PlumblineReader111122223333`.
pub(super) fn camel(role: &RolePermissions) -> String {
    words(role).iter().map(|word| capitalised(word)).collect()
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

    #[test]
    fn names_are_made_of_the_role_and_its_account() {
        let role = RolePermissions {
            arn: "arn:aws:iam::111122223333:role/security/plumbline-reader".to_owned(),
            account: "111122223333".parse().unwrap(),
            has_external_id: false,
            has_session_tags: false,
            statements: Vec::new(),
        };
        assert_eq!(snake(&role), "plumbline_reader_111122223333");
        assert_eq!(camel(&role), "PlumblineReader111122223333");
        assert_eq!(role.path_and_name(), ("/security/", "plumbline-reader"));
    }
}
