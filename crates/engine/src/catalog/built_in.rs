//! The controls and packs in the binary.

use std::path::Path;
use std::sync::LazyLock;

use include_dir::{Dir, DirEntry, include_dir};
use serde::de::DeserializeOwned;

use super::compiled::Origin;
use super::{Catalog, LastGoodCatalog, OwnObjects};
use crate::problem::Problem;
use api::{Control, ControlTest, Object, ObjectKey, Pack};
use manifest::document::{self, Diagnostic, Located, SourceFile};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../controls");
const TEST: &str = ".test.yaml";

/// The built-in catalogue and the mistakes in it.
#[derive(Debug)]
pub(super) struct BuiltIn {
    pub(super) catalog: Catalog,
    mistakes: Vec<Diagnostic>,
}

/// Reads and compiles the built-in files, once.
pub(super) fn load() -> &'static BuiltIn {
    static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| {
        let (mut controls, mut packs, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
        for file in files().filter(|file| !is_test(file)) {
            if is_pack(&file) {
                read(&file, &mut packs, &mut mistakes);
            } else {
                read(&file, &mut controls, &mut mistakes);
            }
        }
        compile(&controls, &packs, mistakes)
    });
    &BUILT_IN
}

fn compile(
    controls: &[Located<Control>],
    packs: &[Located<Pack>],
    mut mistakes: Vec<Diagnostic>,
) -> BuiltIn {
    let own = OwnObjects {
        controls: controls.iter().map(|control| control.object.clone()).collect(),
        packs: packs.iter().map(|pack| pack.object.clone()).collect(),
        unread: Vec::new(),
    };
    let last = &mut LastGoodCatalog::default();
    let (catalog, problems) = Catalog::default().with_all(own, Origin::BuiltIn, last);
    for problem in problems {
        mistakes.extend(locate(&problem, controls));
        mistakes.extend(locate(&problem, packs));
    }
    BuiltIn { catalog, mistakes }
}

fn locate<K: Object>(problem: &Problem, objects: &[Located<K>]) -> Option<Diagnostic> {
    let found = objects.iter().find(|found| ObjectKey::of(&found.object) == problem.object)?;
    Some(problem.located(found))
}

/// Every mistake in the built-in files. There is none in a release: a test sees to it.
pub fn built_in_mistakes() -> &'static [Diagnostic] {
    &load().mistakes
}

/// The test cases of the built-in controls, and the mistakes in their files.
pub fn built_in_tests() -> (Vec<Located<ControlTest>>, Vec<Diagnostic>) {
    let (mut tests, mut mistakes) = (Vec::new(), Vec::new());
    for file in files().filter(is_test) {
        read(&file, &mut tests, &mut mistakes);
    }
    (tests, mistakes)
}

fn is_test(file: &SourceFile) -> bool {
    file.path().to_str().is_some_and(|path| path.ends_with(TEST))
}

fn is_pack(file: &SourceFile) -> bool {
    file.path().components().any(|part| part.as_os_str() == "packs")
}

/// The embedded YAML files, by path.
fn files() -> impl Iterator<Item = SourceFile> {
    let (mut folders, mut found) = (vec![&FILES], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(folder) => folders.push(folder),
                DirEntry::File(file) => found.push(file),
            }
        }
    }
    found.retain(|file| file.path().extension().is_some_and(|extension| extension == "yaml"));
    found.sort_by_key(|file| file.path());
    found.into_iter().map(|file| {
        let path = Path::new("controls").join(file.path());
        SourceFile::new(path, file.contents_utf8().unwrap_or_default())
    })
}

/// Reads the objects of a file without comparing them with their schema, which takes longer than
/// a start may.
fn read<T: DeserializeOwned>(
    file: &SourceFile,
    objects: &mut Vec<Located<T>>,
    mistakes: &mut Vec<Diagnostic>,
) {
    let (nodes, broken) = document::read(file.text());
    mistakes.extend(broken.into_iter().map(|mistake| mistake.in_file(file)));
    for node in nodes {
        match serde_json::from_value(node.to_json()) {
            Ok(object) => objects.push(Located { object, file: file.clone(), node }),
            Err(error) => mistakes.push(Diagnostic {
                file: file.clone(),
                range: node.summary_range(),
                message: error.to_string(),
                help: None,
            }),
        }
    }
}
