//! Finds where JSON values end, by their brackets and quotes alone. Whether what stands between
//! is JSON is for the parser to say; a text that is none still ends somewhere, or is reported broken.
//!
//! Lists and maps are scanned 64 bytes at a time through masks with one bit a byte, written so
//! that the compiler vectorises them.

use crate::depth::MAX_DEPTH;

/// What a scan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scan {
    /// The value ends before this position.
    End(usize),
    /// The bytes end before the value does.
    More,
    /// The value has no end that could be determined.
    Broken(&'static str),
}

/// Why a value with an open string is broken.
const OPEN_STRING: &str = "a string is not closed before the end of its line";

/// The position of the first byte from `at` on that is no white space.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let space = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    at + space.unwrap_or(rest.len())
}

/// Scans the value that begins at `at`.
pub(crate) fn value(bytes: &[u8], at: usize) -> Scan {
    match bytes.get(at) {
        None => Scan::More,
        Some(b'{' | b'[') => container(bytes, at),
        Some(b'"') => string(bytes, at),
        Some(b',' | b':' | b'}' | b']') => Scan::Broken("a value is missing"),
        Some(_) => scalar(bytes, at),
    }
}

/// Scans the string whose opening quote is at `at`.
pub(crate) fn string(bytes: &[u8], at: usize) -> Scan {
    let mut from = at + 1;
    loop {
        let rest = bytes.get(from..).unwrap_or_default();
        match memchr::memchr3(b'"', b'\\', b'\n', rest).map(|found| (from + found, rest.get(found)))
        {
            None => return Scan::More,
            Some((at, Some(b'"'))) => return Scan::End(at + 1),
            // No line ends inside a string, also where it is cut after a backslash.
            Some((at, Some(b'\\'))) if bytes.get(at + 1) != Some(&b'\n') => from = at + 2,
            Some(_) => return Scan::Broken(OPEN_STRING),
        }
    }
}

/// Scans what is neither list, map nor string.
fn scalar(bytes: &[u8], at: usize) -> Scan {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().position(ends).map_or(Scan::More, |length| Scan::End(at + length))
}

/// Scans the list or map that opens at `at`.
fn container(bytes: &[u8], at: usize) -> Scan {
    let (blocks, rest) = bytes.get(at..).unwrap_or_default().as_chunks::<64>();
    let mut nesting = Nesting::default();
    for (number, block) in blocks.iter().enumerate() {
        if let Some(scan) = nesting.advance(block) {
            return scan.moved(at + number * 64);
        }
    }
    let mut last = [b' '; 64];
    for (to, from) in last.iter_mut().zip(rest) {
        *to = *from;
    }
    nesting.advance(&last).map_or(Scan::More, |scan| scan.moved(at + blocks.len() * 64))
}

impl Scan {
    fn moved(self, by: usize) -> Self {
        match self {
            Self::End(at) => Self::End(at + by),
            other => other,
        }
    }
}

/// Which brackets and quotes are open between one block and the next.
#[derive(Default)]
struct Nesting {
    /// How many lists and maps are open.
    depth: usize,
    /// One bit for each of them, the innermost lowest: whether it is a map.
    maps: u128,
    /// All ones inside a string.
    in_string: u64,
    /// One if the block's first byte is escaped.
    escaped: u64,
}

impl Nesting {
    /// Goes through a block: the end of the outermost list or map, or nothing if it goes on.
    fn advance(&mut self, block: &[u8; 64]) -> Option<Scan> {
        let mut quotes = mask(block, |byte| byte == b'"');
        if self.escaped == 1 || has(block, b'\\') {
            quotes &= !self.escaped_bytes(block);
        }
        let in_string = prefix_xor(quotes) ^ self.in_string;
        self.in_string = if in_string >> 63 == 1 { u64::MAX } else { 0 };
        let brackets = mask(block, |byte| matches!(byte | 0x20, b'{' | b'}')) & !in_string;
        let end = self.pass(block, brackets);
        if has(block, b'\n') {
            let within = match end {
                Some(Scan::End(end)) => u64::MAX >> (64 - end),
                _ => u64::MAX,
            };
            if mask(block, |byte| byte == b'\n') & in_string & within != 0 {
                return Some(Scan::Broken(OPEN_STRING));
            }
        }
        end
    }

    /// Goes through the block's brackets.
    fn pass(&mut self, block: &[u8; 64], mut brackets: u64) -> Option<Scan> {
        while brackets != 0 {
            let at = brackets.trailing_zeros() as usize;
            brackets &= brackets - 1;
            let bracket = block.get(at)?;
            let map = u128::from(bracket >> 5 & 1);
            if bracket | 0x20 == b'{' {
                self.depth += 1;
                self.maps = self.maps << 1 | map;
                if self.depth > MAX_DEPTH {
                    return Some(Scan::Broken("its lists and maps are nested too deeply"));
                }
                continue;
            }
            if self.maps & 1 != map {
                return Some(Scan::Broken("a bracket is closed by one of another kind"));
            }
            self.depth -= 1;
            self.maps >>= 1;
            if self.depth == 0 {
                return Some(Scan::End(at + 1));
            }
        }
        None
    }

    /// The bytes that follow a backslash which is not itself escaped.
    fn escaped_bytes(&mut self, block: &[u8; 64]) -> u64 {
        let mut escaped = std::mem::take(&mut self.escaped);
        let mut backslashes = mask(block, |byte| byte == b'\\') & !escaped;
        while backslashes != 0 {
            let at = backslashes.trailing_zeros();
            if at == 63 {
                self.escaped = 1;
                break;
            }
            escaped |= 2 << at;
            backslashes &= !(3 << at);
        }
        escaped
    }
}

/// Whether a byte is in the block. `contains` looks for it eight bytes at a time; this is vectorised.
fn has(block: &[u8; 64], byte: u8) -> bool {
    block.iter().fold(0, |found, other| found | u8::from(*other == byte)) != 0
}

/// One bit for each byte of the block of which `is` holds.
fn mask(block: &[u8; 64], is: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0_u8; 64];
    for ((flag, byte), row) in flags.iter_mut().zip(block).zip(ROWS.as_flattened()) {
        *flag = u8::from(is(*byte)).wrapping_neg() & row;
    }
    let (eights, _) = flags.as_chunks::<8>();
    transpose(eights.iter().fold(0, |rows, eight| rows | u64::from_le_bytes(*eight)))
}

/// The bit that stands for each eight bytes of a block.
const ROWS: [[u8; 8]; 8] = [[1; 8], [2; 8], [4; 8], [8; 8], [16; 8], [32; 8], [64; 8], [128; 8]];

/// Takes eight rows of eight bits for columns (H. S. Warren, Hacker's Delight, section 7-3).
fn transpose(mut bits: u64) -> u64 {
    for (shift, swapped) in
        [(7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0xF0F0_F0F0)]
    {
        let other = (bits ^ (bits >> shift)) & swapped;
        bits ^= other ^ (other << shift);
    }
    bits
}

/// Each bit is the exclusive or of itself and all bits below: ones from each odd bit to the next.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_ends_where_its_brackets_close() {
        for (text, end) in [
            (r#"{"a":[1,{}]} x"#, 12),
            (r#"["]",1]]"#, 7),
            (r#""a\"b\\"c"#, 8),
            ("12,", 2),
            (r#"{"a":"\\"}}"#, 10),
            (r#"{"a":"\\\"}"}}"#, 13),
        ] {
            assert_eq!(value(text.as_bytes(), 0), Scan::End(end), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_cut_needs_more() {
        for text in ["", "{", "[1,", r#""abc"#, r#""abc\"#, "12", r#"{"a":"}"#] {
            assert_eq!(value(text.as_bytes(), 0), Scan::More, "{text}");
        }
    }

    #[test]
    fn wrong_brackets_and_torn_strings_are_broken() {
        for text in ["{\"a\":[1}", "[}", "{\"a\nb\":1}", "\"a\nb\"", "}"] {
            let scan = value(text.as_bytes(), 0);
            assert!(matches!(scan, Scan::Broken(_) | Scan::More), "{text}: {scan:?}");
        }
        assert!(matches!(value(b"{\"a\":[1}}", 0), Scan::Broken(_)));
    }

    /// The same, byte by byte; nothing for broken text.
    fn slow(text: &[u8]) -> Option<Scan> {
        let (mut open, mut in_string, mut escaped) = (Vec::new(), false, false);
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'"' if !escaped => in_string = !in_string,
                b'{' | b'[' if !in_string => open.push(byte + 2),
                b'}' | b']' if !in_string && open.pop() != Some(*byte) => return None,
                b'}' | b']' if open.is_empty() => return Some(Scan::End(at + 1)),
                _ => {}
            }
            escaped = *byte == b'\\' && !escaped;
        }
        Some(Scan::More)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        #[cfg_attr(miri, ignore = "too long for an interpreter")]
        fn blocks_find_the_end_that_bytes_find(
            text in r#"\{([\[\]{}"\\a ,:]|\\\\|xyzxyzxyzxyzxyz){0,300}"#,
            padding in 0_usize..70,
        ) {
            let text = format!("{}{text}", " ".repeat(padding));
            let scan = match value(text.as_bytes(), padding) {
                Scan::Broken(_) => None,
                scan => Some(scan),
            };
            prop_assert_eq!(scan, slow(text.as_bytes()));
        }
    }
}
