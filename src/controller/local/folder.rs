//! The folder of YAML files: what it says now, where it says it well.
//!
//! A typing mistake takes nothing out of force. A file that holds one counts as it last was
//! without; only a file that is gone takes its objects with it. A baseline that was never read
//! without mistakes is not evaluated, and what was published of it stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::api::document::{Diagnostic, SourceFile};
use crate::plan::{Excluded, Objects, object_files};

/// A folder of YAML files.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Each file as it last was without mistakes.
    good: BTreeMap<PathBuf, SourceFile>,
}

/// What the folder says.
#[derive(Debug, Default)]
pub(super) struct Desired {
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
    pub(super) fn read(&mut self) -> Desired {
        let (files, unreadable) = object_files(&self.path, &Excluded::default());
        self.forget_deleted(&files, &unreadable);
        let mut desired = Desired::default();
        let mut never_good = Vec::new();
        for file in files {
            let mistakes = mistakes_of(&file, self.good.get(file.path()));
            if mistakes.is_empty() {
                self.good.insert(file.path().to_owned(), file);
            } else if !self.good.contains_key(file.path()) {
                never_good.push(file);
            }
            desired.mistakes.extend(mistakes);
        }
        let unknown = |mistake: &Diagnostic| !self.good.contains_key(mistake.file.path());
        desired.may_lack_baselines = !never_good.is_empty() || unreadable.iter().any(unknown);
        desired.mistakes.extend(unreadable);
        for file in self.good.values() {
            desired.mistakes.extend(desired.objects.add(file));
        }
        for file in never_good {
            desired.objects.add(&file);
            desired.objects.baselines.retain(|baseline| baseline.file != file);
        }
        desired
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
/// nothing of Plumbline's in it any more, it says nothing about the objects that it held.
fn mistakes_of(file: &SourceFile, before: Option<&SourceFile>) -> Vec<Diagnostic> {
    let (objects, mistakes) = read(file);
    let emptied = mistakes.is_empty() && objects.is_empty();
    if emptied && before.is_some_and(|before| !read(before).0.is_empty()) {
        return vec![Diagnostic {
            file: file.clone(),
            range: 0..0,
            message: "the file holds no object any more; those that it held stay in force"
                .to_owned(),
            help: Some("delete the file to remove them".to_owned()),
        }];
    }
    mistakes
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
    fn told(texts: &[Option<&str>]) -> Vec<(usize, bool)> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.yaml");
        let mut read = Folder::new(folder.path().to_owned());
        let tell = |text: Option<&str>| {
            match text {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let Desired { objects, may_lack_baselines, .. } = read.read();
            (objects.baselines.len(), may_lack_baselines)
        };
        texts.iter().copied().map(tell).collect()
    }

    #[test]
    fn a_file_with_a_mistake_counts_as_it_was() {
        let misspelt = BASELINE.replace("packs", "pakcs");
        for broken in ["a: [", "", "# nothing\n", "replicas: 3\n", misspelt.as_str()] {
            assert_eq!(told(&[Some(BASELINE), Some(broken)]), [(1, false), (1, false)]);
        }
    }

    #[test]
    fn only_a_deleted_file_takes_its_objects_with_it() {
        let texts = [Some(BASELINE), None, Some(BASELINE)];
        assert_eq!(told(&texts), [(1, false), (0, false), (1, false)]);
    }

    #[test]
    fn a_baseline_that_never_was_without_mistakes_is_missing() {
        let misspelt = BASELINE.replace("packs", "pakcs");
        let texts = [Some(misspelt.as_str()), Some("a: ["), Some(BASELINE)];
        assert_eq!(told(&texts), [(0, true), (0, true), (1, false)]);
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
        let desired = read.read();
        assert_eq!(desired.objects.baselines.len(), 1);
        assert_eq!(desired.mistakes.len(), 1);
    }
}
