//! Texts and bytes between quotes, with the escapes of the CEL specification's lexis.

use super::constant::Constant;
use super::mistake::{Mistake, Span};

/// A quoted literal as it stands in the source.
pub(super) struct Quoted<'s> {
    is_raw: bool,
    is_bytes: bool,
    content: &'s str,
    /// Where the content begins, from the literal's start.
    begin: usize,
    /// Of the whole literal, prefix and quotes included.
    pub(super) length: usize,
}

/// The quoted literal that `rest`, which begins at `offset` of the source, begins with.
pub(super) fn quoted(rest: &str, offset: usize) -> Result<Option<Quoted<'_>>, Mistake> {
    let (is_bytes, after) = strip_prefix(rest, ['b', 'B']);
    let (is_raw, after) = strip_prefix(after, ['r', 'R']);
    let Some(quote) = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| after.starts_with(q))
    else {
        return Ok(None);
    };
    let content = after.get(quote.len()..).unwrap_or_default();
    let begin = rest.len() - content.len();
    let Some(end) = find_end(content, quote, is_raw) else {
        let first_line = rest.lines().next().unwrap_or_default().len();
        let span = Span::new(offset, offset + first_line);
        return Err(Mistake::new(format!("the string has no closing {quote}"), span));
    };
    let length = begin + end + quote.len();
    let content = content.get(..end).unwrap_or_default();
    Ok(Some(Quoted { is_raw, is_bytes, content, begin, length }))
}

fn strip_prefix(text: &str, prefixes: [char; 2]) -> (bool, &str) {
    match text.strip_prefix(prefixes) {
        Some(after) => (true, after),
        None => (false, text),
    }
}

fn find_end(content: &str, quote: &str, is_raw: bool) -> Option<usize> {
    let is_long = quote.len() == 3;
    let mut chars = content.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            _ if content.get(at..).is_some_and(|rest| rest.starts_with(quote)) => return Some(at),
            '\\' if !is_raw => {
                chars.next();
            }
            '\n' | '\r' if !is_long => return None,
            _ => {}
        }
    }
    None
}

/// The literal's value; it stands at `offset` of the source.
pub(super) fn unquote(quoted: &Quoted<'_>, offset: usize) -> Result<Constant, Mistake> {
    let content = quoted.content;
    if quoted.is_raw || !content.contains('\\') {
        return Ok(if quoted.is_bytes {
            Constant::Bytes(content.as_bytes().into())
        } else {
            Constant::String(content.into())
        });
    }
    let mut unescaped = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        unescaped.extend_from_slice(before.as_bytes());
        let start = offset + quoted.begin + content.len() - escape.len();
        rest = unescape(escape, quoted.is_bytes, &mut unescaped).ok_or_else(|| {
            let shown: String = escape.chars().take(2).collect();
            let span = Span::new(start, start + shown.len());
            Mistake::new(format!("`{shown}` is not a valid escape sequence"), span)
        })?;
    }
    unescaped.extend_from_slice(rest.as_bytes());
    if quoted.is_bytes {
        return Ok(Constant::Bytes(unescaped.into()));
    }
    let text = String::from_utf8_lossy(&unescaped);
    Ok(Constant::String(text.into()))
}

/// Reads the escape that `text` begins with, adds what it stands for, and gives the text after it.
fn unescape<'t>(text: &'t str, is_bytes: bool, into: &mut Vec<u8>) -> Option<&'t str> {
    let rest = text.strip_prefix('\\')?;
    let kind = rest.chars().next()?;
    let after = rest.get(kind.len_utf8()..)?;
    let simple = match kind {
        'a' => 0x07,
        'b' => 0x08,
        'f' => 0x0c,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0x0b,
        '\\' | '?' | '"' | '\'' | '`' => u8::try_from(kind).ok()?,
        'x' | 'X' => return numeric(after, 2, 16, is_bytes, into),
        'u' if !is_bytes => return numeric(after, 4, 16, false, into),
        'U' if !is_bytes => return numeric(after, 8, 16, false, into),
        '0'..='3' => return numeric(rest, 3, 8, is_bytes, into),
        _ => return None,
    };
    into.push(simple);
    Some(after)
}

fn numeric<'t>(
    text: &'t str,
    digits: usize,
    radix: u32,
    is_byte: bool,
    into: &mut Vec<u8>,
) -> Option<&'t str> {
    let (number, after) = text.split_at_checked(digits)?;
    if !number.bytes().all(|digit| char::from(digit).is_digit(radix)) {
        return None;
    }
    let number = u32::from_str_radix(number, radix).ok()?;
    if is_byte {
        into.push(u8::try_from(number).ok()?);
    } else {
        let char = char::from_u32(number)?;
        into.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Result<Constant, Mistake> {
        unquote(&quoted(source, 0)?.unwrap(), 0)
    }

    #[test]
    fn escapes_stand_for_characters() {
        for (source, text) in [
            (r#""\a\b\f\n\r\t\v\\\?\"\'\`""#, "\x07\x08\x0c\n\r\t\x0b\\?\"'`"),
            (r"'\x41\u00e9\U0001F600\101\377'", "Aé😀Aÿ"),
            (r#"r"\n""#, r"\n"),
            ("'''a'b\n'''", "a'b\n"),
            (r#""""a"b\"""""#, "a\"b\""),
        ] {
            assert_eq!(read(source), Ok(Constant::String(text.into())), "{source}");
        }
    }

    #[test]
    fn in_bytes_numbers_stand_for_bytes() {
        assert_eq!(read(r"b'\xff\000é'"), Ok(Constant::Bytes([255, 0, 0xc3, 0xa9].into())));
        assert_eq!(read(r"bR'\xff'"), Ok(Constant::Bytes(r"\xff".as_bytes().into())));
    }

    #[test]
    fn an_invalid_escape_is_pointed_at() {
        for (source, span) in [
            (r"'ab\q'", 3..5),
            (r"'\ud800'", 1..3),
            (r"'\U00110000'", 1..3),
            (r"b'\u0041'", 2..4),
            (r"'\x4'", 1..3),
            (r"'\400'", 1..3),
        ] {
            assert_eq!(read(source).unwrap_err().span, span, "{source}");
        }
    }

    #[test]
    fn a_text_ends_on_its_line() {
        for source in ["'abc", "'abc\n'", "'''abc''", r"'abc\'"] {
            assert!(quoted(source, 0).is_err(), "{source}");
        }
    }
}
