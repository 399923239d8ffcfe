use super::super::tests::{int, method, s, value_of, value_of_method};
use crate::signature::Failure;
use crate::{Duration, Value};

const fn double(number: f64) -> Value<'static> {
    Value::Double(number)
}

/// What `name` gives for a list without further arguments.
fn of(name: &str, list: &[Value<'_>]) -> String {
    value_of_method(name, &[Value::List(list)])
}

fn failure(name: &str, list: &[Value<'_>]) -> Failure {
    method(name, &[Value::List(list)]).unwrap_err()
}

#[test]
fn a_list_is_sorted_when_no_element_is_greater_than_the_next() {
    assert_eq!(of("isSorted", &[int(1), int(1), int(2)]), "true");
    assert_eq!(of("isSorted", &[s("b"), s("a")]), "false");
    assert_eq!(of("isSorted", &[]), "true");
}

#[test]
fn the_least_and_greatest_are_found_among_things_of_one_kind() {
    assert_eq!(of("min", &[int(3), int(-1), int(2)]), "-1");
    assert_eq!(of("max", &[s("a"), s("c"), s("b")]), r#""c""#);
    assert!(matches!(failure("min", &[]), Failure::Invalid(_)));
    assert!(matches!(failure("max", &[int(1), s("a")]), Failure::WrongType(_)));
    assert!(matches!(failure("max", &[Value::Null]), Failure::WrongType(_)));
}

#[test]
fn sorting_keeps_equal_elements_in_their_order() {
    assert_eq!(of("sort", &[int(3), double(1.0), int(2), int(1)]), "[1.0, 1, 2, 3]");
    assert_eq!(of("sort", &[s("b"), s("é"), s("a")]), r#"["a", "b", "é"]"#);
    assert_eq!(of("sort", &[double(f64::NAN), int(1)]), "[1, NaN]");
    assert_eq!(of("sort", &[]), "[]");
}

#[test]
fn what_has_no_order_is_not_sorted() {
    assert!(matches!(failure("sort", &[int(1), s("a")]), Failure::WrongType(_)));
    assert!(matches!(failure("sort", &[Value::List(&[])]), Failure::WrongType(_)));
}

#[test]
fn numbers_and_durations_are_summed() {
    let second = Value::Duration(Duration { seconds: 1, nanoseconds: 600_000_000 });
    assert_eq!(of("sum", &[int(1), int(2)]), "3");
    assert_eq!(of("sum", &[int(1), double(0.5)]), "1.5");
    assert_eq!(of("sum", &[Value::UInt(1), Value::UInt(2)]), "3u");
    assert_eq!(of("sum", &[second, second]), "3.2s");
    assert_eq!(of("sum", &[second]), "1.6s");
    assert_eq!(of("sum", &[]), "0");
}

#[test]
fn a_sum_beyond_its_type_or_of_other_things_is_refused() {
    let longest = Value::Duration(Duration { seconds: 9_223_372_036, nanoseconds: 0 });
    assert_eq!(failure("sum", &[int(i64::MAX), int(1)]), Failure::Overflow("sum"));
    assert_eq!(failure("sum", &[Value::UInt(u64::MAX), Value::UInt(1)]), Failure::Overflow("sum"));
    assert_eq!(failure("sum", &[longest, longest]), Failure::Overflow("sum"));
    assert!(matches!(failure("sum", &[s("a")]), Failure::WrongType(_)));
    assert!(matches!(failure("sum", &[int(1), Value::UInt(1)]), Failure::WrongType(_)));
}

#[test]
fn an_element_is_found_from_either_end() {
    let list = Value::List(&[s("a"), s("b"), s("a")]);
    assert_eq!(value_of_method("indexOf", &[list, s("a")]), "0");
    assert_eq!(value_of_method("lastIndexOf", &[list, s("a")]), "2");
    assert_eq!(value_of_method("indexOf", &[list, int(1)]), "-1");
    assert_eq!(value_of_method("lastIndexOf", &[Value::List(&[]), int(1)]), "-1");
}

#[test]
fn the_first_and_last_elements_are_optional() {
    assert_eq!(of("first", &[int(1), int(2)]), "some(1)");
    assert_eq!(of("last", &[int(1), int(2)]), "some(2)");
    assert_eq!(of("first", &[]), "none");
    assert_eq!(of("last", &[]), "none");
}

#[test]
fn nested_lists_are_flattened_as_deep_as_asked_for() {
    let deep = [Value::List(&[int(4)])];
    let nested = [int(3), Value::List(&deep)];
    let list = Value::List(&[int(1), Value::List(&[]), Value::List(&nested)]);
    assert_eq!(value_of_method("flatten", &[list]), "[1, 3, [[4]]]");
    assert_eq!(value_of_method("flatten", &[list, int(2)]), "[1, 3, [4]]");
    assert_eq!(value_of_method("flatten", &[list, int(0)]), "[1, [], [3, [[4]]]]");
    assert_eq!(value_of_method("flatten", &[list, int(i64::MAX)]), "[1, 3, 4]");
    assert!(matches!(method("flatten", &[list, int(-1)]), Err(Failure::Invalid(_))));
}

#[test]
fn each_value_stays_once() {
    assert_eq!(of("distinct", &[s("b"), s("b"), s("c"), s("a"), s("c")]), r#"["b", "c", "a"]"#);
    assert_eq!(of("distinct", &[int(1), s("b"), double(1.0), s("b")]), r#"[1, "b"]"#);
}

#[test]
fn a_slice_lies_within_the_list() {
    let list = Value::List(&[int(1), int(2), int(3)]);
    assert_eq!(value_of_method("slice", &[list, int(1), int(3)]), "[2, 3]");
    assert_eq!(value_of_method("slice", &[list, int(3), int(3)]), "[]");
    for (start, end) in [(-1, 2), (2, 1), (0, 4)] {
        let outcome = method("slice", &[list, int(start), int(end)]);
        assert!(matches!(outcome, Err(Failure::Invalid(_))), "{start} {end}");
    }
}

#[test]
fn lists_are_reversed_and_made() {
    assert_eq!(of("reverse", &[int(1), int(2), int(3)]), "[3, 2, 1]");
    assert_eq!(value_of("lists.range", &[int(3)]), "[0, 1, 2]");
    assert_eq!(value_of("lists.range", &[int(0)]), "[]");
}
