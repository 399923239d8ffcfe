use super::super::tests::{failure_of, int, method, s, value_of, value_of_method};
use crate::signature::Failure;
use crate::{Duration, Timestamp, TypeName, Value};

fn text(name: &str, arguments: &[Value<'_>]) -> String {
    value_of_method(name, arguments)
}

fn fails(name: &str, arguments: &[Value<'_>]) -> bool {
    matches!(method(name, arguments), Err(Failure::Invalid(_)))
}

fn formatted(template: &str, values: &[Value<'_>]) -> String {
    text("format", &[s(template), Value::List(values)])
}

#[test]
fn positions_are_code_points() {
    assert_eq!(text("charAt", &[s("©αT"), int(1)]), r#""α""#);
    assert_eq!(text("charAt", &[s("©αT"), int(3)]), r#""""#);
    assert_eq!(text("indexOf", &[s("ta©o©αT"), s("©αT"), int(3)]), "4");
    assert_eq!(text("lastIndexOf", &[s("ta©o©αT"), s("©"), int(3)]), "2");
    assert_eq!(text("substring", &[s("ta©o©αT"), int(2), int(6)]), r#""©o©α""#);
    assert_eq!(text("substring", &[s("tacocat"), int(7)]), r#""""#);
}

#[test]
fn positions_outside_the_text_are_refused() {
    assert!(fails("charAt", &[s("abc"), int(4)]));
    assert!(fails("charAt", &[s("abc"), int(-1)]));
    assert!(fails("substring", &[s("abc"), int(4)]));
    assert!(fails("substring", &[s("abc"), int(2), int(1)]));
    assert!(fails("indexOf", &[s("abc"), s("a"), int(-1)]));
    assert!(fails("lastIndexOf", &[s("abc"), s("a"), int(-1)]));
}

#[test]
fn a_part_is_found_from_either_end() {
    assert_eq!(text("indexOf", &[s("tacocat"), s("ac")]), "1");
    assert_eq!(text("indexOf", &[s("tacocat"), s("none")]), "-1");
    assert_eq!(text("indexOf", &[s("tacocat"), s("a"), int(3)]), "5");
    assert_eq!(text("indexOf", &[s("tacocat"), s("a"), int(99)]), "-1");
    assert_eq!(text("lastIndexOf", &[s("tacocat"), s("at")]), "5");
    assert_eq!(text("lastIndexOf", &[s("bananananana"), s("nana"), int(7)]), "6");
    assert_eq!(text("lastIndexOf", &[s("hello wello"), s("ello"), int(6)]), "1");
    assert_eq!(text("lastIndexOf", &[s("tacocat"), s("a"), int(99)]), "-1");
    assert_eq!(text("lastIndexOf", &[s(""), s("@@")]), "-1");
}

#[test]
fn an_empty_part_stands_everywhere() {
    assert_eq!(text("indexOf", &[s("tacocat"), s("")]), "0");
    assert_eq!(text("indexOf", &[s("tacocat"), s(""), int(3)]), "3");
    assert_eq!(text("indexOf", &[s("tacocat"), s(""), int(99)]), "7");
    assert_eq!(text("lastIndexOf", &[s("tacocat"), s("")]), "7");
    assert_eq!(text("lastIndexOf", &[s("tacocat"), s(""), int(3)]), "3");
    assert_eq!(text("lastIndexOf", &[s("tacocat"), s(""), int(7)]), "7");
}

#[test]
fn a_search_never_cuts_a_code_point() {
    assert_eq!(text("lastIndexOf", &[s("aéé"), s("aé"), int(0)]), "0");
    assert_eq!(text("lastIndexOf", &[s("éa"), s("a"), int(0)]), "-1");
}

#[test]
fn lists_of_texts_are_joined() {
    let parts = [s("a"), s("é")];
    assert_eq!(text("join", &[Value::List(&parts)]), r#""aé""#);
    assert_eq!(text("join", &[Value::List(&parts), s(", ")]), r#""a, é""#);
    assert_eq!(text("join", &[Value::List(&[]), s("-")]), r#""""#);
    let mixed = method("join", &[Value::List(&[s("a"), int(1)])]).unwrap_err();
    assert_eq!(mixed.to_string(), "join: no overload for (int)");
}

#[test]
fn texts_are_split_at_a_separator_up_to_a_limit() {
    let words = s("hello world events!");
    assert_eq!(text("split", &[words, s(" ")]), r#"["hello", "world", "events!"]"#);
    assert_eq!(text("split", &[words, s(" "), int(0)]), "[]");
    assert_eq!(text("split", &[words, s(" "), int(2)]), r#"["hello", "world events!"]"#);
    assert_eq!(text("split", &[s("o©o"), s("©"), int(-1)]), r#"["o", "o"]"#);
    assert_eq!(text("split", &[s(""), s(",")]), r#"[""]"#);
}

#[test]
fn an_empty_separator_splits_into_code_points() {
    assert_eq!(text("split", &[s("aéb"), s("")]), r#"["a", "é", "b"]"#);
    assert_eq!(text("split", &[s("aéb"), s(""), int(2)]), r#"["a", "éb"]"#);
    assert_eq!(text("split", &[s("aéb"), s(""), int(0)]), "[]");
    assert_eq!(text("split", &[s(""), s("")]), "[]");
}

#[test]
fn parts_are_replaced_up_to_a_limit() {
    let hours = s("{0} days {0} hours");
    assert_eq!(text("replace", &[hours, s("{0}"), s("2")]), r#""2 days 2 hours""#);
    assert_eq!(text("replace", &[hours, s("{0}"), s("2"), int(1)]), r#""2 days {0} hours""#);
    assert_eq!(text("replace", &[hours, s("{0}"), s("2"), int(0)]), r#""{0} days {0} hours""#);
    assert_eq!(text("replace", &[s("é"), s(""), s("-")]), r#""-é-""#);
}

#[test]
fn a_replacement_that_would_fill_the_memory_runs_out_of_fuel() {
    let (long, many) = ("x".repeat(1_000_000), "a".repeat(1_000_000));
    let outcome = method("replace", &[s(&many), s("a"), s(&long)]);
    assert_eq!(outcome, Err(Failure::OutOfFuel));
}

#[test]
fn only_ascii_letters_change_case() {
    assert_eq!(text("lowerAscii", &[s("TacoCÆt")]), r#""tacocÆt""#);
    assert_eq!(text("upperAscii", &[s("tacoCαt")]), r#""TACOCαT""#);
}

#[test]
fn white_space_is_what_unicode_says() {
    assert_eq!(
        text("trim", &[s(" \u{c}\n\r\t\u{b}\u{85}\u{a0}text\u{2003}\u{3000} ")]),
        r#""text""#
    );
    assert_eq!(text("trim", &[s("\u{200b}a")]), format!("{:?}", "\u{200b}a"));
}

#[test]
fn a_text_is_reversed_by_code_points() {
    assert_eq!(text("reverse", &[s("aéb")]), r#""béa""#);
}

#[test]
fn a_quoted_text_is_a_literal() {
    let quoted = value_of("strings.quote", &[s("a\u{7}\u{8}\u{c}\n\r\t\u{b}\\\"é")]);
    assert_eq!(quoted, format!("{:?}", r#""a\a\b\f\n\r\t\v\\\"é""#));
}

#[test]
fn s_writes_every_value() {
    let map = [(s("k2"), Value::Null), (int(1), Value::Bool(true))];
    let time = Timestamp { seconds: 1_675_467_080, nanoseconds: 0 };
    let values = [
        s("a"),
        int(-1),
        Value::UInt(2),
        Value::Double(56.8),
        Value::Bytes(b"xyz"),
        Value::Timestamp(time),
        Value::Duration(Duration { seconds: 6347, nanoseconds: 0 }),
        Value::Type(TypeName::String),
        Value::List(&[Value::Map(&map)]),
    ];
    assert_eq!(
        formatted("%s %s %s %s %s %s %s %s %s", &values),
        r#""a -1 2 56.8 xyz 2023-02-03T23:31:20Z 6347s string [{1: true, k2: null}]""#
    );
}

#[test]
fn numbers_are_written_in_the_base_asked_for() {
    let values = [int(5), int(-11), Value::UInt(65535), int(30), s("Hi"), Value::Bool(true)];
    assert_eq!(formatted("%b %o %o %X %x %b", &values), r#""101 -13 177777 1E 4869 1""#);
    assert_eq!(
        formatted("%d %d", &[int(i64::MIN), Value::UInt(u64::MAX)]),
        r#""-9223372036854775808 18446744073709551615""#
    );
}

#[test]
fn floats_have_six_decimals_or_as_many_as_asked_for() {
    let values = [Value::Double(2.5), int(2), Value::Double(1.2345)];
    assert_eq!(formatted("%f %f %.3f", &values), r#""2.500000 2.000000 1.234""#);
    let values = [Value::Double(1_052.032_911_275), Value::Double(0.000_12), Value::UInt(3)];
    assert_eq!(formatted("%.6e %.1e %e", &values), r#""1.052033e+03 1.2e-04 3.000000e+00""#);
    assert_eq!(formatted("%f", &[Value::Double(f64::NEG_INFINITY)]), r#""-Infinity""#);
    assert_eq!(formatted("%e", &[Value::Double(f64::NAN)]), r#""NaN""#);
}

#[test]
fn percent_signs_are_escaped_by_doubling() {
    assert_eq!(formatted("%%%s%% 100%%", &[s("é")]), r#""%é% 100%""#);
}

#[test]
fn a_template_that_does_not_fit_its_arguments_is_refused() {
    let cases: [(&str, &[Value<'_>]); 7] = [
        ("%s %s", &[s("a")]),
        ("%s", &[s("a"), s("b")]),
        ("%", &[s("a")]),
        ("%.", &[s("a")]),
        ("%q", &[s("a")]),
        ("%.9999f", &[int(1)]),
        ("%.f", &[int(1)]),
    ];
    for (template, values) in cases {
        assert!(fails("format", &[s(template), Value::List(values)]), "{template}");
    }
}

#[test]
fn a_value_that_a_directive_does_not_write_is_a_wrong_type() {
    let failure = method("format", &[s("%d"), Value::List(&[s("a")])]).unwrap_err();
    assert_eq!(failure, Failure::WrongType("format: %d of a string".into()));
}

#[test]
#[cfg_attr(miri, ignore = "too long for an interpreter")]
fn a_value_nested_too_deep_is_refused() {
    let arena = bumpalo::Bump::new();
    let mut value = Value::Null;
    for _ in 0..100_000 {
        value = Value::List(arena.alloc_slice_copy(&[value]));
    }
    assert!(fails("format", &[s("%s"), Value::List(&[value])]));
}

#[test]
fn a_quote_of_nothing_is_two_quotes() {
    assert_eq!(value_of("strings.quote", &[s("")]), r#""\"\"""#);
    assert!(failure_of("int", &[s("x")]).starts_with("int(\"x\")"));
}
