//! What the operating system says of a process's memory, in bytes. `process` is its number, or `self`.

use std::fs;

/// The most that it ever had.
pub fn peak(process: &str) -> f64 {
    figure(process, "VmHWM")
}

/// What it has now.
pub fn resident(process: &str) -> f64 {
    figure(process, "VmRSS")
}

fn figure(process: &str, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let (_, rest) = text.split_once(&format!("{name}:")).unwrap();
    rest.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
}
