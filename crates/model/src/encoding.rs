//! Text that is not UTF-8, known by its first bytes.

const UTF_16: &str = "this is UTF-16 text: save it as UTF-8";
const UTF_32: &str = "this is UTF-32 text: save it as UTF-8";

/// What is wrong with text of two or four bytes a letter, by its byte order mark or by the zeros beside
/// its first letter (YAML 1.2.2, section 5.2).
pub fn wide_text_problem(text: &[u8]) -> Option<&'static str> {
    match text {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(UTF_32),
        [0, 0, 0, first, ..] | [first, 0, 0, 0, ..] if *first != 0 => Some(UTF_32),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(UTF_16),
        [0, first, ..] | [first, 0, ..] if *first != 0 => Some(UTF_16),
        _ => None,
    }
}
