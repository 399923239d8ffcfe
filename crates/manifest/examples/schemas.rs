//! Prints what `src/document/schemas.json` has to hold; `make generate` writes it there.

use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    // A line for each kind, so that a change shows in which.
    let mut before = "{\n";
    for (kind, schema) in manifest::document::derived_schemas() {
        write!(out, "{before}{}: {schema}", serde_json::Value::from(kind))?;
        before = ",\n";
    }
    writeln!(out, "\n}}")
}
