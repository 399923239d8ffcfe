//! The folder of YAML files: what it says now, where it says it well.
//!
//! A typing mistake takes nothing out of force. A file that holds one counts as it last was
//! without; only a file that is gone takes its objects with it. A baseline that was never read
//! without mistakes is not evaluated, and what was published of it stays as it is; such an exemption or
//! attestation covers nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use manifest::document::{Diagnostic, SourceFile};
use manifest::{Excluded, Objects, object_files_again};

/// A folder of YAML files.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Each file as it last was without mistakes.
    good: BTreeMap<PathBuf, SourceFile>,
}

/// What the folder says.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The objects in force.
    pub(super) objects: Objects,
    /// What is wrong with the files as they are.
    pub(super) mistakes: Vec<Diagnostic>,
    /// Whether a baseline may be missing that is there, behind a mistake.
    pub(super) may_lack_baselines: bool,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, good: BTreeMap::new() }
    }

    /// Reads the folder.
    pub(super) fn read(&mut self) -> Contents {
        let held_objects = |path: &Path| self.good.contains_key(path);
        let (files, unreadable) =
            object_files_again(&self.path, &Excluded::default(), held_objects);
        self.forget_deleted(&files, &unreadable);
        let mut contents = Contents::default();
        let mut never_good = Vec::new();
        for file in files {
            let mistakes = mistakes_of(&file, self.good.get(file.path()));
            if mistakes.is_empty() {
                self.good.insert(file.path().to_owned(), file);
            } else if !self.good.contains_key(file.path()) {
                never_good.push(file);
            }
            contents.mistakes.extend(mistakes);
        }
        let unknown = |mistake: &Diagnostic| !self.good.contains_key(mistake.file.path());
        contents.may_lack_baselines = !never_good.is_empty() || unreadable.iter().any(unknown);
        contents.mistakes.extend(unreadable);
        for file in self.good.values() {
            contents.mistakes.extend(contents.objects.add(file));
        }
        for file in never_good {
            contents.objects.add(&file);
            let objects = &mut contents.objects;
            objects.baselines.retain(|baseline| baseline.file != file);
            // A misspelt field would leave it unbounded.
            objects.exemptions.retain(|exemption| exemption.file != file);
            objects.attestations.retain(|attestation| attestation.file != file);
        }
        contents
    }

    /// Forgets the files that are there no longer. While a folder cannot be listed, none is.
    fn forget_deleted(&mut self, files: &[SourceFile], unreadable: &[Diagnostic]) {
        let unreadable: Vec<&Path> = unreadable.iter().map(|mistake| mistake.file.path()).collect();
        if unreadable.iter().any(|path| !path.is_file()) {
            return;
        }
        let there: BTreeSet<&Path> = files.iter().map(SourceFile::path).chain(unreadable).collect();
        self.good.retain(|path, _| there.contains(path.as_path()));
    }
}

/// What is wrong with a file by itself. Emptied, as a write that is under way leaves it, or with
/// nothing of Plumbline's in it any more, it says nothing about the objects that it held. What one
/// held that is empty from the start nobody knows.
fn mistakes_of(file: &SourceFile, before: Option<&SourceFile>) -> Vec<Diagnostic> {
    let (objects, mistakes) = read(file);
    if !mistakes.is_empty() || !objects.is_empty() {
        return mistakes;
    }
    let emptied = |message: &str, help: &str| {
        let (message, help) = (message.to_owned(), Some(help.to_owned()));
        vec![Diagnostic { file: file.clone(), range: 0..0, message, help }]
    };
    if before.is_some_and(|before| !read(before).0.is_empty()) {
        emptied(
            "the file no longer contains an object; the objects that it contained stay in force",
            "delete the file to remove them",
        )
    } else if objects.empty_files > 0 {
        emptied(
            "the file contains no object; while it is empty, no finding of a baseline that is not \
             in the folder is archived",
            "restore the file, or delete it",
        )
    } else {
        mistakes
    }
}

fn read(file: &SourceFile) -> (Objects, Vec<Diagnostic>) {
    let mut objects = Objects::default();
    let mistakes = objects.add(file);
    (objects, mistakes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const BASELINE: &str = "\
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production}
spec: {accounts: {names: [payments]}, packs: [{name: foundations}]}
";

    /// What a folder says after each of these texts of its one file; `None` deletes it.
    fn reported(texts: &[Option<&str>]) -> Vec<(usize, bool)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.yaml");
        let mut read = Folder::new(folder.path().to_owned());
        let tell = |text: Option<&str>| {
            match text {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let Contents { objects, may_lack_baselines, .. } = read.read();
            (objects.baselines.len(), may_lack_baselines)
        };
        texts.iter().copied().map(tell).collect()
    }

    #[test]
    fn a_file_with_a_mistake_counts_as_it_was() {
        let misspelt = BASELINE.replace("packs", "pakcs");
        for broken in ["a: [", "", "# nothing\n", "replicas: 3\n", misspelt.as_str()] {
            assert_eq!(reported(&[Some(BASELINE), Some(broken)]), [(1, false), (1, false)]);
        }
    }

    #[test]
    fn a_json_file_that_is_being_written_counts_as_it_was() {
        let whole = r#"{"apiVersion": "plumbline.dev/v1alpha1", "kind": "SecurityBaseline",
            "metadata": {"name": "production"}, "spec": {"accounts": {"names": ["payments"]},
            "packs": [{"name": "foundations"}]}}"#;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.json");
        let mut read = Folder::new(folder.path().to_owned());
        for text in [whole, "", "{", "{}", whole] {
            fs::write(&path, text).unwrap();
            let contents = read.read();
            assert_eq!(contents.objects.baselines.len(), 1, "{text}");
            assert_eq!(contents.mistakes.is_empty(), text == whole, "{text}");
        }
        fs::remove_file(&path).unwrap();
        assert!(read.read().objects.baselines.is_empty());
    }

    #[test]
    fn a_pipe_is_said_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.yaml");
        let made = std::process::Command::new("mkfifo").arg(&path).status().unwrap();
        assert!(made.success());
        let contents = Folder::new(folder.path().to_owned()).read();
        assert!(contents.mistakes[0].message.contains("not a regular file"));
    }

    #[test]
    fn an_exemption_with_a_mistake_covers_nothing_until_it_was_once_without() {
        let right = "\
apiVersion: plumbline.dev/v1alpha1
kind: Exemption
metadata: {name: legacy}
spec:
  baseline: production
  controls: [s3-bucket-versioning]
  resources: [{ids: [old]}]
  reason: It is replaced in spring.
  approvedBy: security@example.com
  approvedAt: '2026-03-01T00:00:00Z'
  expiresAt: '2026-09-01T00:00:00Z'
";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exemption.yaml");
        let misspelt = right.replace("resources", "resource");
        let mut read = Folder::new(folder.path().to_owned());
        let mut after = |text: &str| {
            fs::write(&path, text).unwrap();
            let exemptions = read.read().objects.exemptions;
            exemptions
                .iter()
                .map(|it| it.object.spec.resources.as_ref().map_or(0, Vec::len))
                .collect::<Vec<_>>()
        };
        assert_eq!(after(&misspelt), [0; 0], "it would cover every resource");
        assert_eq!(after(right), [1]);
        assert_eq!(after(&misspelt), [1]);
    }

    #[test]
    fn only_a_deleted_file_takes_its_objects_with_it() {
        let texts = [Some(BASELINE), None, Some(BASELINE)];
        assert_eq!(reported(&texts), [(1, false), (0, false), (1, false)]);
    }

    #[test]
    fn a_baseline_that_never_was_without_mistakes_is_missing() {
        let misspelt = BASELINE.replace("packs", "pakcs");
        let texts = [Some(misspelt.as_str()), Some("a: ["), Some(BASELINE)];
        assert_eq!(reported(&texts), [(0, true), (0, true), (1, false)]);
    }

    #[test]
    fn a_file_that_is_empty_from_the_start_may_have_held_a_baseline() {
        for empty in ["", "# nothing\n", "---\n"] {
            let texts = [Some(empty), Some(BASELINE), None];
            assert_eq!(reported(&texts), [(0, true), (1, false), (0, false)], "{empty:?}");
        }
        let of_others = "apiVersion: v1\nkind: ConfigMap\n";
        assert_eq!(reported(&[Some(of_others)]), [(0, false)]);
    }

    #[test]
    fn a_json_file_that_is_empty_from_the_start_may_have_held_a_baseline() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("baseline.json"), "").unwrap();
        assert!(Folder::new(folder.path().to_owned()).read().may_lack_baselines);
    }

    #[test]
    fn a_folder_that_is_gone_takes_nothing_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("baseline.yaml"), BASELINE).unwrap();
        let mut read = Folder::new(path.clone());
        assert_eq!(read.read().objects.baselines.len(), 1);
        fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        let contents = read.read();
        assert_eq!(contents.objects.baselines.len(), 1);
        assert_eq!(contents.mistakes.len(), 1);
    }
}
