//! The controls and packs in the binary.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};

use include_dir::{Dir, DirEntry, File, include_dir};
use serde::de::DeserializeOwned;

use super::compile::compile;
use super::compiled::{CompiledControl, Origin};
use super::{Catalog, LastGoodCatalog, OwnObjects};
use crate::problem::Problem;
use api::{Control, ControlTest, Object, ObjectKey, Pack};
use manifest::document::{self, Diagnostic, Located, SourceFile};

static FILES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../controls");
const TEST: &str = ".test.yaml";

/// A built-in control. It is read and compiled when somebody asks for more than its name: most
/// runs use few of them, and start sooner.
#[derive(Debug)]
pub(super) struct BuiltInControl {
    file: &'static File<'static>,
    compiled: OnceLock<Arc<CompiledControl>>,
}

impl BuiltInControl {
    pub(super) fn get(&self) -> &Arc<CompiledControl> {
        self.compiled.get_or_init(|| Arc::new(self.compile()))
    }

    /// The control; where its file has a mistake, which a test rules out, one that cannot be run.
    fn compile(&self) -> CompiledControl {
        let (mut controls, mut mistakes) = (Vec::<Located<Control>>::new(), Vec::new());
        read(&source(self.file), &mut controls, &mut mistakes);
        let why =
            match controls.pop().map(|it| compile(self.name(), it.object.spec, Origin::BuiltIn)) {
                Some(Ok(control)) => return control,
                Some(Err(faults)) => faults.first().map(ToString::to_string),
                None => mistakes.first().map(|mistake| mistake.message.clone()),
            };
        let name = self.name().parse().unwrap_or_else(|_| unreachable!("a file of the catalogue"));
        CompiledControl::unknown(name, why.unwrap_or_default())
    }

    /// Its file's name, without the extension.
    pub(super) fn name(&self) -> &str {
        stem(self.file.path())
    }
}

/// The built-in controls by name, and the packs.
pub(super) fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
        let (mut packs, mut catalog) = (Vec::<Located<Pack>>::new(), Catalog::default());
        for file in files(is_control) {
            catalog.hold(BuiltInControl { file, compiled: OnceLock::new() });
        }
        for file in files(is_pack) {
            read(&source(file), &mut packs, &mut Vec::new());
        }
        for pack in packs {
            catalog.hold_pack(pack.object);
        }
        catalog
    });
    &CATALOG
}

/// Every mistake in the built-in files. There is none in a release: a test sees to it.
pub fn built_in_mistakes() -> Vec<Diagnostic> {
    let (mut controls, mut packs) = (Vec::<Located<Control>>::new(), Vec::<Located<Pack>>::new());
    let mut mistakes = Vec::new();
    for file in files(is_control) {
        read(&source(file), &mut controls, &mut mistakes);
    }
    for file in files(is_pack) {
        read(&source(file), &mut packs, &mut mistakes);
    }
    mistakes.extend(controls.iter().filter_map(misnamed));
    let own = OwnObjects {
        controls: controls.iter().map(|control| control.object.clone()).collect(),
        packs: packs.iter().map(|pack| pack.object.clone()).collect(),
        unread: Vec::new(),
    };
    let last = &mut LastGoodCatalog::default();
    let (_, problems) = Catalog::default().with_all(own, Origin::BuiltIn, last);
    for problem in problems {
        mistakes.extend(locate(&problem, &controls));
        mistakes.extend(locate(&problem, &packs));
    }
    mistakes
}

/// A control is looked up by its file's name, and alone in its file.
fn misnamed(control: &Located<Control>) -> Option<Diagnostic> {
    let is_named_so = control.object.metadata.name.as_deref() == Some(stem(control.file.path()));
    (!is_named_so).then(|| Diagnostic {
        file: control.file.clone(),
        range: control.node.summary_range(),
        message: "the file is not named like its control".to_owned(),
        help: None,
    })
}

fn locate<K: Object>(problem: &Problem, objects: &[Located<K>]) -> Option<Diagnostic> {
    let found = objects.iter().find(|found| ObjectKey::of(&found.object) == problem.object)?;
    Some(problem.located(found))
}

/// The test cases of the built-in controls, and the mistakes in their files.
pub fn built_in_tests() -> (Vec<Located<ControlTest>>, Vec<Diagnostic>) {
    let (mut tests, mut mistakes) = (Vec::new(), Vec::new());
    for file in files(is_test) {
        read(&source(file), &mut tests, &mut mistakes);
    }
    (tests, mistakes)
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
}

fn is_test(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(TEST))
}

fn is_pack(path: &Path) -> bool {
    !is_test(path) && path.components().any(|part| part.as_os_str() == "packs")
}

fn is_control(path: &Path) -> bool {
    !is_test(path) && !is_pack(path)
}

/// The embedded YAML files of a kind, by path.
fn files(is_wanted: fn(&Path) -> bool) -> Vec<&'static File<'static>> {
    let (mut folders, mut found) = (vec![&FILES], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(folder) => folders.push(folder),
                DirEntry::File(file) => found.push(file),
            }
        }
    }
    let is_yaml = |path: &Path| path.extension().is_some_and(|extension| extension == "yaml");
    found.retain(|file| is_yaml(file.path()) && is_wanted(file.path()));
    found.sort_by_key(|file| file.path());
    found
}

/// An embedded file, as it is named in this repository.
fn source(file: &File<'static>) -> SourceFile {
    let path = Path::new("controls").join(file.path());
    SourceFile::new(path, file.contents_utf8().unwrap_or_default())
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
