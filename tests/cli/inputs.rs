//! What is read as YAML: files, folders, lists, standard input; and that nothing is never fine.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{Said, piped, said};

const BASELINE: &str = "tests/cli/fixtures/baseline.yaml";
const SNAPSHOT: &str = "tests/cli/fixtures/snapshot.json";

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn validate(folder: &TempDir) -> Said {
    said(&["validate", path(folder.path())])
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The objects of the fixture, as `kubectl get -o yaml` writes several.
fn as_list() -> String {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(BASELINE)).unwrap();
    let items = text.split("---\n").map(|object| {
        let indented: Vec<String> = object.lines().map(|line| format!("    {line}")).collect();
        format!("  -\n{}\n", indented.join("\n"))
    });
    format!("apiVersion: v1\nkind: List\nitems:\n{}", items.collect::<String>())
}

const TYPED: &str = "\
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaselineList
metadata: {resourceVersion: '1'}
items:
  - metadata: {name: small, namespace: team}
    spec: {accounts: {selector: {}}, packs: [{name: foundations}]}
  - apiVersion: plumbline.dev/v1alpha1
    kind: SecurityBaseline
    metadata: {name: large, namespace: team}
    spec: {acounts: {selector: {}}, packs: [{name: foundations}]}
";

#[test]
fn a_list_is_read_like_its_items() {
    let list = folder(&[("all.yaml", &as_list())]);
    let validated = validate(&list);
    assert_eq!(validated.code, 0, "{}", validated.out);
    assert!(
        validated.out.starts_with("1 file: 1 baseline, 2 controls; no mistakes"),
        "{}",
        validated.out
    );
    let single = said(&["scan", "--baseline", BASELINE, "--snapshot", SNAPSHOT]);
    let listed = said(&["scan", "--baseline", path(list.path()), "--snapshot", SNAPSHOT]);
    assert_eq!((single.code, &single.out), (1, &listed.out));
    let nested =
        format!("kind: List\napiVersion: v1\nitems:\n- {}", as_list().replace('\n', "\n  "));
    let nested = piped(&["scan", "--baseline", "-", "--snapshot", SNAPSHOT], nested.trim_end());
    assert_eq!((nested.code, nested.out), (1, listed.out), "{}", nested.errors);
}

#[test]
fn a_mistake_in_a_list_is_shown_where_it_stands() {
    let validated = validate(&folder(&[("typed.yaml", TYPED)]));
    assert_eq!(validated.code, 1);
    assert!(validated.out.contains("typed.yaml:10:12]"), "{}", validated.out);
    assert!(validated.out.contains("did you mean `accounts`?"), "{}", validated.out);
    assert!(validated.out.contains("1 file: 2 baselines; 1 mistake"), "{}", validated.out);
    for (broken, message) in [
        ("apiVersion: v1\nkind: List\nitems: 3\n", "`items` is not a list"),
        ("apiVersion: v1\nkind: List\n", "the field `items` is missing"),
        ("apiVersion: v1\nkind: List\nitmes: []\n", "did you mean `items`?"),
        ("kind: List\nitems: []\n", "the field `apiVersion` is missing"),
        ("apiVersion: v1\nkind: List\nitems: [a]\n", "apiVersion and kind are missing"),
    ] {
        let validated = validate(&folder(&[("broken.yaml", broken)]));
        assert!(validated.code == 1 && validated.out.contains(message), "{}", validated.out);
    }
}

#[test]
fn nothing_is_never_fine() {
    for files in [
        &[][..],
        &[("empty.yaml", "")],
        &[("comments.yaml", "# one\n---\n# two\n")],
        &[("list.yaml", "apiVersion: v1\nkind: List\nitems: []\n")],
        &[("other.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")],
        &[("values.yaml", "replicas: 3\n")],
        &[("notes.txt", "nothing\n")],
    ] {
        let folder = folder(files);
        let validated = validate(&folder);
        assert_eq!(validated.code, 66, "{files:?}: {}", validated.out);
        assert!(validated.errors.contains("nothing was checked"), "{}", validated.errors);
        for scan in [
            said(&["scan", "--baseline", path(folder.path()), "--snapshot", SNAPSHOT]),
            said(&[
                "plan",
                "--from",
                BASELINE,
                "--to",
                path(folder.path()),
                "--snapshot",
                SNAPSHOT,
            ]),
        ] {
            assert_eq!((scan.code, scan.out.as_str()), (66, ""), "{files:?}");
            assert!(scan.errors.contains("there is no SecurityBaseline in"), "{}", scan.errors);
        }
        let tested = said(&["test", path(folder.path())]);
        assert_eq!((tested.code, tested.out.as_str()), (66, ""), "{}", tested.errors);
    }
}

#[test]
fn a_file_without_objects_among_others_is_named() {
    let baseline = fs::read_to_string(BASELINE).unwrap();
    let folder = folder(&[("a.yaml", &baseline), ("b.yaml", "# nothing\n"), ("c.yaml", "a: 1\n")]);
    let validated = validate(&folder);
    assert_eq!(validated.code, 0);
    let expected = "3 files: 1 baseline, 2 controls; no mistakes, 2 warnings";
    assert!(validated.out.contains(expected), "{}", validated.out);
    assert!(validated.out.contains("b.yaml:1:1]"), "{}", validated.out);
    let scanned = said(&["scan", "--baseline", path(folder.path()), "--snapshot", SNAPSHOT]);
    assert_eq!(scanned.code, 1);
    assert!(
        scanned.errors.contains("b.yaml:1:1: the file contains no object"),
        "{}",
        scanned.errors
    );
}

#[test]
fn what_is_nearly_ours_is_never_passed_over_as_foreign() {
    let object =
        "metadata: {name: a}\nspec: {accounts: {selector: {}}, packs: [{name: foundations}]}\n";
    for head in [
        "apiVersion: plumbine.dev/v1alpha1\nkind: SecurityBaseline\n",
        "apiVersion: v1\nkind: SecurityBaseline\n",
        "apiVersion: plumbline.dev/v1alpha1\n",
        "kind: SecurityBasline\n",
        "apiversion: plumbline.dev/v1alpha1\nKind: SecurityBaseline\n",
    ] {
        let validated = validate(&folder(&[("a.yaml", &format!("{head}{object}"))]));
        assert_eq!(validated.code, 1, "{head}: {}", validated.out);
    }
}

#[test]
fn foreign_files_of_a_folder_are_named_or_left_out() {
    let baseline = fs::read_to_string(BASELINE).unwrap();
    let foreign = [
        ("chart/values.yaml", "image: {tag: v1}\n"),
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("stack.yaml", "AWSTemplateFormatVersion: 2010-09-09\nMetadata: {}\nResources: {}\n"),
        ("broken/template.yaml", "{{ if }}: [\n"),
    ];
    let files: Vec<(&str, &str)> =
        foreign.into_iter().chain([("a.yaml", baseline.as_str())]).collect();
    let team = folder(&files);
    let validated = validate(&team);
    assert_eq!(validated.code, 1, "{}", validated.out);
    assert!(validated.out.contains("mistakes, 3 warnings"), "{}", validated.out);
    let without = |patterns: &[&str]| {
        let mut arguments = vec!["validate", path(team.path())];
        for pattern in patterns {
            arguments.extend(["--exclude", pattern]);
        }
        said(&arguments)
    };
    let excluded = without(&["broken/", "values.yaml", "/kustomization.yaml", "sta*"]);
    assert_eq!(excluded.code, 0, "{}", excluded.out);
    assert!(
        excluded.out.starts_with("1 file: 1 baseline, 2 controls; no mistakes;"),
        "{}",
        excluded.out
    );
    assert_eq!(without(&["{a"]).code, 64);
    fs::write(team.path().join(".plumblineignore"), "# not ours\n*.yaml\n!a.yaml\n").unwrap();
    let ignored = validate(&team);
    assert_eq!((ignored.code, ignored.out), (0, excluded.out));
}

#[test]
fn standard_input_takes_the_place_of_any_file_once() {
    let baseline = fs::read_to_string(BASELINE).unwrap();
    let expected = said(&["scan", "--baseline", BASELINE, "--snapshot", SNAPSHOT]).out;
    let scanned = piped(&["scan", "--baseline", "-", "--snapshot", SNAPSHOT], &baseline);
    assert_eq!((scanned.code, scanned.out), (1, expected), "{}", scanned.errors);
    let broken = baseline.replace("controls:", "controlls:");
    for name in ["-", "/dev/stdin"] {
        let validated = piped(&["validate", name], &baseline);
        assert_eq!(validated.code, 0, "{}", validated.out);
        let validated = piped(&["validate", name], &broken);
        assert_eq!(validated.code, 1, "{}", validated.out);
        let shown = if name == "-" { "standard input:37:3]" } else { "/dev/stdin:37:3]" };
        assert!(validated.out.contains(shown), "{}", validated.out);
    }
    let planned =
        piped(&["plan", "--from", "-", "--to", BASELINE, "--snapshot", SNAPSHOT], &baseline);
    assert_eq!((planned.code, planned.out.as_str()), (0, "2 unchanged\n"));
    for twice in [
        &["scan", "--baseline", "-", "--snapshot", "-"][..],
        &["plan", "--from", "-", "--to", "-", "--snapshot", SNAPSHOT],
        &["validate", "-", "-"],
    ] {
        let refused = piped(twice, &baseline);
        assert_eq!(refused.code, 64, "{twice:?}");
        assert!(
            refused.errors.contains("standard input can be read only once"),
            "{}",
            refused.errors
        );
    }
}

#[test]
fn baselines_and_snapshots_come_from_several_places() {
    let text = fs::read_to_string(BASELINE).unwrap();
    let (controls, baseline) = text.rsplit_once("---\n").unwrap();
    let files = folder(&[("controls/c.yaml", controls), ("team/b.yaml", baseline)]);
    let [controls, team] =
        ["controls", "team"].map(|name| path(files.path()).to_owned() + "/" + name);
    let queue = "tests/cli/fixtures/queue.json";
    let scanned = said(&[
        "scan",
        "--baseline",
        &controls,
        "--baseline",
        &team,
        "--snapshot",
        "tests/cli/fixtures/buckets.json",
        "--snapshot",
        "tests/cli/fixtures/low.json",
        "--output",
        "json",
        "--only",
        "all",
    ]);
    assert!(
        scanned.json()["results"].as_array().unwrap().len() > 1,
        "{}{}",
        scanned.out,
        scanned.errors
    );
    assert!(Path::new(queue).exists());
    let alone = said(&["validate", &team]);
    assert_eq!(alone.code, 1, "{}", alone.out);
    assert_eq!(said(&["validate", &team, &controls]).code, 0);
}

#[test]
fn a_team_validates_without_the_accounts_and_agrees_with_scan() {
    let named = "apiVersion: plumbline.dev/v1alpha1\nkind: Exemption\n\
                 metadata: {name: e, namespace: team}\n\
                 spec:\n  baseline: small\n  controls: [team-queue-waits]\n  accounts: [somewhere]\n  \
                 reason: r\n  approvedBy: b\n  approvedAt: 2026-11-01T00:00:00Z\n  \
                 expiresAt: 2027-10-01T00:00:00Z\n";
    let text = fs::read_to_string(BASELINE).unwrap();
    let team = folder(&[("b.yaml", &text), ("e.yaml", named)]);
    let validated = validate(&team);
    assert_eq!(validated.code, 0, "{}", validated.out);
    assert!(validated.out.contains("references to accounts were not checked"), "{}", validated.out);
    let scanned = said(&["scan", "--baseline", path(team.path()), "--snapshot", SNAPSHOT]);
    assert_eq!(scanned.code, 1, "{}", scanned.errors);
    assert!(scanned.out.contains("2 resources drift"), "{}", scanned.out);

    let account = "apiVersion: plumbline.dev/v1alpha1\nkind: AwsAccount\nmetadata: {name: other}\n\
                   spec:\n  accountId: '111122223333'\n  regions: [eu-west-1]\n  \
                   source: {snapshot: {url: snapshot.json}}\n";
    fs::write(team.path().join("account.yaml"), account).unwrap();
    let checked = validate(&team);
    assert!(
        checked.code == 1 && checked.out.contains("AwsAccount `any` does not exist"),
        "{}",
        checked.out
    );
    assert_eq!(said(&["validate", "--without-accounts", path(team.path())]).code, 0);
    let scanned = said(&["scan", "--baseline", path(team.path()), "--snapshot", SNAPSHOT]);
    assert_eq!(scanned.code, 65);
}

#[test]
fn merge_keys_mean_what_they_mean_to_kubectl() {
    let merged = "\
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: a}
spec:
  accounts: {selector: {}}
  controls:
    - &one {name: rds-backup-retention, severity: High, parameters: {minimumDays: 7}}
    - {<<: *one, name: s3-bucket-versioning, parameters: {}}
    - <<: [{severity: Low, name: kms-key-rotation}, *one]
      parameters: {}
";
    let validated = piped(&["validate", "-"], merged);
    assert_eq!(validated.code, 0, "{}", validated.out);
    let validated = piped(&["validate", "-"], &merged.replace("<<: *one", "<<: 3"));
    assert!(validated.code == 1 && validated.out.contains("`<<` must be"), "{}", validated.out);
}

#[test]
fn an_address_that_cannot_be_read_is_refused_where_it_is_written() {
    let account = "apiVersion: plumbline.dev/v1alpha1\nkind: AwsAccount\nmetadata: {name: any}\n\
                   spec:\n  accountId: '111122223333'\n  regions: [eu-west-1]\n  \
                   allowedNamespaces: {names: [team]}\n  source: {snapshot: {url: 'URL'}}\n";
    let text = fs::read_to_string(BASELINE).unwrap();
    for url in [
        "https://example.com/s.json",
        "file:///tmp/s.json",
        "file:/tmp/s.json",
        "S3://Bucket/x",
        " s3://bucket/x",
        "arn:aws:s3:::bucket",
    ] {
        let team = folder(&[("b.yaml", &text), ("a.yaml", &account.replace("URL", url))]);
        let validated = validate(&team);
        assert_eq!(validated.code, 1, "{url}: {}", validated.out);
        assert!(validated.out.contains("a snapshot must be a path"), "{url}: {}", validated.out);
        assert!(validated.out.contains("aws s3 sync"), "{}", validated.out);
        let scanned = said(&["scan", "--baseline", path(team.path()), "--snapshot", SNAPSHOT]);
        assert!(scanned.code == 65 && scanned.errors.contains("a snapshot must be a path"));
        let given = said(&["scan", "--baseline", BASELINE, "--snapshot", url]);
        assert_eq!(given.code, 64, "{url}");
        assert!(given.errors.contains("aws s3 sync"), "{}", given.errors);
    }
    for (url, said_of_it) in [
        ("s3://bucket/x/AWSLogs/", "remove AWSLogs"),
        ("s3://AWSLogs", "a bucket's address is s3://BUCKET"),
        ("s3://ab/x", "a bucket's address is s3://BUCKET"),
    ] {
        let team = folder(&[("b.yaml", &text), ("a.yaml", &account.replace("URL", url))]);
        let validated = validate(&team);
        assert!(validated.code == 1 && validated.out.contains(said_of_it), "{}", validated.out);
        let given = said(&["scan", "--baseline", BASELINE, "--snapshot", url]);
        assert!(given.code == 64 && given.errors.contains(said_of_it), "{}", given.errors);
    }
    for url in [
        "s3://bucket",
        "s3://my.bucket-1/a/b/",
        "snapshots/latest.json",
        "/var/lib/s.json",
        "a/b:c.json",
        "2026-11-28T12:00:00Z.json",
    ] {
        let team = folder(&[("b.yaml", &text), ("a.yaml", &account.replace("URL", url))]);
        assert_eq!(validate(&team).code, 0, "{url}");
    }
}
