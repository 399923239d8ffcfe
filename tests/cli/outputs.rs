//! What is written, and how a command ends.

use std::fs;

use serde_json::json;

use super::{piped, said};

const BASELINE: &str = "tests/cli/fixtures/baseline.yaml";
const SNAPSHOT: &str = "tests/cli/fixtures/snapshot.json";

#[test]
fn exit_codes_tell_a_wrong_command_line_and_wrong_input_from_unknown_verdicts() {
    let scan = |more: &[&str]| {
        let mut arguments = vec!["scan", "--baseline", BASELINE];
        arguments.extend(more);
        said(&arguments).code
    };
    assert_eq!(scan(&["--snapshot", "tests/cli/fixtures/good.json"]), 0);
    assert_eq!(scan(&["--snapshot", SNAPSHOT]), 1);
    assert_eq!(scan(&["--snapshot", "tests/cli/fixtures/unknown.json"]), 2);
    assert_eq!(scan(&["--snapshot", "tests/cli/fixtures/cut.json"]), 2);
    assert_eq!(scan(&["--snapshot", "tests/cli/fixtures/nowhere.json"]), 66);
    for usage in [&["--snapshotz", SNAPSHOT][..], &[], &["--snapshot", SNAPSHOT, "--live"]] {
        assert_eq!(scan(usage), 64, "{usage:?}");
    }
    for (arguments, code) in [
        (&["sacn"][..], 64),
        (&[], 64),
        (&["--version"], 0),
        (&["scan", "--help"], 0),
        (&["validate", "nowhere.yaml"], 66),
        (&["validate", "nowhere.yaml", BASELINE], 66),
        (&["test", "nowhere.yaml"], 66),
        (&["scan", "--baseline", "nowhere.yaml", "--snapshot", SNAPSHOT], 66),
        (&["scan", "--baseline", "tests/cli/fixtures/mistakes.yaml", "--snapshot", SNAPSHOT], 65),
        (&["validate", "tests/cli/fixtures/mistakes.yaml"], 1),
        (&["run", "nowhere"], 66),
        (&["eval", "1 +"], 1),
        (&["eval", "-1 + 2"], 0),
        (&["eval", "1", "--resource", "nowhere.json"], 66),
        (&["eval", "1", "--resource", BASELINE], 65),
    ] {
        let ended = said(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}{}", ended.out, ended.errors);
    }
}

#[test]
fn findings_alone_say_what_they_do_not_show() {
    let scan = |baseline: &str, snapshot: &str| {
        said(&["scan", "--baseline", baseline, "--snapshot", snapshot, "--output", "asff"])
    };
    let unknown = scan(BASELINE, "tests/cli/fixtures/unknown.json");
    assert_eq!((unknown.code, unknown.out.as_str()), (2, ""));
    assert!(unknown.errors.contains("unknown verdict"), "{}", unknown.errors);
    let folder = tempfile::tempdir().unwrap();
    let suspended = folder.path().join("baseline.yaml");
    let text = fs::read_to_string(BASELINE).unwrap();
    fs::write(&suspended, text.replace("  accounts:", "  suspend: true\n  accounts:")).unwrap();
    let suspended = scan(suspended.to_str().unwrap(), "tests/cli/fixtures/good.json");
    assert_eq!((suspended.code, suspended.out.as_str()), (2, ""));
    assert!(suspended.errors.contains("was not evaluated"), "{}", suspended.errors);
    let good = scan(BASELINE, "tests/cli/fixtures/good.json");
    assert_eq!((good.code, good.errors.as_str()), (0, ""));
}

#[test]
fn a_plan_says_what_is_unknown() {
    let plan = |snapshot: &str, output: &str| {
        let both = ["plan", "--from", BASELINE, "--to", BASELINE, "--output", output];
        said(&[&both[..], &["--snapshot", snapshot]].concat())
    };
    let unknown = plan("tests/cli/fixtures/unknown.json", "text");
    assert_eq!(unknown.code, 2);
    assert!(unknown.out.trim_end().ends_with(" unknown"), "{}", unknown.out);
    let unknown = plan("tests/cli/fixtures/unknown.json", "json").json();
    assert!(unknown["summary"]["unknown"].as_u64().unwrap() > 0, "{unknown}");
    let good = plan("tests/cli/fixtures/good.json", "text");
    assert_eq!((good.code, good.out.as_str()), (0, "0 unchanged\n"));
}

#[test]
fn a_snapshot_without_an_id_asks_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let zipped = folder.path().join("snapshot.json.gz");
    fs::write(&zipped, [0x1f, 0x8b, 8, 0]).unwrap();
    for snapshot in [SNAPSHOT, zipped.to_str().unwrap()] {
        let ended = said(&["eval", "resource.id", "--resource", snapshot]);
        assert_eq!(ended.code, 64, "{}", ended.errors);
        assert!(ended.errors.contains("is a snapshot: choose an item with --id"));
    }
}

#[test]
fn the_coverage_of_tests_as_json_is_that_of_the_text() {
    let thin = ["test", "tests/cli/fixtures/thin.yaml", "--coverage"];
    let (text, ended) = (said(&thin), said(&[&thin[..], &["--output", "json"]].concat()));
    let shown: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let of_control = &shown["coverage"]["controls"][0];
    assert_eq!((&shown["tests"], &shown["failures"]), (&json!(1), &json!([])));
    assert_eq!(of_control["branches"], json!({"shown": 1, "all": 4}));
    assert_eq!(shown["coverage"]["total"]["mutations"], json!({"shown": 3, "all": 5}));
    for missed in of_control["missed"].as_array().unwrap() {
        assert!(text.out.contains(missed.as_str().unwrap()), "{missed}");
    }
    assert_eq!((text.code, ended.code), (1, 1)); // an exception is not needed
    assert_eq!(said(&["test", "--min-branches", "50"]).code, 64);
}

/// The page lists each code that the program's own help lists, and no other.
#[test]
fn the_documentation_lists_every_exit_code() {
    let help = said(&["--help"]).out;
    let (_, listed) = help.split_once("Exit codes").unwrap();
    let of_help: Vec<u8> =
        listed.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect();
    let page = fs::read_to_string("docs/commands.md").unwrap();
    let (_, section) = page.split_once("## Exit codes").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| "));
    let of_page: Vec<u8> = rows.filter_map(|row| row.split(' ').next()?.parse().ok()).collect();
    assert_eq!(of_page, of_help);
    assert!(of_help.contains(&64) && of_help.len() > 8, "{of_help:?}");
}

#[test]
fn shells_offer_the_names_of_built_in_controls_and_packs() {
    for (shell, control, pack) in [
        ("bash", " s3-bucket-versioning ", " foundations "),
        ("zsh", "s3-bucket-versioning", "foundations"),
        (
            "fish",
            "_subcommand controls; and __fish_seen_subcommand_from show\" -f -a \"access-review ",
            "_subcommand packs; and __fish_seen_subcommand_from show\" -f -a \"confidential-data ",
        ),
        (
            "elvish",
            "&'plumbline;controls;show'= {\n            cand access-review '",
            "&'plumbline;packs;show'= {\n            cand confidential-data '",
        ),
        (
            "powershell",
            "'plumbline;controls;show' {\n            \
             [CompletionResult]::new('access-review', 'access-review', ",
            "'plumbline;packs;show' {\n            \
             [CompletionResult]::new('confidential-data', 'confidential-data', ",
        ),
    ] {
        let script = said(&["completions", shell]).out;
        for offered in [control, pack] {
            assert!(script.contains(offered), "{shell}: {offered}");
        }
        // Every name is there, whatever its title holds.
        let listed: serde_json::Value =
            serde_json::from_str(&said(&["controls", "list", "--output", "json"]).out).unwrap();
        for name in listed.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()) {
            assert!(script.contains(name), "{shell}: {name}");
        }
    }
}

#[test]
fn scan_without_anything_to_look_at_names_both_ways() {
    let refused = said(&["scan", "--baseline", BASELINE]);
    assert!(refused.errors.contains("<--snapshot <PATH>|--live>"), "{}", refused.errors);
}

#[test]
fn a_result_as_json_says_what_it_is_about_and_what_to_do() {
    let scanned =
        said(&["scan", "--baseline", BASELINE, "--snapshot", SNAPSHOT, "--output", "json"]);
    let output = scanned.json();
    assert_eq!(output["schemaVersion"], 1);
    let result = &output["results"][0];
    assert_eq!(result["title"], "Buckets keep versions");
    assert_eq!(result["domain"], "data-protection");
    assert_eq!(result["severity"], "High");
    assert_eq!(result["remediation"], json!({"text": "Turn versioning on."}));
    let read = json!({
        "field": "resource.supplementaryConfiguration.BucketVersioningConfiguration.status",
        "value": "Suspended",
    });
    assert_eq!(result["explanation"], json!([read]));
    assert_eq!(output["summary"]["problems"], json!([]));
}

#[test]
fn every_field_of_the_summary_is_documented() {
    let scanned =
        said(&["scan", "--baseline", BASELINE, "--snapshot", SNAPSHOT, "--output", "json"]);
    let page = fs::read_to_string("docs/commands.md").unwrap();
    let output = scanned.json();
    let documented = |object: &serde_json::Value| {
        for field in object.as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{field}`")), "{field} is not in docs/commands.md");
        }
    };
    documented(&output);
    documented(&output["results"][0]);
    documented(&output["summary"]);
    documented(&output["summary"]["baselines"][0]);
}

#[test]
fn whatever_cannot_be_read_json_is_written() {
    for (arguments, code) in [
        (&["scan", "--baseline", BASELINE, "--snapshot", "nowhere.json"][..], 66),
        (&["scan", "--baseline", "nowhere.yaml", "--snapshot", SNAPSHOT], 66),
        (&["scan", "--baseline", "tests/cli/fixtures/mistakes.yaml", "--snapshot", SNAPSHOT], 65),
        (&["scan", "--baseline", BASELINE, "--snapshot", "tests/cli/fixtures/mistakes.yaml"], 2),
        (&["plan", "--from", BASELINE, "--to", BASELINE, "--snapshot", "nowhere.json"], 66),
    ] {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let scanned = said(&arguments);
        assert_eq!(scanned.code, code, "{arguments:?}: {}", scanned.errors);
        let output = scanned.json();
        assert_eq!(output["error"]["exitCode"], code);
        assert_eq!(output["results"], json!([]));
        assert_ne!(output["error"]["message"], "");
    }
    let cut = [
        "scan",
        "--baseline",
        BASELINE,
        "--snapshot",
        "tests/cli/fixtures/cut.json",
        "--output",
        "json",
    ];
    let output = said(&cut).json();
    assert_eq!(output["summary"]["readWhole"], false);
    assert!(output["summary"]["problems"][0].as_str().unwrap().contains("ends before"), "{output}");
    let validated = said(&["validate", "nowhere.yaml", "--output", "json"]).json();
    assert!(validated[0]["message"].as_str().unwrap().starts_with("cannot be read"), "{validated}");
}

/// A bucket whose name and versioning speak to the terminal.
fn hostile() -> String {
    fs::read_to_string(SNAPSHOT)
        .unwrap()
        .replace("\"photos\"", r#""ph\u001b[2J\u202eot\nos\u009b""#)
        .replace("Suspended", r"Sus\u001b]0;x\u0007\u2066pended\r\n")
}

fn speaks(text: &str) -> bool {
    let hidden = |it: char| it.is_control() && it != '\n';
    text.contains(|it| {
        hidden(it) || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}

#[test]
fn nothing_of_a_strangers_data_speaks_to_the_terminal() {
    let snapshot = hostile();
    for output in ["table", "wide", "json", "asff"] {
        let arguments = ["scan", "--baseline", BASELINE, "--snapshot", "-", "--output", output];
        let scanned = piped(&arguments, &snapshot);
        assert_eq!(scanned.code, 1, "{}", scanned.errors);
        assert!(!speaks(&scanned.out) && !speaks(&scanned.errors), "{:?}", scanned.out);
    }
    let planned = piped(
        &["plan", "--from", BASELINE, "--to", "tests/cli/fixtures/changed.yaml", "--snapshot", "-"],
        &snapshot,
    );
    assert!(!speaks(&planned.out) && planned.out.contains("\\u{1b}[2J"), "{:?}", planned.out);
    let yaml = "apiVersion: plumbline.dev/v1alpha1\nkind: \"Pa\\e[2Jck\"\n\"me\u{202e}ta\": 1\n";
    for arguments in [&["validate", "-"][..], &["scan", "--baseline", "-", "--snapshot", SNAPSHOT]]
    {
        let validated = piped(arguments, yaml);
        assert!(!speaks(&validated.out) && !speaks(&validated.errors), "{:?}", validated.out);
        assert!(validated.out.contains("\\u{1b}") || validated.errors.contains("\\u{1b}"));
    }
    for arguments in [
        &["scan", "--\u{1b}[2J\u{202e}"][..],
        &["scan", "--baseline", BASELINE, "--snapshot", "no\u{1b}[2J\n\u{202e}where"],
        &["controls", "show", "x\u{1b}[2J\u{202e}"],
        &["eval", "'\u{202e}\u{9b}' + x\u{1b}"],
        &["eval", "'\u{202e}\u{9b}\u{1b}'"],
        &["-v", "run", "no\u{1b}[2J\u{202e}where"],
    ] {
        let shown = said(arguments);
        assert!(!speaks(&shown.out) && !speaks(&shown.errors), "{:?}{:?}", shown.out, shown.errors);
    }
}
