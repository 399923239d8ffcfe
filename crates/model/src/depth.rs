//! Bounds how deeply lists and maps nest, before anything that recurses sees the text.

/// How deeply lists and maps may nest in a configuration item, the item itself among them and
/// documents in strings counted where they stand.
pub const MAX_DEPTH: usize = 128;

/// Whether lists and maps nest deeper than `limit` in the JSON text.
///
/// For text that is no JSON the answer errs on the side of yes only where brackets outside
/// strings nest so.
pub(crate) fn exceeds(text: &[u8], limit: usize) -> bool {
    count_openers(text) > limit && deepest(text) > limit
}

/// How many `{` and `[` there are, in strings or not: nesting cannot be deeper. Written so that
/// the compiler vectorises it; the exact answer takes ten times as long.
fn count_openers(text: &[u8]) -> usize {
    text.chunks(128)
        .map(|chunk| {
            let openers: u8 = chunk.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum();
            usize::from(openers)
        })
        .sum()
}

fn deepest(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nesting_is_what_counts_and_not_brackets() {
        let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
        assert!(exceeds(deep.as_bytes(), 128));
        assert!(!exceeds(deep.as_bytes(), 129));
        let wide = format!("[{}{{}}]", "{},".repeat(1000));
        assert!(!exceeds(wide.as_bytes(), 2));
        assert!(exceeds(wide.as_bytes(), 1));
    }

    #[test]
    fn brackets_in_strings_do_not_nest() {
        let text = format!(r#"["{}", "\"{}"]"#, "[".repeat(500), "{".repeat(500));
        assert!(!exceeds(text.as_bytes(), 1));
    }
}
