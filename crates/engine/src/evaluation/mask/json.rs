//! JSON within a text, cut off or whole.

use bumpalo::Bump;

use super::{MASKED, Secrecy, value};
use cel::{from_json, to_json};

/// Nests deeper than what AWS Config records; what goes beyond is not looked into.
const MAX_DEPTH: usize = 64;

/// The JSON without its secrets; nothing within where it has none, nothing at all where the text
/// is no JSON.
#[allow(clippy::option_option)] // the outer one says whether it is JSON at all
pub(super) fn masked(text: &str) -> Option<Option<String>> {
    let json = serde_json::from_str::<serde_json::Value>(text).ok()?;
    Some(without_secrets(&json).map(|json| json.to_string()))
}

/// The same for JSON that stands below these names and may have been cut off; nothing where it
/// has no secrets.
pub(super) fn masked_below(names: &[&str], text: &str) -> Option<String> {
    let (json, end) = match (serde_json::from_str(text), text.strip_suffix('…')) {
        (Ok(json), _) => (json, ""),
        (Err(_), Some(cut)) if cut.starts_with(['{', '[', '"']) => match completed(cut) {
            Some(json) => (json, "…"),
            None => return Some(MASKED.to_owned()),
        },
        // `absent`, or what is none of ours.
        (Err(_), _) => return None,
    };
    let nested = names.iter().rev().fold(json, |json, name| {
        serde_json::Value::Object(std::iter::once(((*name).to_owned(), json)).collect())
    });
    let masked = without_secrets(&nested)?;
    let shown = names.iter().try_fold(&masked, |json, name| json.get(name))?;
    Some(format!("{shown}{end}"))
}

fn without_secrets(json: &serde_json::Value) -> Option<serde_json::Value> {
    let arena = Bump::new();
    let masked = value::masked(&from_json(json, &arena), Secrecy::Open, &[], &arena);
    masked.map(|masked| to_json(&masked))
}

/// The JSON that was cut off, with what was open closed.
fn completed(cut: &str) -> Option<serde_json::Value> {
    let (mut open, mut in_text, mut escaped) = (Vec::new(), false, false);
    for letter in cut.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '{' if !in_text => open.push('}'),
            '[' if !in_text => open.push(']'),
            '}' | ']' if !in_text => drop(open.pop()),
            _ => {}
        }
        if open.len() > MAX_DEPTH {
            return None;
        }
    }
    let closing: String = open.iter().rev().collect();
    let text = cut.trim_end_matches('\\');
    // The cut may have been in a text, a key, a number, a word or between these.
    let ends = if in_text { ["\"", "\":null"] } else { ["", ":null"] };
    ends.into_iter()
        .map(|end| format!("{text}{end}{closing}"))
        .chain([format!("{}{closing}", text.trim_end_matches([',', ':', ' ']))])
        .find_map(|text| serde_json::from_str(&text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_that_was_cut_off_is_masked_as_far_as_it_goes() {
        let whole =
            r#"{"a":[{"name":"X","value":"S"}],"environment":{"variables":{"K":"SECRET"}}}"#;
        for end in 1..whole.len() {
            let cut = format!("{}…", &whole[..end]);
            let shown = masked_below(&[], &cut).unwrap_or_else(|| cut.clone());
            assert!(!shown.contains("\"SE"), "{cut} became {shown}");
        }
    }

    #[test]
    fn json_without_secrets_stays_as_it_was_written() {
        for text in
            [r#"{"a":"b","c":[1,"d…"#, r#"["a","b"]"#, "\"Off\"", "absent", "true", "[{\"a\":1},…"]
        {
            let shown = masked_below(&[], text);
            assert!(shown.is_none_or(|it| it == MASKED && text.ends_with(",…")), "{text}");
        }
    }
}
