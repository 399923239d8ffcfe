use std::io;

use super::*;

/// Gives its bytes a few at a time.
struct Slow<'a>(&'a [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = into.len().min(7).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        into[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

fn split(input: impl Read) -> (Vec<String>, SplitReport) {
    let mut splitter = Splitter::new(input);
    let (mut chunk, mut texts) = (Chunk::default(), Vec::new());
    while splitter.next_chunk(&mut chunk) {
        for (_, text) in chunk.texts() {
            texts.push(String::from_utf8_lossy(text).into_owned());
        }
    }
    (texts, splitter.finish())
}

fn whole(text: &str) -> Vec<String> {
    let (texts, report) = split(text.as_bytes());
    assert_eq!(report.problems, [], "{text}");
    assert_eq!(split(Slow(text.as_bytes())), (texts.clone(), report));
    texts
}

/// The items found and the places and reasons of the problems.
fn broken(text: &str) -> (Vec<String>, Vec<(u64, u64, String)>) {
    let (texts, report) = split(text.as_bytes());
    assert_eq!(split(Slow(text.as_bytes())), (texts.clone(), report.clone()));
    assert_eq!(report.problem_count, report.problems.len() as u64);
    let problems = report.problems.into_iter().map(|it| (it.index, it.offset, it.message));
    (texts, problems.collect())
}

#[test]
fn every_form_gives_its_items() {
    for text in [
        r#"{"fileVersion":"1.0","configSnapshotId":"x","configurationItems":[{"a":1},{"b":[2]}]}"#,
        r#" { "configurationItems" : [ {"a":1} , {"b":[2]} ] , "fileVersion" : "1.0" } "#,
        r#"{"baseConfigurationItems":[{"a":1}, {"b":[2]}],"unprocessedResourceKeys":[]}"#,
        r#"[{"a":1},{"b":[2]}]"#,
        "{\"a\":1}\r\n{\"b\":[2]}\r\n",
        "\u{feff}{\"a\":1}\n\n{\"b\":[2]}",
        "[{\"a\":1}]\n{\"configurationItems\":[{\"b\":[2]}]}",
    ] {
        assert_eq!(whole(text), [r#"{"a":1}"#, r#"{"b":[2]}"#], "{text}");
    }
    assert_eq!(whole(r#"{"Results":["{\"a\":1}"],"NextToken":null}"#), [r#""{\"a\":1}""#]);
    assert_eq!(whole(r#"{"configurationItems":[]}"#), [""; 0]);
    assert_eq!(whole(r#"{"configurationItem":{"a":1}}"#), [r#"{"configurationItem":{"a":1}}"#]);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn offsets_are_those_of_the_stream_however_it_is_cut_into_chunks() {
    let long = "x".repeat(CHUNK + 100);
    let items: Vec<String> = (0..2000)
        .map(|at| {
            if at == 700 {
                format!(r#"{{"a":"{long}"}}"#)
            } else {
                format!(r#"{{"a":{at},"b":"{}"}}"#, "y".repeat(at))
            }
        })
        .collect();
    let text = format!("{{\"configurationItems\": [\n{}]}}", items.join(",\n"));
    let mut splitter = Splitter::new(text.as_bytes());
    let (mut chunk, mut count, mut chunks) = (Chunk::default(), 0, 0);
    while splitter.next_chunk(&mut chunk) {
        chunks += 1;
        for (span, item) in chunk.texts() {
            assert_eq!(span.index, count);
            assert_eq!(item, items[usize::try_from(count).unwrap()].as_bytes());
            let offset = usize::try_from(span.offset).unwrap();
            assert_eq!(&text.as_bytes()[offset..offset + item.len()], item);
            count += 1;
        }
    }
    assert_eq!((count, splitter.finish().problem_count), (2000, 0));
    assert!(chunks > 4, "{chunks}");
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_text_cut_anywhere_is_never_whole() {
    let text = r#"{"fileVersion":"1.0","configurationItems":[{"version":"1","b":"\"]}"},{"version":1.5,"a":[{}]}],"id":"x"}"#;
    for end in 0..text.len() {
        let (_, report) = split(&text.as_bytes()[..end]);
        assert!(report.problem_count > 0, "{}", &text[..end]);
    }
}

#[test]
fn a_broken_line_is_reported_and_the_next_lines_are_read() {
    let good = r#"{"a":1}"#;
    for bad in [r#"{"a":"x}"#, r#"{"a":[1}"#, r#"{"a" 1}"#, "nonsense", "{", "}", "]"] {
        let text = format!("{good}\n{bad}\n{good}\n{good}");
        let (items, problems) = broken(&text);
        assert_eq!(items, [good, good, good], "{bad}");
        assert_eq!(
            (problems.len(), problems[0].0, problems[0].1),
            (1, 1, 8),
            "{bad}: {problems:?}"
        );
    }
}

#[test]
fn a_broken_item_of_a_list_is_reported_and_the_next_items_are_read() {
    let good = r#"{"version":"1.3","a":[{"b":1}]}"#;
    for bad in [
        r#"{"version":"1.3","a":"x}"#,
        r#"{"version":"1.3","a":[1}"#,
        r#"{"version":"1.3""#,
        r#"{"version":"1.3"}}"#,
        r#"{"version":"1.3"} {}"#,
        "",
    ] {
        let text =
            format!(r#"{{"configurationItems":[{good},{bad},{good},{good}],"fileVersion":"1.0"}}"#);
        let (items, problems) = broken(&text);
        assert!(!problems.is_empty(), "{bad}");
        assert!(items.iter().filter(|item| *item == good).count() >= 3, "{bad}: {items:?}");
        assert!((54..=75).contains(&problems[0].1), "{bad}: {problems:?}");
    }
}

#[test]
fn what_is_broken_still_says_what_it_was() {
    let whole = r#"{"version":"1.3","a":[{"b":1}],"resourceId":"x","awsRegion":"eu-west-1"}"#;
    let known = |text: String| {
        let (_, report) = split(text.as_bytes());
        assert_eq!(split(Slow(text.as_bytes())).1, report);
        match &report.problems[..] {
            [SplitProblem { part: LostPart::Item(traces), .. }, ..] => {
                traces.id.as_deref().map(String::from)
            }
            _ => None,
        }
    };
    let broken = whole.replace("[{", "[");
    assert_eq!(known(format!("{whole}\n{broken}\n{whole}")).as_deref(), Some("x"));
    assert_eq!(known(format!("[{whole},{broken},{whole}]")).as_deref(), Some("x"));
    // What ends the stream may have been followed by anything.
    assert_eq!(known(format!("{whole}\n{broken}")), None);
    // What opens otherwise than items do may be several.
    let odd = broken.replacen('{', r#"{"odd":1,"#, 1);
    assert_eq!(known(format!("[{odd},{odd},{whole}]")), None);
}

#[test]
fn what_is_in_no_structure_is_a_problem() {
    for (text, reason) in [
        ("", "empty"),
        (" \r\n", "empty"),
        ("\u{feff}", "empty"),
        ("12", "expected a configuration item"),
        (r#"[{"a":1}] x"#, "expected a configuration item"),
        (r#"{"configurationItems":[{"a":1}]}}"#, "expected a configuration item"),
        (r#"{"configurationItems":[{"a":1}],"fileVersion":nope}"#, "invalid"),
        (r#"{"configurationItems":[{"a":1}],}"#, "field name"),
        (r#"[{"a":1},]"#, "missing"),
        (r#"{"Results":[],"NextToken":"t"}"#, "more pages"),
        (r#"{"baseConfigurationItems":[],"unprocessedResourceKeys":[{}]}"#, "unprocessed"),
    ] {
        let (_, problems) = broken(text);
        assert!(problems.iter().any(|it| it.2.contains(reason)), "{text}: {problems:?}");
    }
}

#[test]
fn only_the_last_page_says_whether_there_are_more() {
    let text = "{\"Results\":[],\"NextToken\":\"t\"}\n{\"Results\":[\"{}\"]}";
    assert_eq!(whole(text).len(), 1);
}

#[test]
fn a_page_of_another_query_does_not_end_this_one() {
    let page =
        r#"{"Results":["{}"],"QueryInfo":{"SelectFields":[{"FieldName":"a"}]},"NextToken":"t"}"#;
    for next in [
        "[]",
        r#"{"configurationItems":[]}"#,
        r#"{"Results":[],"QueryInfo":{"SelectFields":[{"FieldName":"b"}]}}"#,
    ] {
        for text in [format!("{page}\n{next}"), format!("{next}\n{page}")] {
            let (_, problems) = broken(&text);
            assert!(problems.iter().any(|it| it.2.contains("more pages")), "{text}: {problems:?}");
        }
    }
    let last = page.replace(r#","NextToken":"t""#, "");
    assert_eq!(whole(&format!("{page}\n{page}\n{last}")).len(), 3);
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn an_item_without_end_is_given_up_within_bounded_memory() {
    let mut text = br#"[{"version":1},{"version":""#.to_vec();
    text.resize(2 << 20, b'x');
    text.extend_from_slice(br#"","resourceId":"long"},{"version":2}]"#);
    let mut splitter = Splitter::new(&text[..]);
    splitter.max_item = 128 << 10;
    let (mut chunk, mut items) = (Chunk::default(), 0);
    while splitter.next_chunk(&mut chunk) {
        items += chunk.items.len();
        assert!(splitter.window.len() <= 2 * CHUNK, "{}", splitter.window.len());
    }
    let report = splitter.finish();
    assert_eq!(items, 2);
    assert!(report.problems[0].message.contains("16 MiB"), "{report:?}");
    let LostPart::Item(traces) = &report.problems[0].part else { panic!("{report:?}") };
    assert_eq!(traces.id.as_deref(), Some("long"));
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn many_items_without_end_do_not_take_for_ever() {
    let text = format!("[{}", "{\"version\":{},".repeat(4000));
    let (_, report) = split(text.as_bytes());
    assert!(report.problem_count > 0);
}

#[test]
fn an_error_while_reading_is_a_problem() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }
    let (items, report) = split(br#"[{"a":1},"#.chain(Failing));
    assert_eq!(items, [r#"{"a":1}"#]);
    assert!(report.problems[0].message.contains("too early"), "{report:?}");
}
