//! Manifests: every place is one in the text, what is read is read again from the JSON that it says, and
//! a text that is JSON is read as another parser reads it.

use std::ops::Range;

use engine::catalog::Catalog;
use manifest::Objects;
use manifest::document::{Content, Node, SourceFile, read};
use serde_json::Value as Json;

use crate::item::has_fraction;

/// Reads the text of a file, and then the objects in it.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (documents, mistakes) = read(text);
    for mistake in &mistakes {
        is_place(text, &mistake.range);
    }
    for document in &documents {
        places(text, document);
    }
    if mistakes.is_empty() {
        documents.iter().for_each(is_read_again);
    }
    is_read_as_json(text, &documents, mistakes.is_empty());
    objects(text);
}

fn is_place(text: &str, range: &Range<usize>) {
    assert!(text.get(range.clone()).is_some(), "{range:?} of {}", text.len());
}

fn places(text: &str, node: &Node) {
    is_place(text, &node.range);
    match &node.content {
        Content::Text(it) => {
            let length = it.value.len();
            for part in [0..0, 0..length, length / 2..length, length..length] {
                is_place(text, &node.part(text, part));
            }
        }
        Content::List(items) => items.iter().for_each(|item| places(text, item)),
        Content::Map(entries) => {
            for entry in entries {
                is_place(text, &entry.key_range);
                places(text, &entry.value);
            }
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {}
    }
}

/// What JSON writes in strings as they are and YAML does not take so (YAML 1.2.2, section 5.1), and
/// what it folds or takes for the beginning of a line.
fn prints_otherwise(character: char) -> bool {
    matches!(
        character,
        '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{2028}' | '\u{2029}'
    )
}

fn is_read_again(document: &Node) {
    let json = document.to_json();
    let text = json.to_string();
    // The name of a field and its colon stand within 1024 characters (section 7.4.3).
    if text.contains(prints_otherwise) || text.len() > 1000 {
        return;
    }
    let (again, mistakes) = read(&text);
    assert_eq!(mistakes, [], "{text}");
    assert_eq!(again.len(), 1, "{text}");
    assert_eq!(again[0].to_json(), json, "{text}");
}

fn is_read_as_json(text: &str, documents: &[Node], is_sound: bool) {
    let Ok(json) = serde_json::from_str::<Json>(text) else { return };
    // Of what is defined twice JSON says nothing; tabs may not indent; escapes of halves of characters are
    // JSON only; numbers may be written in ways that are texts in YAML.
    let differs = |it: char| prints_otherwise(it) || matches!(it, '\t' | '\\' | '\r');
    if !is_sound || text.contains(differs) || text.len() > 1000 || has_fraction(&json) {
        return;
    }
    assert_eq!(documents.len(), 1, "{text:?}");
    assert_eq!(documents[0].to_json(), json, "{text:?}");
}

fn objects(text: &str) {
    let file = SourceFile::new("fuzzed.yaml", text);
    let mut objects = Objects::default();
    for mistake in objects.add(&file) {
        is_place(text, &mistake.range);
        assert!(!mistake.in_one_line().contains('\n'), "{}", mistake.in_one_line());
        let _ = (mistake.line(), mistake.column(), mistake.lines_around());
    }
    let controls = objects.controls.iter().map(|control| control.object.clone());
    let packs = objects.packs.iter().map(|pack| pack.object.clone());
    let (catalog, problems) = Catalog::default().with(controls, packs);
    for control in &objects.controls {
        let name = control.object.metadata.name.as_deref().unwrap_or_default();
        assert!(catalog.control(name).is_some() || !problems.is_empty(), "{name} is neither");
    }
}
