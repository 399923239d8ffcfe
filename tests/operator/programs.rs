//! The programs that the tests run on, as `setup.sh` finds or builds them.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use support::skipped::skip;

/// Set by `make test`: what is missing is then a failure.
const REQUIRED: &str = "PLUMBLINE_REQUIRE_KUBERNETES";

/// Where each program is.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(crate) etcd: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) helm: PathBuf,
    pub(crate) helm3: PathBuf,
    pub(crate) kubeconform: PathBuf,
    pub(crate) helm_docs: PathBuf,
    pub(crate) actionlint: PathBuf,
    /// Runs health checks of Argo CD.
    pub(crate) health_check: PathBuf,
    /// The CRDs of OpenReports.
    pub(crate) open_reports: PathBuf,
    /// Those of the Prometheus operator that the chart has objects of.
    pub(crate) prometheus_operator: [PathBuf; 3],
    pub(crate) prometheus: PathBuf,
    pub(crate) promtool: PathBuf,
    pub(crate) amtool: PathBuf,
    /// Loads dashboards with Grafana's own types.
    pub(crate) load_dashboards: PathBuf,
}

impl Programs {
    /// The programs; `None`, said aloud, where they are neither there nor to be built.
    pub(crate) fn get() -> Option<&'static Self> {
        static FOUND: OnceLock<Result<Programs, String>> = OnceLock::new();
        match FOUND.get_or_init(set_up) {
            Ok(programs) => Some(programs),
            Err(why) => {
                assert!(env::var_os(REQUIRED).is_none(), "{why}");
                skip(why);
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
        helm3: take("helm3")?,
        kubeconform: take("kubeconform")?,
        helm_docs: take("helm-docs")?,
        actionlint: take("actionlint")?,
        health_check: take("health-check")?,
        open_reports: take("openreports.yaml")?,
        prometheus_operator: [
            take("servicemonitors.yaml")?,
            take("podmonitors.yaml")?,
            take("prometheusrules.yaml")?,
        ],
        prometheus: take("prometheus")?,
        promtool: take("promtool")?,
        amtool: take("amtool")?,
        load_dashboards: take("load-dashboards")?,
    })
}
