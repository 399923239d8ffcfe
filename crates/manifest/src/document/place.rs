//! From a place within a text's value to its place in the file, through quotes, escapes, folded
//! lines and indentation.

use std::ops::Range;

use serde_saphyr::granit_parser::ScalarStyle;

use super::node::Text;

/// The bytes in `source` of the bytes `part` of a text that stands at `range`.
pub(super) fn locate(
    source: &str,
    range: &Range<usize>,
    text: &Text,
    part: Range<usize>,
) -> Range<usize> {
    let Some(written) = source.get(range.clone()) else { return range.clone() };
    // The byte after the last one may be lines away from it, so ends are places of last bytes.
    let last = text.value.trim_end().len();
    let after = |byte: usize| match byte.min(last).checked_sub(1) {
        Some(before) => next_boundary(written, offset(written, text, before) + 1),
        None => 0,
    };
    let start = if part.start < last { offset(written, text, part.start) } else { after(last) };
    let end = if part.is_empty() { start } else { after(part.end).max(start) };
    range.start + start..range.start + end
}

fn next_boundary(text: &str, from: usize) -> usize {
    (from..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Where in `written` the character at the byte `wanted` of the value stands.
fn offset(written: &str, text: &Text, wanted: usize) -> usize {
    let quoted = matches!(text.style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
    let mut at = usize::from(quoted);
    // A block's leading empty lines are part of its value but not of its range.
    let leading = if is_block(text.style) && !written.starts_with('\n') {
        text.value.len() - text.value.trim_start_matches('\n').len()
    } else {
        0
    };
    for (place, character) in text.value.char_indices().skip_while(|(place, _)| *place < leading) {
        at = skip_unread(written, at, text, character);
        if place + character.len_utf8() > wanted {
            break;
        }
        at += width(written.get(at..).unwrap_or_default(), text, character);
    }
    at.min(written.len())
}

/// Passes over what is written and not part of the value: indentation, folded line ends.
fn skip_unread(written: &str, mut at: usize, text: &Text, character: char) -> usize {
    loop {
        let rest = written.get(at..).unwrap_or_default();
        let blank = rest.starts_with([' ', '\t', '\n', '\r']);
        let continued = text.style == ScalarStyle::DoubleQuoted && rest.starts_with("\\\n");
        if continued {
            at += 2;
            continue;
        }
        let folded = rest.starts_with('\n') && matches!(character, ' ' | '\n');
        if rest.starts_with(character) || folded || !blank {
            return at;
        }
        at += 1;
    }
}

/// How many bytes at the beginning of `rest` stand for `character`.
fn width(rest: &str, text: &Text, character: char) -> usize {
    if rest.starts_with('\n') {
        return 1 + indentation(rest.get(1..).unwrap_or_default(), text);
    }
    match text.style {
        ScalarStyle::SingleQuoted if rest.starts_with("''") => 2,
        ScalarStyle::DoubleQuoted if rest.starts_with('\\') => escape(rest),
        _ => character.len_utf8(),
    }
}

/// The indentation that is not part of the value at the beginning of a line.
fn indentation(line: &str, text: &Text) -> usize {
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    if is_block(text.style) { blanks.min(text.indent) } else { blanks }
}

/// The length of an escape sequence: YAML 1.2.2, section 5.7.
fn escape(rest: &str) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => 6,
        Some(b'U') => 10,
        _ => 2,
    }
}

const fn is_block(style: ScalarStyle) -> bool {
    matches!(style, ScalarStyle::Literal | ScalarStyle::Folded)
}

#[cfg(test)]
mod tests {
    use crate::document::read;

    /// Every word of the value, found in the file by its place in the value.
    fn words_stand_where_they_are_said_to(yaml: &str) {
        let (documents, mistakes) = read(yaml);
        assert_eq!(mistakes, []);
        let node = documents.first().unwrap().get("key").unwrap();
        let text = node.text().unwrap();
        let mut found = 0;
        for word in ["alpha", "beta", "gamma", "delta"] {
            let start = text.find(word).unwrap_or_else(|| panic!("{word} in {text:?}"));
            let place = node.part(yaml, start..start + word.len());
            assert_eq!(yaml.get(place), Some(word), "in {yaml:?}");
            found += 1;
        }
        assert_eq!(found, 4);
    }

    #[test]
    fn a_place_is_found_however_the_text_is_written() {
        for yaml in [
            "key: alpha beta gamma delta",
            "key: alpha  beta\n  gamma\n  delta\nother: 1",
            "key: 'alpha ''beta'' gamma\n\n  delta'",
            "key: \"alpha \\\"beta\\\" \\u00e9 gamma \\\n  delta\"",
            "key: \"alpha\\nbeta\\tgamma\n    delta\"",
            "key: |\n  alpha\n    beta\n\n  gamma delta\n",
            "key: >-\n  alpha\n  beta\n\n\n  gamma\n    delta\n",
            "key: |\n\n\n  alpha beta\n  gamma delta\n",
            "key: |2-\n    alpha beta\n  gamma delta\n",
            "{\"key\": \"alpha beta gamma delta\"}",
            "key: é alpha ü beta\n  ö gamma delta",
        ] {
            words_stand_where_they_are_said_to(yaml);
        }
    }

    #[test]
    fn an_empty_part_and_the_end_have_a_place_too() {
        let yaml = "key: |\n  alpha\n  beta\n";
        let (documents, _) = read(yaml);
        let node = documents.first().unwrap().get("key").unwrap();
        assert_eq!(node.part(yaml, 11..11), 21..21);
        assert_eq!(node.part(yaml, 10..11), 21..21);
        assert_eq!(node.part(yaml, 5..6), 14..15);
    }
}
