use super::super::tests::{failure_of, function, int, method, s, value_of, value_of_method};
use crate::signature::Failure;
use crate::time::parse_timestamp;
use crate::{Duration, Value};

const fn double(number: f64) -> Value<'static> {
    Value::Double(number)
}

fn time(text: &str) -> Value<'static> {
    Value::Timestamp(parse_timestamp(text).unwrap())
}

/// What `duration(text)` is, as text again.
fn duration(text: &str) -> Result<String, Failure> {
    function("duration", &[s(text)])
}

fn part(name: &str, when: &str) -> String {
    value_of_method(name, &[time(when)])
}

fn part_in(name: &str, when: &str, zone: &str) -> String {
    value_of_method(name, &[time(when), s(zone)])
}

#[test]
fn sizes_of_texts_are_in_code_points() {
    assert_eq!(value_of("size", &[s("été")]), "3");
    assert_eq!(value_of_method("size", &[Value::Bytes("été".as_bytes())]), "5");
    assert_eq!(value_of_method("size", &[Value::List(&[Value::Null])]), "1");
    assert_eq!(value_of("size", &[Value::Map(&[(s("a"), int(1))])]), "1");
}

#[test]
fn parts_of_texts_are_found() {
    assert_eq!(value_of_method("contains", &[s("tacocat"), s("oca")]), "true");
    assert_eq!(value_of_method("contains", &[s("a"), s("")]), "true");
    assert_eq!(value_of_method("startsWith", &[s("tacocat"), s("cat")]), "false");
    assert_eq!(value_of_method("endsWith", &[s("tacocat"), s("cat")]), "true");
}

#[test]
fn a_pattern_matches_anywhere_in_the_text() {
    assert_eq!(value_of_method("matches", &[s("tacocat"), s("c.c")]), "true");
    assert_eq!(value_of("matches", &[s("tacocat"), s("^cat")]), "false");
}

#[test]
fn only_the_usual_spellings_are_truth_values() {
    for text in ["1", "t", "T", "true", "TRUE", "True"] {
        assert_eq!(value_of("bool", &[s(text)]), "true");
    }
    assert_eq!(value_of("bool", &[s("False")]), "false");
    let failure = failure_of("bool", &[s("TrUe")]);
    assert_eq!(failure, r#"bool("TrUe"): this is neither true nor false"#);
}

#[test]
fn doubles_become_integers_within_the_range_only() {
    assert_eq!(value_of("int", &[double(-7.9)]), "-7");
    assert_eq!(value_of("uint", &[double(25.5)]), "25u");
    for beyond in [9_223_372_036_854_775_808.0, -9_223_372_036_854_775_808.0, 1e99, f64::NAN] {
        let outcome = function("int", &[double(beyond)]);
        assert_eq!(outcome, Err(Failure::Overflow("int(double)")), "{beyond}");
    }
    for beyond in [-1.0, 18_446_744_073_709_551_616.0, f64::INFINITY, f64::NAN] {
        let outcome = function("uint", &[double(beyond)]);
        assert_eq!(outcome, Err(Failure::Overflow("uint(double)")), "{beyond}");
    }
}

#[test]
fn integers_change_sign_within_the_range_only() {
    let overflow = function("int", &[Value::UInt(u64::MAX)]);
    assert_eq!(overflow, Err(Failure::Overflow("int(uint)")));
    assert_eq!(function("uint", &[int(-1)]), Err(Failure::Overflow("uint(int)")));
    assert_eq!(value_of("uint", &[int(1729)]), "1729u");
    assert_eq!(value_of("int", &[Value::UInt(42)]), "42");
}

#[test]
fn numbers_are_read_from_text_as_a_whole() {
    assert_eq!(value_of("int", &[s("-987")]), "-987");
    assert_eq!(value_of("int", &[s("+5")]), "5");
    assert_eq!(value_of("uint", &[s("300")]), "300u");
    assert_eq!(value_of("double", &[s("-84.32e7")]), "-843200000.0");
    assert_eq!(value_of("double", &[s("-Infinity")]), "-inf");
    for text in ["", " 1", "1_000", "0x10", "9223372036854775808", "1.0"] {
        assert!(function("int", &[s(text)]).is_err(), "{text:?}");
    }
    for text in ["-1", "+1", "18446744073709551616"] {
        assert!(function("uint", &[s(text)]).is_err(), "{text:?}");
    }
    for text in ["", "one", "1e999", "1 ", &"1".repeat(10_000)] {
        assert!(function("double", &[s(text)]).is_err(), "{text:?}");
    }
}

#[test]
fn integers_become_the_nearest_double() {
    assert_eq!(value_of("double", &[int(i64::MAX)]), "9.223372036854776e18");
    assert_eq!(value_of("double", &[Value::UInt(123)]), "123.0");
}

#[test]
fn doubles_are_written_with_the_fewest_digits() {
    let cases = [
        (123.456, "123.456"),
        (-4.5e-3, "-0.0045"),
        (1.0, "1"),
        (-0.0, "-0"),
        (100_000.0, "100000"),
        (1_000_000.0, "1e+06"),
        (1_234_567.5, "1.2345675e+06"),
        (0.0001, "0.0001"),
        (0.000_01, "1e-05"),
        (1e300, "1e+300"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "+Inf"),
        (f64::NEG_INFINITY, "-Inf"),
    ];
    for (number, text) in cases {
        assert_eq!(value_of("string", &[double(number)]), format!("{text:?}"));
    }
}

#[test]
fn every_simple_value_has_a_text() {
    assert_eq!(value_of("string", &[Value::Bool(true)]), r#""true""#);
    assert_eq!(value_of("string", &[Value::UInt(9876)]), r#""9876""#);
    assert_eq!(
        value_of("string", &[time("2009-02-13T23:31:30.50Z")]),
        r#""2009-02-13T23:31:30.5Z""#
    );
    let span = Duration { seconds: 5400, nanoseconds: 0 };
    assert_eq!(value_of("string", &[Value::Duration(span)]), r#""5400s""#);
}

#[test]
fn bytes_are_a_text_only_when_they_are_utf_8() {
    assert_eq!(value_of("string", &[Value::Bytes("ÿ".as_bytes())]), r#""ÿ""#);
    assert_eq!(value_of("bytes", &[s("ÿ")]), r#"b"ÿ""#);
    let failure = failure_of("string", &[Value::Bytes(b"a\xff")]);
    assert_eq!(failure, "string(bytes): not valid UTF-8 from byte 1");
}

#[test]
fn a_failure_repeats_the_start_of_a_long_text_only() {
    let failure = failure_of("int", &[s(&"é".repeat(10_000))]);
    assert!(failure.len() < 250 && failure.contains("..."), "{failure}");
}

#[test]
fn types_have_names() {
    assert_eq!(value_of("type", &[time("2009-02-13T23:31:30Z")]), "google.protobuf.Timestamp");
    assert_eq!(value_of("type", &[value_type()]), "type");
    assert_eq!(value_of("dyn", &[int(1)]), "1");
}

const fn value_type() -> Value<'static> {
    Value::Type(crate::TypeName::Int)
}

#[test]
fn what_is_no_rfc_3339_time_in_range_is_refused() {
    for text in ["", "2009-02-13", "2009-02-13T23:31:30+0100", "0000-01-01T00:00:00Z"] {
        let expected =
            format!("timestamp({text:?}): this is not an RFC 3339 time in the years 0001 to 9999");
        assert_eq!(failure_of("timestamp", &[s(text)]), expected);
    }
}

#[test]
fn times_are_seconds_since_1970() {
    assert_eq!(value_of("int", &[time("2004-09-16T23:59:59.9Z")]), "1095379199");
    assert_eq!(value_of("timestamp", &[int(1_234_567_890)]), "2009-02-13T23:31:30Z");
    assert_eq!(value_of("timestamp", &[int(-62_135_596_800)]), "0001-01-01T00:00:00Z");
    assert!(function("timestamp", &[int(-62_135_596_801)]).is_err());
    assert!(function("timestamp", &[int(253_402_300_800)]).is_err());
}

#[test]
fn durations_are_read_in_every_unit() {
    let cases = [
        ("1h30m", "5400s"),
        ("1.5s", "1.5s"),
        ("-1.5h", "-5400s"),
        ("+90s", "90s"),
        ("0", "0s"),
        (".5m", "30s"),
        ("1.s", "1s"),
        ("-250ms", "-0.25s"),
        ("3us2ns", "0.000003002s"),
        ("3µs", "0.000003s"),
        ("3μs", "0.000003s"),
        ("-999999999ns", "-0.999999999s"),
        ("9223372036.854775807s", "9223372036.854775807s"),
        ("-9223372036.854775808s", "-9223372036.854775808s"),
    ];
    for (text, seconds) in cases {
        assert_eq!(duration(text).unwrap(), seconds, "{text}");
    }
}

#[test]
fn what_is_no_duration_in_range_is_refused() {
    let refused = [
        "",
        "-",
        "1",
        "s",
        ".s",
        "1d",
        "1h 30m",
        "--1s",
        "1h-30m",
        "9223372036.854775808s",
        "-9223372036.854775809s",
        "2562048h",
        "315576000000s",
        "320000000000s",
        "-320000000000s",
        "99999999999999999999999999999999999999999h",
    ];
    for text in refused {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[test]
fn parts_of_a_time_count_from_zero_but_the_date() {
    let when = "2009-02-13T23:31:20.123456789Z";
    let parts = [
        ("getFullYear", "2009"),
        ("getMonth", "1"),
        ("getDate", "13"),
        ("getDayOfMonth", "12"),
        ("getDayOfWeek", "5"),
        ("getDayOfYear", "43"),
        ("getHours", "23"),
        ("getMinutes", "31"),
        ("getSeconds", "20"),
        ("getMilliseconds", "123"),
    ];
    for (name, value) in parts {
        assert_eq!(part(name, when), value, "{name}");
    }
    assert_eq!(part("getDayOfWeek", "2026-11-22T00:00:00Z"), "0");
}

#[test]
fn a_fixed_offset_moves_the_clock() {
    assert_eq!(part_in("getDayOfMonth", "2009-02-13T23:31:30Z", "+11:00"), "13");
    assert_eq!(part_in("getDayOfMonth", "2009-02-13T02:00:00Z", "-02:30"), "11");
    assert_eq!(part_in("getHours", "2009-02-13T23:31:30Z", "02:00"), "1");
    assert_eq!(part_in("getSeconds", "2009-02-13T23:31:30Z", "-00:00"), "30");
}

#[test]
fn a_named_zone_moves_the_clock_by_its_rules() {
    assert_eq!(part_in("getDate", "2009-02-13T23:31:30Z", "Australia/Sydney"), "14");
    assert_eq!(part_in("getMinutes", "2009-02-13T23:31:30Z", "Asia/Kathmandu"), "16");
    assert_eq!(part_in("getHours", "2009-02-13T12:00:00Z", "Europe/Berlin"), "13");
    assert_eq!(part_in("getHours", "2009-07-13T12:00:00Z", "Europe/Berlin"), "14");
    assert_eq!(part_in("getMonth", "2009-02-13T23:31:30Z", "UTC"), "1");
}

#[test]
fn unknown_zones_and_clocks_beyond_the_calendar_are_refused() {
    let last = time("9999-12-31T23:59:59Z");
    for zone in ["Mars/Olympus", "", "+1", "+24:00", "02:60"] {
        assert!(matches!(method("getHours", &[last, s(zone)]), Err(Failure::Invalid(_))), "{zone}");
    }
    assert!(matches!(method("getHours", &[last, s("+01:00")]), Err(Failure::Overflow(_))));
    assert_eq!(part_in("getHours", "9999-12-31T23:59:59Z", "America/New_York"), "18");
}

#[test]
fn durations_are_counted_in_whole_units() {
    let span = |seconds, nanoseconds| [Value::Duration(Duration { seconds, nanoseconds })];
    assert_eq!(value_of_method("getHours", &span(10_000, 0)), "2");
    assert_eq!(value_of_method("getMinutes", &span(3_730, 0)), "62");
    assert_eq!(value_of_method("getSeconds", &span(3_730, 0)), "3730");
    assert_eq!(value_of_method("getMilliseconds", &span(123, 321_456_000)), "321");
    assert_eq!(value_of_method("getSeconds", &span(-2, 500_000_000)), "-1");
}
