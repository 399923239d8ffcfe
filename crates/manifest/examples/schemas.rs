//! Writes what the files of `src/document/schemas` have to hold into a folder; `make generate` does so.

use std::io;
use std::path::PathBuf;
use std::{env, fs};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("usage: schemas FOLDER"))?;
    for (kind, schema) in manifest::document::derived_schemas() {
        fs::write(folder.join(format!("{kind}.json")), format!("{schema}\n"))?;
    }
    Ok(())
}
