//! Gzip input: whatever another reader takes is read the same, what was compressed in parts comes back
//! whole, and what was cut off, changed or followed by something else is said.

use std::fs;
use std::io::{self, Read, Write};

use aws::source::snapshot::open_text;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::folder;
use crate::random::Followed;

/// So much is read of a text: a small file may hold very much.
const MOST: u64 = 8 << 20;

/// Reads the bytes as a file, and then as the text of one.
pub fn check(data: &[u8]) {
    let found = read(data);
    if data.starts_with(&[0x1f, 0x8b]) {
        let mut expected = Vec::new();
        let theirs = MultiGzDecoder::new(data).take(MOST).read_to_end(&mut expected);
        assert_eq!(found.is_ok(), theirs.is_ok(), "{found:?}, {theirs:?}");
        if let Ok(found) = found {
            assert!(found == expected, "another text");
        }
    } else {
        assert!(found.is_ok_and(|found| found == data), "what is not compressed is itself");
    }
    comes_back(data, &mut Followed::from(data));
}

fn read(file: &[u8]) -> io::Result<Vec<u8>> {
    let path = folder::file("input.json.gz");
    fs::write(&path, file)?;
    let mut text = Vec::new();
    open_text(&path)?.take(MOST).read_to_end(&mut text)?;
    Ok(text)
}

/// The text in some members, one after the other.
fn comes_back(text: &[u8], choices: &mut Followed) {
    let (mut file, mut ends, mut begin) = (Vec::new(), Vec::new(), 0);
    for left in (0..=choices.below(3)).rev() {
        let end =
            if left == 0 { text.len() } else { begin + choices.below(text.len() - begin + 1) };
        file.extend(compressed(&text[begin..end]));
        ends.push((file.len(), end));
        begin = end;
    }
    assert!(read(&file).unwrap() == text, "not what was compressed");

    let cut = 2 + choices.below(file.len() - 2);
    match ends.iter().find(|(at, _)| *at == cut) {
        Some((_, end)) => assert!(read(&file[..cut]).unwrap() == text[..*end]),
        None => assert!(read(&file[..cut]).is_err(), "cut at {cut} of {}", file.len()),
    }

    let changed = 2 + choices.below(file.len() - 2);
    let mut other = file.clone();
    other[changed] ^= 1 << choices.below(8);
    // Some bits of a header say nothing about the text.
    assert!(read(&other).is_ok_and(|found| found == text) || read(&other).is_err());

    file.push(b"\0{\n\x1f"[choices.below(4)]);
    assert!(read(&file).is_err(), "more follows");
}

fn compressed(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}
