//! Lists of objects, as `kubectl get -o yaml` writes them.

use crate::api::closest;
use crate::api::document::{self, Content, Diagnostic, Entry, Node, SourceFile};

/// The kind of a list whose items may be of any kind (`v1`).
const LIST: &str = "List";
/// What a list holds.
const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "items"];

/// The objects of a document: itself, or a list's items, those of lists in lists among them. Says
/// what is wrong with lists.
pub(super) fn objects_of(
    file: &SourceFile,
    node: Node,
    objects: &mut Vec<Node>,
    mistakes: &mut Vec<Diagnostic>,
) {
    let kind = node.get("kind").and_then(Node::text).unwrap_or_default().to_owned();
    let Some(of) = kind.strip_suffix(LIST).filter(|of| of.is_empty() || is_ours(of)) else {
        objects.push(node);
        return;
    };
    let mut say = |range, message: String, help: Option<String>| {
        mistakes.push(Diagnostic { file: file.clone(), range, message, help });
    };
    let place = node.summary_range();
    let Content::Map(entries) = node.content else { return };
    let version = entries.iter().find(|entry| entry.key == "apiVersion");
    if version.is_none() {
        let help = "a list begins with `apiVersion: v1` and `kind: List`".to_owned();
        say(place.clone(), "the field `apiVersion` is missing".to_owned(), Some(help));
    }
    let version = version.map(|entry| entry.value.clone());
    let mut items = None;
    for entry in entries {
        let known = FIELDS.contains(&entry.key.as_str());
        if entry.key == "items" {
            items = Some(entry.value);
        } else if !known {
            let help = closest(&entry.key, FIELDS).map(|name| format!("did you mean `{name}`?"));
            say(entry.key_range, format!("unknown field `{}`", entry.key), help);
        }
    }
    match items.map(|items| (items.summary_range(), items.content)) {
        Some((_, Content::List(items))) => {
            for item in items {
                let item = if of.is_empty() { item } else { named(item, of, version.as_ref()) };
                objects_of(file, item, objects, mistakes);
            }
        }
        Some((range, _)) => say(range, "`items` is not a list".to_owned(), None),
        None => say(place, "the field `items` is missing".to_owned(), None),
    }
}

fn is_ours(kind: &str) -> bool {
    document::of_kind(kind).is_some()
}

/// An item of a typed list, which may leave out what the list says of all its items.
fn named(mut item: Node, kind: &str, version: Option<&Node>) -> Node {
    let place = item.summary_range();
    let range = item.range.clone();
    let Content::Map(entries) = &mut item.content else { return item };
    let lacks = |entries: &[Entry], name: &str| entries.iter().all(|entry| entry.key != name);
    if lacks(entries, "kind") && lacks(entries, "apiVersion") {
        let kind = Node { content: Content::plain(kind), range: range.start..range.start };
        let fields = [("kind", Some(kind)), ("apiVersion", version.cloned())];
        for (key, value) in fields {
            let Some(value) = value else { continue };
            entries.push(Entry { key: key.to_owned(), key_range: place.clone(), value });
        }
    }
    item
}
