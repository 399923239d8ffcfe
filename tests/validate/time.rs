//! Validating takes no longer than its text asks for.

use super::*;

/// How long the mistakes of a text take, each with its place.
fn time_of(text: String) -> std::time::Duration {
    let file = SourceFile::new("a.yaml", text);
    let started = std::time::Instant::now();
    let mut objects = Objects::default();
    let mut found = objects.add(&file);
    found.extend(Resolved::of(&objects, NOW).mistakes);
    let places: usize = found.iter().map(|mistake| mistake.line() + mistake.column()).sum();
    assert!(places > 0);
    started.elapsed()
}

/// What is written, how, and how many of it.
type Text<'t> = (&'t str, &'t dyn Fn(usize) -> String, usize);

#[test]
fn validating_takes_time_in_proportion_to_the_text() {
    let keys = |many: usize| {
        let keys: Vec<String> = (0..many).map(|key| format!("  key{key}: 1\n")).collect();
        BASELINE.replace("spec:\n", &format!("spec:\n{}", keys.concat()))
    };
    let broken = |many: usize| "kind: SecurityBaseline\nmetadata: {nam: a}\n---\n".repeat(many);
    let unknown = |many: usize| -> String {
        let named = |number: usize| {
            BASELINE
                .replace("production", &format!("b{number}"))
                .replace("own-v", &format!("v{number}-"))
        };
        (0..many).map(|number| named(number) + "---\n").collect()
    };
    let controls = |many: usize| -> String {
        let named =
            |number: usize| CONTROL.replace("name: own-versioning", &format!("name: own-{number}"));
        (0..many)
            .map(|number| named(number).replace("> parameters.days", "> 1") + "---\n")
            .collect()
    };
    let texts: [Text<'_>; 4] = [
        ("keys of a map", &keys, 5000),
        ("broken documents", &broken, 1000),
        ("unknown controls", &unknown, 200),
        ("controls", &controls, 200),
    ];
    for (what, text, many) in texts {
        time_of(text(10)); // what is made once does not count
        let (few, more) = (time_of(text(many)), time_of(text(8 * many)));
        // In proportion it is 8 times as long; with the square, 64 times.
        assert!(
            more < few * 24 + std::time::Duration::from_millis(500),
            "{what}: {few:?}, {more:?}"
        );
    }
}
