//! The words of the code and of the documentation: the ones that readers bring along.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Words of our own that were replaced, and what is said instead. They occur nowhere, not even as a
/// part of a name.
const REPLACED: [(&str, &str); 15] = [
    ("conductor", "supervisor"),
    ("fleet", "tasks of accounts"),
    ("employ", "start"),
    ("dismiss", "stop"),
    ("notebook", "observations"),
    ("learned", "observed"),
    ("keeper", "writer"),
    ("told", "reported"),
    ("patient", "account check"),
    ("mend", "fix, remediation"),
    ("mended", "fixed, resolved"),
    ("mends", "fixes"),
    ("tenure", "lease"),
    ("tenancy", "ownership"),
    ("anew", "again"),
];

/// Words that people use too, and that are no names in the code.
const NO_NAMES: [(&str, &str); 4] =
    [("look", "inputs, style"), ("few", "join_first"), ("hand", "task"), ("hands", "tasks")];

/// What people read, and where sentences of ours come from.
const READ: [&str; 6] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "docs", "charts", "deploy"];
const CODE: [&str; 6] = ["src", "crates", "tests", "benches", "fuzz/src", "fuzz/targets"];

/// Files with the words of others, or with these words as what is tested.
const LEFT_OUT: [&str; 9] = [
    "tests/words.rs",
    "tests/fixtures",
    "tests/expression",
    "tests/aws",
    "tests/items",
    "benches/throughput/items.rs",
    "deploy/samples/quickstart/snapshot.json",
    "docs/reference/schemas",
    "crates/engine/src/drift/asff/resource_types.rs",
];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The files below these paths with such an ending, by their paths in the repository.
fn files(paths: &[&str], endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = paths.iter().map(|path| repository(path)).collect();
    while let Some(path) = left.pop() {
        let name = path.strip_prefix(repository("")).unwrap().display().to_string();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(found.len() > 4, "{} files", found.len());
    found.sort();
    found
}

/// The words of a line in lower case: those of `AwsAccount` and of `aws_account` are two.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in line.chars() {
        let begins = letter.is_ascii_uppercase() && was_lower;
        if (begins || !letter.is_ascii_alphabetic())
            && words.last().is_some_and(|it| !it.is_empty())
        {
            words.push(String::new());
        }
        if letter.is_ascii_alphabetic() {
            words.last_mut().unwrap().push(letter.to_ascii_lowercase());
        }
        was_lower = letter.is_ascii_lowercase();
    }
    words
}

/// Where one of the words occurs, as `file:line: word (what is said instead)`.
fn occurrences(
    files: &[(String, String)],
    replaced: &[(&str, &str)],
    of_line: impl Fn(&str) -> Vec<String>,
) -> String {
    let mut found = String::new();
    for (name, text) in files {
        for (number, line) in text.lines().enumerate() {
            // AWS calls one of its resources so.
            let is_of_aws = line.to_lowercase().contains("sagemaker");
            for word in of_line(line) {
                let Some((_, instead)) = replaced.iter().find(|(it, _)| *it == word) else {
                    continue;
                };
                if !(is_of_aws && word == "notebook") {
                    let _ = writeln!(found, "{name}:{}: {word} ({instead})", number + 1);
                }
            }
        }
    }
    found
}

#[test]
fn no_word_that_was_replaced_is_left_in_code_or_documentation() {
    let read = files(&READ, &[".md", ".yaml", ".yml", ".json", ".txt", ".tpl", ".gotmpl", ".py"]);
    assert_eq!(occurrences(&read, &REPLACED, words), "");
    assert_eq!(occurrences(&files(&CODE, &[".rs", ".md"]), &REPLACED, words), "");
}

/// The names of a line of code: without its comment and what its texts say.
fn names(line: &str) -> Vec<String> {
    let (mut code, mut is_text, mut before) = (String::new(), false, ' ');
    for letter in line.chars() {
        match letter {
            '"' if before != '\\' && before != '\'' => is_text = !is_text,
            '/' if before == '/' && !is_text => break,
            _ if is_text => code.push(' '),
            _ => code.push(letter),
        }
        before = letter;
    }
    // A text of several lines has words without anything between them but spaces.
    let is_code = code.contains(|it: char| "(){}[]=;,:<>&|".contains(it));
    let names = code.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    if is_code { names.map(str::to_lowercase).collect() } else { Vec::new() }
}

#[test]
fn common_words_are_no_names() {
    let code: Vec<(String, String)> = files(&["src", "crates"], &[".rs"]);
    let outside_of_prose = |line: &str| {
        let is_prose = line.trim_start().starts_with("//") || line.trim_end().ends_with('\\');
        if is_prose { Vec::new() } else { names(line) }
    };
    assert_eq!(occurrences(&code, &NO_NAMES, outside_of_prose), "");
}

/// The leases of earlier versions have it in their names: upgrades depend on it.
const WIRE: &str = "const SHARD: &str = \"bucket\";";
const WIRE_NAME: &str = "\"-bucket-\"";

#[test]
fn parts_of_the_work_are_shards_but_for_the_names_of_their_leases() {
    let buckets = [("bucket", "shard"), ("buckets", "shards")];
    let mut shard = Vec::new();
    for (name, text) in files(&["crates/shard"], &[".rs"]) {
        let is_wire = |line: &&str| line.trim() == WIRE || line.contains(WIRE_NAME);
        let lines = text.lines().filter(|line| !is_wire(line));
        shard.push((name, lines.collect::<Vec<_>>().join("\n")));
    }
    let pages = ["docs/operator.md", "docs/monitoring.md", "docs/runbooks/shard-without-holder.md"];
    shard
        .extend(pages.map(|page| (page.to_owned(), fs::read_to_string(repository(page)).unwrap())));
    assert_eq!(occurrences(&shard, &buckets, words), "");
    let objects = fs::read_to_string(repository("crates/shard/src/objects.rs")).unwrap();
    assert_eq!(objects.matches(WIRE).count(), 1);
}

/// How messages began that are read twice, and how they are said instead.
const ARCHAIC: [(&str, &str); 12] = [
    ("\"it is no ", "not a valid"),
    (" is no valid ", "is not a valid"),
    ("which is no ", "which is not"),
    ("that is no ", "that is not"),
    ("goes before", "takes precedence"),
    ("stands twice", "is defined twice"),
    ("read whole", "read completely"),
    ("is tried again", "will retry"),
    ("nothing is known of", "is not known"),
    ("as it should be", "success"),
    ("if it stays so", "if it persists"),
    ("asks for any more", "no longer needed"),
];

/// What is shown is in texts of the code: comments may be terse.
#[test]
fn messages_are_said_as_platform_engineers_say_them() {
    let mut found = String::new();
    let code = files(&["src", "crates"], &[".rs"]);
    let code =
        code.iter().filter(|(name, _)| !name.contains("/tests") && !name.contains("fixture"));
    for (name, text) in code {
        for (number, line) in text.lines().enumerate() {
            let is_shown = !line.trim_start().starts_with("//") && line.contains('"');
            for (phrase, instead) in ARCHAIC {
                if is_shown && line.contains(phrase) {
                    let _ = writeln!(found, "{name}:{}: {phrase} ({instead})", number + 1);
                }
            }
        }
    }
    for (name, text) in files(&["README.md", "docs"], &[".md"]) {
        for (number, line) in text.lines().enumerate() {
            for (phrase, instead) in ARCHAIC {
                if line.contains(phrase) {
                    let _ = writeln!(found, "{name}:{}: {phrase} ({instead})", number + 1);
                }
            }
        }
    }
    assert_eq!(found, "");
}

#[test]
fn words_are_distinguished_from_names_and_texts() {
    assert_eq!(words("AwsAccount is aws_account2"), ["aws", "account", "is", "aws", "account", ""]);
    let line = r#"let look = "a few"; // by hand"#;
    assert_eq!(names(line).iter().filter(|it| !it.is_empty()).collect::<Vec<_>>(), ["let", "look"]);
    let file = [("a.rs".to_owned(), line.to_owned())];
    assert_eq!(occurrences(&file, &NO_NAMES, names), "a.rs:1: look (inputs, style)\n");
}
