//! `crds/` holds what the types of the API say, and nothing else.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

use plumbline::api;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("crds")
}

#[test]
fn the_committed_files_are_those_that_the_types_give() {
    let generated: BTreeMap<String, String> = api::crd_files().unwrap().into_iter().collect();
    let committed: BTreeMap<String, String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&generated), "crds/ is stale: run `make generate`");
    for (name, text) in &generated {
        assert!(committed.get(name) == Some(text), "crds/{name} is stale: run `make generate`");
    }
}
