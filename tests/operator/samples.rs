//! The samples of `deploy/` are objects that a cluster takes.

use std::collections::BTreeSet;
use std::fs;

use super::cluster::Cluster;
use super::yaml::{documents, files, repository};

/// A file format only: the command line reads it, no cluster does.
const FILES_ONLY: &str = "ControlTest";

#[tokio::test]
async fn every_sample_is_taken_by_a_cluster() {
    let Some(cluster) = Cluster::shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut namespaces = BTreeSet::new();
    let mut samples = Vec::new();
    for path in files(&repository("deploy/samples"), ".yaml") {
        let mut objects = documents(&fs::read_to_string(&path).unwrap());
        objects.retain(|object| object["kind"] != FILES_ONLY);
        for object in objects {
            let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
            namespaces.extend(namespace);
            // JSON is YAML: what `kubectl` reads.
            let copy = folder.path().join(format!("{}.json", samples.len()));
            fs::write(&copy, object.to_string()).unwrap();
            samples.push(copy.display().to_string());
        }
    }
    assert!(samples.len() > 5, "{samples:?}");
    for namespace in namespaces {
        cluster.kubectl_prints(&["create", "namespace", &namespace]);
    }
    for sample in &samples {
        cluster.kubectl_prints(&[
            "apply",
            "--server-side",
            "--dry-run=server",
            "--warnings-as-errors",
            "--validate=strict",
            "--filename",
            sample,
        ]);
    }
}
