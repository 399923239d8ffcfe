//! Objects of the Plumbline API in YAML and JSON: files in, objects and mistakes with their places
//! out.
//!
//! [`document`] reads a file and checks it against the schemas of the CRDs, rules among them;
//! [`load_folder`] and [`load_paths`] put what many files hold together. What objects say of each
//! other is not looked at here.

#![cfg_attr(test, allow(clippy::disallowed_methods))] // tests read their cases from files

mod belonging;
pub mod document;
mod files;
mod lists;
mod objects;
mod reference;
mod rules;

pub use files::{
    Excluded, IGNORE_FILE, InvalidPattern, STANDARD_INPUT, has_ending_of_objects, object_files,
    object_files_again,
};
pub use objects::{Objects, load_folder, load_paths, load_paths_without};
pub use reference::{json_schemas, reference_pages};
