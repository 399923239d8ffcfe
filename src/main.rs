//! The `plumbline` command.

fn main() {}
