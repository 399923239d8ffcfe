//! How large the parts of the house may be, and that a name says which of them is meant.

#![allow(clippy::unwrap_used)] // a test that cannot go on fails

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file, and the longest function, in lines.
const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 80;
/// In so many files a name may be that of a type.
const NAMESAKES: usize = 2;

/// Every source of the workspace, by path from its root.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> =
        ["benches", "crates", "fuzz", "src", "tests"].iter().map(|it| root.join(it)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 500, "{}", found.len());
    found.sort();
    found
}

/// The sources whose functions are held to a size.
fn measured() -> Vec<(String, String)> {
    let all = sources().into_iter();
    all.filter(|(path, _)| !path.starts_with("tests/")).collect()
}

/// The rest of a line after what may come before an item.
fn item(line: &str) -> &str {
    let mut rest = line.trim_start();
    for before in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe "] {
        rest = rest.strip_prefix(before).unwrap_or(rest);
    }
    if let Some(inside) = rest.strip_prefix("pub(in ") {
        return inside.split_once(") ").map_or(rest, |(_, rest)| item(rest));
    }
    rest
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn name(rest: &str) -> String {
    rest.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect()
}

/// The functions of a formatted source, with their lines from the first to the closing brace.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = item(line).strip_prefix("fn ") else { continue };
        let indent = indent(line);
        let long = lines.iter().skip(at).position(|it| {
            // Without a body, it ends with its declaration.
            indent == self::indent(it) && it.ends_with([';', '}'])
        });
        found.push((name(rest), long.map_or(1, |long| long + 1)));
    }
    found
}

/// The types that a source defines outside its tests.
fn types(text: &str) -> BTreeSet<String> {
    let own = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let mut found = BTreeSet::new();
    for line in own.lines() {
        let rest = item(line);
        let keywords = ["struct ", "enum ", "trait ", "union "];
        // Indented, it is a part of a trait.
        let alias = rest.strip_prefix("type ").filter(|_| !line.starts_with(' '));
        let named = keywords.iter().find_map(|it| rest.strip_prefix(it)).or(alias);
        // A macro names what it defines otherwise.
        found.extend(named.map(name).filter(|name| !name.is_empty()));
    }
    found
}

#[test]
fn no_file_is_longer_than_a_reader_takes_in() {
    let all = sources();
    let long = all.iter().map(|(name, text)| (name, text.lines().count()));
    let long: Vec<_> = long.filter(|(_, lines)| *lines > LONGEST_FILE).collect();
    assert!(long.is_empty(), "longer than {LONGEST_FILE} lines: {long:#?}");
}

#[test]
fn no_function_is_longer_than_a_reader_takes_in() {
    let all = measured();
    let long = all.iter().flat_map(|(path, text)| {
        functions(text).into_iter().map(move |(name, lines)| (path, name, lines))
    });
    let functions: Vec<_> = long.collect();
    assert!(functions.len() > 4000, "{}", functions.len());
    let long: Vec<_> = functions.iter().filter(|(.., lines)| *lines > LONGEST_FUNCTION).collect();
    assert!(long.is_empty(), "longer than {LONGEST_FUNCTION} lines: {long:#?}");
}

#[test]
fn no_name_is_that_of_many_types() {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let is_test = ["tests/", "benches/", "fuzz/"].iter().any(|it| path.starts_with(it))
            || path.contains("/tests/")
            || path.ends_with("/tests.rs")
            || path.ends_with("/fixture.rs");
        for name in types(&text).into_iter().filter(|_| !is_test) {
            files.entry(name).or_default().push(path.clone());
        }
    }
    assert!(files.len() > 700, "{}", files.len());
    files.retain(|_, paths| paths.len() > NAMESAKES);
    assert!(files.is_empty(), "defined in more than {NAMESAKES} files: {files:#?}");
}

#[test]
fn a_source_is_read_as_it_is_written() {
    let text = "\
pub(in crate::cli) struct One;
impl One {
    pub const fn two(
        &self,
    ) -> usize {
        2
    }
    type Three = usize;
}
type Four = usize;
#[cfg(test)]
mod tests {
    struct Five;
}
";
    assert_eq!(types(text), ["One", "Four"].map(str::to_owned).into());
    assert_eq!(functions(text), [("two".to_owned(), 5)]);
}
