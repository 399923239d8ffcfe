//! What nothing asks for any more is archived by command.

use super::*;

/// `plumbline archive` over a sample's state folder: the exit code, and what it says.
fn archive(sample: &Sample, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["archive", "--state", sample.state().to_str().unwrap()])
        .args(arguments)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn what_a_renamed_installation_left_in_a_file_is_archived_by_command_and_nothing_else() {
    let sample = Sample::new();
    let old = sample.start();
    old.ready();
    assert!(old.stop("-TERM").success());
    let new = sample.start_with(|command| {
        command.args(["--installation", "new"]);
    });
    new.ready();
    let active = |installation: &str| {
        let findings = sample.findings().into_iter();
        let of_it = findings.filter(|(id, _)| id.starts_with(&format!("{installation}/")));
        of_it.filter(|(_, finding)| finding["RecordState"] == "ACTIVE").count()
    };
    let (left, kept) = (active("default"), active("new"));
    assert!(left > 20 && kept == left, "{left}, {kept}");

    // A list needs no turn; archiving does.
    let (code, said) = archive(&sample, &["--all"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{left} findings of installation `default` would")), "{said}");
    let (code, said) = archive(&sample, &["--all", "--yes"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("another Plumbline is using the state folder"), "{said}");
    assert!(new.stop("-TERM").success());

    let (code, said) = archive(&sample, &["--all", "--output", "json"]);
    let listed: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &listed["schemaVersion"]), (Some(1), &Value::from(1)), "{said}");
    assert_eq!(listed["found"], left, "{said}");

    let published = sample.published();
    let (code, said) = archive(&sample, &["--baseline", "platform/confidential"]);
    assert_eq!((code, sample.published()), (Some(1), published), "{said}");
    let (code, said) = archive(&sample, &["--all", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!((active("default"), active("new")), (0, kept));
    assert_eq!(sample.published(), published + left);
    let (code, said) = archive(&sample, &["--all", "--yes"]);
    assert_eq!((code, sample.published()), (Some(0), published + left), "{said}");

    let (code, said) = archive(&sample, &["--all", "--installation", "news"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("did you mean the installation `new`?"), "{said}");
    let (_, said) = archive(&sample, &["--all", "--installation", "elsewhere"]);
    assert!(said.contains("these installations have findings: new"), "{said}");

    let (code, said) = archive(&sample, &[]);
    assert_eq!(code, Some(64), "{said}");
    let nowhere = sample.path().to_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_plumbline"))
        .args(["archive", "--all", "--state", nowhere])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(66));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("no findings.jsonl found"), "{said}");
}
