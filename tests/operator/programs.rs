//! The programs that the tests run on, as `setup.sh` finds or builds them.

use std::collections::BTreeMap;
use std::env;
use std::io::{Write as _, stderr}; // past the harness's capture: what is skipped shows
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

/// Set by `make test`: what is missing is then a failure.
const REQUIRED: &str = "PLUMBLINE_REQUIRE_KUBERNETES";

/// Where each program is.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) helm: PathBuf,
    /// The CRDs of OpenReports.
    pub(crate) open_reports: PathBuf,
}

impl Programs {
    /// The programs; `None`, said aloud, where they are neither there nor to be built.
    pub(crate) fn get() -> Option<&'static Self> {
        static FOUND: OnceLock<Result<Programs, String>> = OnceLock::new();
        match FOUND.get_or_init(set_up) {
            Ok(programs) => Some(programs),
            Err(why) => {
                assert!(env::var_os(REQUIRED).is_none(), "{why}");
                let test = thread::current().name().unwrap_or("a test").to_owned();
                _ = writeln!(stderr(), "SKIPPED: {test}: {why}");
                None
            }
        }
    }
}

fn set_up() -> Result<Programs, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/operator/setup.sh");
    let output = Command::new("sh")
        .arg(&script)
        .stderr(Stdio::inherit()) // tells of minutes of building
        .output()
        .map_err(|error| format!("running {}: {error}", script.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut places: BTreeMap<&str, PathBuf> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, path)| (name, PathBuf::from(path)))
        .collect();
    let mut take = |name: &str| {
        let missing = || format!("there is no {name}, and it could not be built: see above");
        places.remove(name).ok_or_else(missing)
    };
    Ok(Programs {
        etcd: take("etcd")?,
        kube_apiserver: take("kube-apiserver")?,
        kubectl: take("kubectl")?,
        helm: take("helm")?,
        open_reports: take("openreports.yaml")?,
    })
}
