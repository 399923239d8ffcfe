//! The controls are embedded in the binary, so a new file among them asks for a new build.

fn main() {
    println!("cargo::rerun-if-changed=controls");
}
