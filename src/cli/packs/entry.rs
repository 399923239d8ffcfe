//! One control of a pack as it takes effect: with the pack's severity and parameters.

use api::{PackControl, PackSpec};
use engine::catalog::{Catalog, CompiledControl};
use model::Severity;

/// A control of a pack, and the control itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'c> {
    pub(super) control: &'c CompiledControl,
    of_pack: &'c PackControl,
}

impl<'c> Entry<'c> {
    /// Every control of a pack, in the pack's order. A test of the catalogue sees to it that a
    /// built-in pack names no control that is missing.
    pub(super) fn all(catalog: &'c Catalog, pack: &'c PackSpec) -> impl Iterator<Item = Self> {
        pack.controls.iter().filter_map(|of_pack| {
            let control = catalog.control(of_pack.name.as_str())?;
            Some(Self { control, of_pack })
        })
    }

    /// The pack's severity, else the control's own.
    pub(super) fn severity(&self) -> Severity {
        self.of_pack.severity.unwrap_or(self.control.spec.severity)
    }

    /// Every parameter with the value that takes effect: `minimumDays=14`.
    pub(super) fn parameters(&self) -> String {
        let values = self.control.spec.parameters.iter().map(|declared| {
            let value = self.of_pack.parameters.get(&declared.name).or(declared.default.as_ref());
            match value {
                Some(value) => format!("{}={value}", declared.name),
                None => format!("{} (required)", declared.name),
            }
        });
        values.collect::<Vec<_>>().join(", ")
    }
}
