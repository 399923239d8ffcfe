//! `crds/` and the chart `plumbline-crds` hold what the types of the API say, and nothing else.

// A test that cannot go on has failed.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

const FOLDERS: [&str; 2] = ["crds", "charts/plumbline-crds/files"];

#[test]
fn the_committed_files_are_those_that_the_types_give() {
    let generated: BTreeMap<String, String> = api::crd_files().unwrap().into_iter().collect();
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    for folder in FOLDERS {
        let committed = committed(folder);
        let stale = format!("{folder} is stale: run `make generate`");
        assert_eq!(names(&committed), names(&generated), "{stale}");
        for (name, text) in &generated {
            assert!(committed.get(name) == Some(text), "{name} of {stale}");
        }
    }
}

fn committed(folder: &str) -> BTreeMap<String, String> {
    fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .filter(|(name, _)| name != "kustomization.yaml") // lists the others, for kubectl apply -k
        .collect()
}
