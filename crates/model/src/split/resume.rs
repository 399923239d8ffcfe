//! Finds where to go on after something broken.

use memchr::memmem;

use super::scan;

/// The keys of which one opens an item, and hardly ever anything inside one. Where it does, what
/// is found is no item, and that is reported.
const OPENING_KEYS: [&[u8]; 14] = [
    b"\"ARN\"",
    b"\"accountId\"",
    b"\"arn\"",
    b"\"awsAccountId\"",
    b"\"awsRegion\"",
    b"\"configuration\"",
    b"\"configurationItemCaptureTime\"",
    b"\"configurationItemStatus\"",
    b"\"configurationItemVersion\"",
    b"\"configurationStateId\"",
    b"\"relatedEvents\"",
    b"\"relationships\"",
    b"\"supplementaryConfiguration\"",
    b"\"version\"",
];

/// How much text the beginning of an item may need to be recognized.
pub(super) const BEGINNING: usize = 256;

/// The first place from `at` on where an item of a list seems to begin: a map after a comma whose
/// first key opens an item.
pub(super) fn next_item(bytes: &[u8], at: usize) -> Option<usize> {
    memchr::memchr_iter(b'{', bytes.get(at..)?).map(|found| at + found).find(|brace| {
        let before = bytes.get(..*brace).unwrap_or_default().trim_ascii_end();
        let key = scan::skip_space(bytes, brace + 1);
        let key = bytes.get(key..).unwrap_or_default();
        before.ends_with(b",") && opens_item(key)
    })
}

/// Whether the text begins with a key that opens an item.
pub(super) fn opens_item(text: &[u8]) -> bool {
    OPENING_KEYS.iter().any(|name| text.starts_with(name))
}

/// Whether the text ends with what may be the beginning of another item, cut within its first key.
pub(super) fn ends_in_opening(text: &[u8]) -> bool {
    let Some(brace) = memchr::memrchr(b'{', text).filter(|brace| *brace > 0) else { return false };
    let key = text.get(scan::skip_space(text, brace + 1)..).unwrap_or_default();
    text.get(..brace).is_some_and(|before| before.trim_ascii_end().ends_with(b","))
        && OPENING_KEYS.iter().any(|name| name.starts_with(key))
}

/// The first place from `at` on where a line begins with a map.
pub(super) fn next_line(bytes: &[u8], at: usize) -> Option<usize> {
    memmem::find(bytes.get(at..)?, b"\n{").map(|found| at + found + 1)
}
