//! What the operating system says of a process: its memory, in bytes, and its time. `process` is its number,
//! or `self`.

use std::fs;
use std::time::Duration;

/// What Linux counts a process's time in.
const TICK: Duration = Duration::from_millis(10);

/// The most that it ever had.
pub fn peak(process: &str) -> f64 {
    figure(process, "VmHWM")
}

/// What it has now.
pub fn resident(process: &str) -> f64 {
    figure(process, "VmRSS")
}

/// What it has now that is not a part of files, such as its own code: an unoptimised program is large.
pub fn anonymous(process: &str) -> f64 {
    figure(process, "RssAnon")
}

/// For how long it has kept a processor busy.
pub fn processor_time(process: &str) -> Duration {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // After the name, which may have anything in it.
    let (_, rest) = text.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = [11, 12].map(|at: usize| fields[at].parse::<u32>().unwrap());
    TICK * ticks.iter().sum()
}

fn figure(process: &str, name: &str) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let (_, rest) = text.split_once(&format!("{name}:")).unwrap();
    rest.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
}
