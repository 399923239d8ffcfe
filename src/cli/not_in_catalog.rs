//! A name that the catalogue does not have, and what was probably meant.

use thiserror::Error;

use api::closest;
use engine::catalog::Catalog;

/// Why a name of the catalogue cannot be shown.
#[derive(Debug, Error)]
pub(super) enum NotInCatalog {
    #[error("there is no control `{name}`{}", next_step(suggestion.as_deref(), "controls"))]
    Control { name: String, suggestion: Option<String> },
    #[error("there is no pack `{name}`{}", next_step(suggestion.as_deref(), "packs"))]
    Pack { name: String, suggestion: Option<String> },
    #[error("`{name}` is a pack, not a control; run `plumbline packs show {name}`")]
    IsPack { name: String },
    #[error("`{name}` is a control, not a pack; run `plumbline controls show {name}`")]
    IsControl { name: String },
    #[error("no control matches these filters; {known}")]
    Filtered { known: String },
}

impl NotInCatalog {
    /// No control has this name.
    pub(super) fn control(catalog: &Catalog, name: &str) -> Self {
        let name = name.to_owned();
        if catalog.pack(&name).is_some() {
            return Self::IsPack { name };
        }
        let suggestion = closest(&name, catalog.control_names()).map(str::to_owned);
        Self::Control { name, suggestion }
    }

    /// No pack has this name.
    pub(super) fn pack(catalog: &Catalog, name: &str) -> Self {
        let name = name.to_owned();
        if catalog.control(&name).is_some() {
            return Self::IsControl { name };
        }
        let suggestion = closest(&name, catalog.packs().map(|(name, _)| name)).map(str::to_owned);
        Self::Pack { name, suggestion }
    }
}

fn next_step(suggestion: Option<&str>, command: &str) -> String {
    match suggestion {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; `plumbline {command} list` shows all"),
    }
}
