//! Where results come from in the files of a scan: the line that asks for a control.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;

use api::{FieldPath, SecurityBaseline};
use engine::catalog::Catalog;
use engine::plan::BaselineKey;
use manifest::document::Located;
use manifest::{Objects, STANDARD_INPUT};

/// The lines that ask for controls, by baseline.
#[derive(Debug, Default)]
pub(in crate::cli) struct DeclaredPlaces(BTreeMap<String, DeclaredObject>);

/// The lines of one baseline.
#[derive(Debug)]
struct DeclaredObject {
    file: String,
    /// That of the baseline's name.
    line: usize,
    controls: BTreeMap<String, usize>,
}

/// A line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) struct LinePlace<'p> {
    /// The file, from the working directory where it is below it.
    pub(super) file: &'p str,
    /// The line, from 1 on.
    pub(super) line: usize,
}

impl DeclaredPlaces {
    /// The places of all baselines that stand in files; standard input has none.
    pub(in crate::cli) fn of(objects: &Objects, catalog: &Catalog) -> Self {
        let in_files = objects
            .baselines
            .iter()
            .filter(|baseline| baseline.file.path() != Path::new(STANDARD_INPUT));
        let declared = in_files.map(|baseline| {
            let key = BaselineKey::of(&baseline.object).to_string();
            (key, DeclaredObject::of(baseline, catalog))
        });
        Self(declared.collect())
    }

    /// The line that asks for the control: its own of the baseline, else that of its pack.
    pub(super) fn of_control(&self, baseline: &str, control: &str) -> Option<LinePlace<'_>> {
        let declared = self.0.get(baseline)?;
        let line = declared.controls.get(control).copied().unwrap_or(declared.line);
        Some(LinePlace { file: &declared.file, line })
    }
}

impl DeclaredObject {
    fn of(baseline: &Located<SecurityBaseline>, catalog: &Catalog) -> Self {
        let line = |path: &FieldPath| baseline.diagnostic(path, None, "", None).line();
        let spec = &baseline.object.spec;
        let mut controls = BTreeMap::new();
        for (at, pack) in spec.packs.iter().enumerate() {
            let line = line(&FieldPath::spec("packs").index(at).field("name"));
            let brought = catalog.pack(&pack.name).into_iter().flat_map(|pack| &pack.controls);
            controls.extend(brought.map(|control| (control.name.to_string(), line)));
            // A pack that is refused is a control of its own name, whose verdict is Unknown.
            controls.insert(pack.name.clone(), line);
        }
        for (at, control) in spec.controls.iter().enumerate() {
            let line = line(&FieldPath::spec("controls").index(at).field("name"));
            controls.insert(control.name.to_string(), line);
        }
        let name = FieldPath::default().field("metadata").field("name");
        Self { file: relative(baseline.file.path()), line: line(&name), controls }
    }
}

/// The path from the working directory where it is below it, as it was given elsewhere.
pub(super) fn relative(path: &Path) -> String {
    let here = env::current_dir().ok();
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    let path = below.unwrap_or(path);
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}
