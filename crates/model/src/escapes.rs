//! Checks the escapes of strings before anything skips one: what reads JSON here takes the four bytes after
//! `\u` in a string that nobody asks for as they are, be it the quote that ends the string.

/// What is said of text in which an escape is none.
pub(crate) const INVALID: &str = "invalid escape in a string";

/// Where the first `\u` begins that four hexadecimal digits do not follow. Other escapes are checked where strings
/// are skipped, and outside strings no backslash is JSON.
pub(crate) fn invalid(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'\\', text.get(at..)?) {
        let backslash = at + found;
        let rest = text.get(backslash + 1..)?;
        if rest.first() == Some(&b'u') {
            let digits = rest.get(1..5);
            if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                return Some(backslash);
            }
        }
        at = backslash + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_follow() {
        for (text, expected) in [
            (r#"{"a": "plain"}"#, None),
            (r#""\u00e9 \\ \" \n""#, None),
            (r#""\\u00""#, None),
            (r#""a\u00e""#, Some(2)),
            (r#""\\\u00e:""#, Some(3)),
            (r#""\u","b":1"#, Some(1)),
            (r#""\u"#, Some(1)),
            ("\\", None),
        ] {
            assert_eq!(invalid(text.as_bytes()), expected, "{text}");
        }
    }
}
