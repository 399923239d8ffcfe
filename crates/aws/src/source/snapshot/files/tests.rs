use std::io::Write as _;

use super::*;

#[test]
fn a_folder_is_searched_for_files_that_may_hold_items() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("b/c")).unwrap();
    fs::create_dir_all(folder.path().join(".hidden")).unwrap();
    for name in ["b/c/2.json.gz", "b/1.JSONL", "a.json", "notes.txt", ".x.json", ".hidden/y.json"] {
        fs::write(folder.path().join(name), "[]").unwrap();
    }
    let found = find(folder.path()).unwrap();
    let names: Vec<_> =
        found.iter().map(|file| file.name.strip_prefix(folder.path()).unwrap()).collect();
    assert_eq!(names, [Path::new("a.json"), Path::new("b/1.JSONL"), Path::new("b/c/2.json.gz")]);
}

#[test]
fn what_would_be_passed_over_in_silence_or_waited_for_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "[]").unwrap();
    let odd = "111122223333_Config_eu-west-1_ConfigSnapshot_20260502T000000Z_x.json.gz.part";
    let error = |name: &str| {
        let found = find(folder.path()).unwrap_err().to_string();
        fs::remove_file(folder.path().join(name)).unwrap();
        found
    };
    fs::write(folder.path().join(odd), "[]").unwrap();
    assert!(error(odd).contains(odd));
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("b.json")).status();
    assert!(made.unwrap().success());
    assert!(error("b.json").contains("b.json"));
    assert_eq!(find(folder.path()).unwrap().len(), 1);
}

#[test]
fn what_may_change_within_the_same_step_of_time_is_not_settled() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), "[]").unwrap();
    let found = find(folder.path()).unwrap();
    let (state, changed) = (found[0].state().unwrap(), found[0].changed.unwrap());
    let second = Duration::from_secs(1);
    assert!(!state.is_settled(changed + second), "ext3 and FAT may count both as one time");
    assert!(!state.is_settled(changed - second), "a clock that is behind says nothing");
    assert!(state.is_settled(changed + 3 * second));
}

#[test]
fn a_folder_without_such_files_is_an_error_and_so_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(find(folder.path()), Err(SnapshotError::NoFiles(_))));
    assert!(matches!(find(&folder.path().join("x")), Err(SnapshotError::Open { .. })));
}

#[test]
fn pipes_and_devices_are_neither_waited_for_nor_read() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("snapshot.json");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for path in [&*pipe, Path::new("/dev/zero"), Path::new("/dev/urandom")] {
        let error = find(path).unwrap_err().to_string();
        assert!(error.contains("not a regular file"), "{error}");
        assert!(open_regular(path).is_err());
    }
}

#[test]
fn no_more_is_read_of_a_file_than_it_had_when_it_was_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.json");
    fs::write(&path, "0123456789").unwrap();
    let mut read = Vec::new();
    let mut grow = |block: io::Result<Vec<u8>>| {
        read.extend(block.unwrap());
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"more").is_ok()
    };
    give_blocks(|| open_regular(&path), &mut grow);
    assert_eq!(read, b"0123456789");
}
