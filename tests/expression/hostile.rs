//! Whatever the expression and the data: each run ends, with its value or a clear failure, within
//! 2 MB of stack and, where the build is optimised, a tenth of a second.

mod operations;

use std::time::Duration;

use bumpalo::Bump;
use cel::Value;
use cel::{Bindings, Environment, Failure, MAX_SOURCE_BYTES, Machine, VariableType, compile};
use engine::functions::environment;

const STACK: usize = 2 * 1024 * 1024;
/// What one compilation and run may take where it is measured.
const MOST: Duration = Duration::from_millis(100);

/// How an expression ended.
#[derive(Debug, PartialEq)]
enum End {
    Value(String),
    Failed(Failure),
    Refused(String),
}

/// Data to run on: `s` and `t` are long texts, `list` and `map` are large, `deep` nests deeply.
fn data(arena: &Bump) -> [(&'static str, Value<'_>); 7] {
    let text = |length: usize, last: char| {
        let mut text = "a".repeat(length - 1);
        text.push(last);
        Value::String(arena.alloc_str(&text))
    };
    let items: Vec<Value<'_>> = (0..100_000).map(Value::Int).collect();
    let key = |int: i64| Value::String(arena.alloc_str(&format!("key{int}")));
    let entries: Vec<_> = (0..100_000).map(|int| (key(int), Value::Int(int))).collect();
    let deep = (0..100_000).fold(Value::Int(0), |inner, _| Value::List(arena.alloc([inner])));
    [
        ("s", text(10_000_000, 'a')),
        ("t", text(10_000_000, 'b')),
        ("short", text(1000, 'b')),
        ("list", Value::List(arena.alloc_slice_copy(&items))),
        ("map", Value::Map(arena.alloc_slice_copy(&entries))),
        ("deep", deep),
        ("small", Value::Map(arena.alloc([(Value::String("a"), Value::Int(1))]))),
    ]
}

/// Runs each source in a thread with a small stack.
fn ends(sources: Vec<String>) -> Vec<End> {
    let run = move || {
        let arena = Bump::new();
        let data = data(&arena);
        let declare = |environment: Environment, (name, _): &(&str, Value<'_>)| {
            environment.variable(name, VariableType::Any)
        };
        let environment = data.iter().fold(environment(), declare);
        let values = data.map(|(_, value)| Some(value));
        let mut machine = Machine::new();
        let mut end = |source: &String| {
            let begun = processor_time();
            let (end, used) = end(source, &environment, &values, &mut machine);
            let shown: String = source.chars().take(60).collect();
            let taken = processor_time().saturating_sub(begun);
            println!("{taken:>12.1?} {used:>10} {shown} {end:.200?}");
            assert!(cfg!(debug_assertions) || taken < MOST, "{taken:?}: {shown}");
            assert!(used < 64 * 1024 * 1024, "{used} bytes: {shown}");
            end
        };
        sources.iter().map(&mut end).collect()
    };
    std::thread::Builder::new().stack_size(STACK).spawn(run).unwrap().join().unwrap()
}

/// The time that this thread has had a processor, which a busy machine does not change; nothing
/// where the system does not say.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}

fn end(
    source: &str,
    environment: &Environment,
    values: &[Option<Value<'_>>],
    machine: &mut Machine,
) -> (End, usize) {
    let program = match compile(source, environment) {
        Ok(program) => program,
        Err(mistakes) => {
            let rendered: Vec<String> = mistakes.iter().map(|m| m.render(source)).collect();
            return (End::Refused(rendered.join("\n")), 0);
        }
    };
    let arena = Bump::new();
    let end = match program.run(&Bindings { values }, machine, &arena) {
        Ok(value) => End::Value(format!("{value:?}").chars().take(100).collect()),
        Err(failure) => End::Failed(failure),
    };
    (end, arena.allocated_bytes())
}

/// `begin`, then `part` as often as the longest source allows, then `end`.
fn chain(begin: &str, part: &str, end: &str) -> String {
    let count = (MAX_SOURCE_BYTES - begin.len() - end.len()) / part.len();
    format!("{begin}{}{end}", part.repeat(count))
}

/// `open` as often as the longest source allows, then `inner`, then as many `close`.
fn nest(open: &str, inner: &str, close: &str) -> String {
    let count = (MAX_SOURCE_BYTES - inner.len()) / (open.len() + close.len());
    format!("{}{inner}{}", open.repeat(count), close.repeat(count))
}

fn assert_refused(sources: Vec<String>, reason: &str) {
    for (source, end) in sources.clone().into_iter().zip(ends(sources)) {
        let source: String = source.chars().take(60).collect();
        match end {
            End::Refused(message) => assert!(message.contains(reason), "{source}: {message}"),
            end => panic!("{source}: {end:?}"),
        }
    }
}

fn assert_values(sources: Vec<String>, value: &str) {
    for (source, end) in sources.clone().into_iter().zip(ends(sources)) {
        let source: String = source.chars().take(60).collect();
        assert_eq!(end, End::Value(value.to_owned()), "{source}");
    }
}

#[test]
fn a_hundred_thousand_parentheses_are_refused() {
    let count = 100_000;
    assert_refused(vec![format!("{}1{}", "(".repeat(count), ")".repeat(count))], "longer than");
}

#[test]
fn deep_nesting_is_refused() {
    let mut sources = Vec::new();
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{1:", "1", "}"),
        ("list[", "0", "]"),
        ("size(", "s", ")"),
        ("s.contains(", "s", ")"),
        ("true?", "1", ":1"),
        ("list.all(x,", "true", ")"),
        ("list.map(x,true,", "1", ")"),
        ("cel.bind(x,1,", "1", ")"),
        ("!(", "true", ")"),
        ("-(", "1", ")"),
        ("(((1+", "1", ")))"),
        ("has(map.", "x", ")"),
        ("[[{1:(", "1", ")}]]"),
        ("optional.of(", "1", ")"),
        ("optional.none().optMap(x,", "1", ")"),
        ("optional.none().or(", "optional.none()", ")"),
    ] {
        sources.push(nest(open, inner, close));
        sources.push(chain("", open, ""));
    }
    assert_refused(sources, "nested too deeply");
}

#[test]
fn chains_of_operators_run_however_long() {
    assert_values(
        vec![
            chain("0", "+0", "==0"),
            chain("0", "-0", "==0"),
            chain("1", "*1", "==1"),
            chain("1", "/1", "==1"),
            chain("7", "%8", "==7"),
            chain("true", "==true", ""),
            chain("true", "!=false", ""),
            chain("true", "&&true", ""),
            chain("list[1]==1", "&&list[1]==1", ""),
            chain("!(", "small.nope&&", "false)"),
            chain("", "small.nope||", "true"),
            chain("false", "||true", ""),
            chain("small.nope||true", "&&true||small.nope", ""),
            chain("true", " in[true]", ""),
            chain("true", " in[list[0]==0]", ""),
            chain("", "!!", "true"),
            chain("", "--", "1==1"),
            chain("0", "+list[0]", "==0"),
            chain("(", "false?0:", "1)==1"),
            chain("(", "list[0]==1?0:", "1)==1"),
            chain("''", "+''", "==''"),
            chain("[]", "+[]", "==[]"),
            chain("'a'", ".trim()", "=='a'"),
            chain("size([", "0,", "0])>0"),
            chain("", "/", "\ntrue"),
            chain("cel.bind(x,1,x", "+x", ")>1"),
        ],
        "Bool(true)",
    );
}

#[test]
fn chains_that_fail_say_why() {
    let chains = [
        (chain("small", ".b", ""), "no such field `b`"),
        (chain("small", "[0]", ""), "no such field `0`"),
        (chain("deep", "[0]", ""), ""),
        (chain("small", ".?b", ""), ""),
        (chain("small", ".?b.b", ""), ""),
        (chain("small.b", "&&small.b", ""), "no such field `b`"),
        (chain("small.b", "||small.b", ""), "no such field `b`"),
        (chain("(small.b||small.b)", "&&(small.b||small.b)", ""), "no such field `b`"),
        (chain("s", "+s", ""), "too many steps"),
        (chain("list", "+list", ""), "too many steps"),
        (chain("list", ".map(x,x)", ""), "too many steps"),
        (chain("list", ".filter(x,true)", ""), "too many steps"),
        (chain("[1]", ".map(x,x)", ""), ""),
        (chain("1", "<1", ""), "does not take bool and int"),
        (chain("map", "<map", ""), "does not take"),
        (chain("a", "+a", ""), "unknown variable `a`"),
        (chain("nope()", "+nope()", ""), "unknown function `nope`"),
        (chain("{", "1:1,", "}"), "appears twice"),
        (chain("{", "list[1]:1,", "}"), "appears twice"),
    ];
    let (sources, expected): (Vec<String>, Vec<&str>) = chains.into_iter().unzip();
    for ((source, end), expected) in sources.clone().iter().zip(ends(sources)).zip(expected) {
        let message = match end {
            End::Value(value) => value,
            End::Failed(failure) => failure.to_string(),
            End::Refused(message) => message,
        };
        assert!(message.contains(expected), "{source:.60}: {message}");
    }
}

#[test]
fn loops_within_loops_run_out_of_fuel() {
    let nested = |open: &str, inner: &str| nest_to(90, open, inner, ")");
    let sources = vec![
        nested("[1,2,3,4].all(x,", "true"),
        nested("[1,2,3,4].exists(x,", "false"),
        nested("[1,2,3,4].exists_one(x,", "true"),
        nested("[1,2,3,4].map(x,", "1"),
        nest_to(90, "[1,2,3,4].filter(x,[]==", "[]", ")"),
        nested("list.all(x,", "true"),
        nested("list.all(x,", "map.nope"),
        nested("map.all(k,v,", "true"),
        "list.all(x, x in list)".into(),
        "list.all(x, list == list)".into(),
        "list.map(x, list)==[]||list.map(x, list)==list.map(x, list)".into(),
        "list.map(x, list.map(y, list))".into(),
        "list.map(x, s)".into(),
        "list.all(x, s != t)".into(),
        "list.all(x, map.key99999 == 99999)".into(),
        "list.all(x, map[x] == 99999 || true)".into(),
        "list.all(x, 'nope' in map || true)".into(),
        "list.transformMapEntry(i, x, {string(x): 1, string(x) + 'x': 2}) == {}".into(),
        "list.all(x, short.matches('a{' + string(x) + '}') || true)".into(),
        "list.all(x, short.matches('(a|b|' + string(x) + ')*[ab]{30}c') || true)".into(),
        "list.all(x, short.matches('[ab]*a[ab]{200}c') || true)".into(),
        r"list.all(x, short.matches('(\\w{2,5}){2,3}' + string(x)) || true)".into(),
        "list.all(x, short.findAll('.*[^a]|a') != [])".into(),
    ];
    for (source, end) in sources.clone().into_iter().zip(ends(sources)) {
        assert_eq!(end, End::Failed(Failure::OutOfFuel), "{source:.60}");
    }
}

fn nest_to(depth: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn values_that_double_run_out_of_fuel_or_compare_in_bounds() {
    let doubled = |first: &str, inner: &str| {
        let bind = |n| format!("cel.bind(x{n},{},", first.replace('x', &format!("x{}", n - 1)));
        let binds = (1..80).map(bind).collect::<Vec<_>>().concat();
        format!("cel.bind(x0,'a',{binds}{inner}{}", ")".repeat(80))
    };
    let sources = vec![
        doubled("[x,x]", "x79"),
        doubled("[x,x]", "x79==x79"),
        doubled("[x,x]", "x79 in [x79]"),
        doubled("{'a':x,'b':x}", "x79"),
        doubled("x+x", "x79"),
        doubled("[x]+[x]", "x79"),
        doubled("[x,x]", "lists.flatten(x79)").replace("lists.flatten(x79)", "x79.flatten(100)"),
        doubled("[x,x]", "x79.distinct() == []"),
        doubled("[x,x]", "'%s'.format([x79])"),
        doubled("optional.of(x)", "x79").replace("'a'", "list"),
    ];
    for (source, end) in sources.clone().into_iter().zip(ends(sources)) {
        assert!(!matches!(end, End::Refused(_)), "{source:.60}: {end:?}");
    }
}

#[test]
fn types_and_values_deeper_than_their_source_are_bounded() {
    let open = "[".repeat(20);
    let close = "]".repeat(20);
    let bind = |n| format!("cel.bind(x{n},{open}x{}{close},", n - 1);
    let binds = (1..70).map(bind).collect::<Vec<_>>().concat();
    let sources = [
        "x69",
        "x69==x68",
        "x69 in [x69]",
        "type(x69)",
        "x69.flatten(1000000)",
        "dyn(x69) == dyn(x68)",
        "'%s'.format([x69])",
        "x69.distinct()",
        "{'a':x69}.a",
        "sets.contains(x69, x69)",
        "deep",
        "deep == deep",
        "deep.flatten(1000000)",
        "deep.distinct()",
        "'%s'.format([deep])",
        "[deep, deep].distinct()",
        "deep in [deep]",
        "iam.statements(deep)",
        "deep.isSorted()",
        "optional.ofNonZeroValue(deep)",
    ]
    .map(|inner| format!("cel.bind(x0,1,{binds}{inner}{}", ")".repeat(70)));
    for (source, end) in sources.iter().zip(ends(sources.to_vec())) {
        if let End::Refused(message) = end {
            panic!("{source}: {message}");
        }
    }
}

#[test]
fn patterns_that_are_slow_elsewhere_end() {
    let mut sources = Vec::new();
    for pattern in [
        "(a+)+$",
        "(a|aa)+$",
        "(a|a)*b$",
        "(.*)*x",
        "(.*a){20}",
        "([a-z]+)*1",
        "a?a?a?a?a?aaaaa",
        "[ab]*a[ab]{20}c",
        "[ab]*a[ab]{200}c",
        ".*.*.*.*.*x",
        "(?i)(a|b|ab)*c",
        r"(\\w|\\d)*x",
        r"(\\pL{2,5}){2,3}x",
        "x*",
        "",
        ".*[^a]|a",
        "(a{0,50}){0,50}b",
        "((a{9}){9}){9}",
    ] {
        for text in ["s", "t", "short"] {
            sources.push(format!("{text}.matches('{pattern}')"));
            sources.push(format!("{text}.find('{pattern}') == ''"));
            sources.push(format!("{text}.findAll('{pattern}') == []"));
            sources.push(format!("{text}.matches('{pattern}' + ('x' + short).substring(0, 0))"));
        }
    }
    for end in ends(sources) {
        assert!(!matches!(end, End::Refused(_)), "{end:?}");
    }
}

#[test]
fn patterns_that_would_grow_too_large_are_refused() {
    let sources = ["(((a{100}){100}){100})", "(a{1000}){1000}", r"\\pL{3000}", "a{99999}", "("]
        .map(|pattern| format!("short.matches('{pattern}')"));
    assert_refused(sources.into(), "invalid regular expression");
}
