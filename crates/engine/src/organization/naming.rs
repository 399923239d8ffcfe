//! Names and labels as Kubernetes takes them, and a name for each new account.

use std::collections::{BTreeMap, BTreeSet};

use model::AccountId;

/// The longest value of a label ("Labels and Selectors", Kubernetes documentation).
const MAX_LABEL: usize = 63;
/// The longest name of an object, less a hyphen and an account id ("Object Names and IDs", Kubernetes
/// documentation).
const MAX_NAME: usize = 253 - 13;

/// A DNS subdomain that is nearest to a text; the account's id where nothing of the text is left.
pub(super) fn object_name(text: &str, account: &AccountId) -> String {
    let allowed = |letter: char| {
        let letter = letter.to_ascii_lowercase();
        if letter.is_ascii_alphanumeric() { letter } else { '-' }
    };
    let labels = text.split('.').map(|label| label.chars().map(allowed).collect::<String>());
    let labels = labels.map(|label| label.trim_matches('-').to_owned());
    let name = labels.filter(|label| !label.is_empty()).collect::<Vec<_>>().join(".");
    let name: String = name.chars().take(MAX_NAME).collect();
    match name.trim_end_matches(['-', '.']) {
        "" => account.to_string(),
        name => name.to_owned(),
    }
}

/// A label's value that is nearest to a text; nothing where none of it is left.
pub(super) fn label_value(text: &str) -> Option<String> {
    let begins = text.trim_start_matches(['-', '_', '.']);
    let value: String = begins.chars().take(MAX_LABEL).collect();
    let value = value.trim_end_matches(['-', '_', '.']);
    (!value.is_empty()).then(|| value.to_owned())
}

/// Names for accounts without an object: the wanted ones, with the account's id where several accounts
/// want one, or an object of the organization has it. Objects that are there are not among `wanted`, so
/// nothing changes their names.
pub(super) fn names<'a>(
    wanted: &BTreeMap<&'a AccountId, String>,
    own: &BTreeSet<&str>,
) -> BTreeMap<&'a AccountId, String> {
    let mut with_id: BTreeSet<&AccountId> = BTreeSet::new();
    loop {
        let name = |(account, name): (&&'a AccountId, &String)| {
            if with_id.contains(*account) { format!("{name}-{account}") } else { name.clone() }
        };
        let names: BTreeMap<&'a AccountId, String> =
            wanted.iter().map(|entry| (*entry.0, name(entry))).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in names.values() {
            *counts.entry(name).or_default() += 1;
        }
        let is_taken =
            |name: &str| counts.get(name).is_some_and(|it| *it > 1) || own.contains(name);
        let taken = names.iter().filter(|(_, name)| is_taken(name)).map(|(account, _)| *account);
        let before = with_id.len();
        with_id.extend(taken);
        // Names with different ids at their ends differ.
        if with_id.len() == before {
            return names;
        }
    }
}
