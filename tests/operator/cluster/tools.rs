//! The tools of whoever administers the cluster.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::{Cluster, install_crds};
use support::waiting::holds;

/// A major version of Helm.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Helm {
    V3,
    V4,
}

impl Cluster {
    /// `kubectl` as the administrator.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> Output {
        self.run(&self.programs.kubectl, arguments)
    }

    /// What `kubectl` prints, when it succeeds.
    pub(crate) fn kubectl_prints(&self, arguments: &[&str]) -> String {
        succeeded("kubectl", arguments, self.kubectl(arguments))
    }

    /// Installs the CRDs of OpenReports.
    pub(crate) fn install_open_reports(&self) {
        self.install_definitions(&self.programs.open_reports);
    }

    /// Installs every definition that the charts have objects of.
    pub(crate) async fn install_every_definition(&self) {
        install_crds(&self.client().await, api::crds()).await;
        self.install_open_reports();
        self.install_prometheus_operator();
    }

    /// Installs the definitions of the Prometheus operator that the chart has objects of.
    pub(crate) fn install_prometheus_operator(&self) {
        for file in &self.programs.prometheus_operator {
            self.install_definitions(file);
        }
    }

    fn install_definitions(&self, file: &Path) {
        let file = file.to_str().unwrap();
        self.kubectl_prints(&["apply", "--server-side", "--filename", file]);
        // It fails where there are no conditions yet.
        let wait = ["wait", "--for=condition=Established", "--filename", file];
        holds(&format!("{file} is established"), || self.kubectl(&wait).status.success());
    }

    /// What one of the Helms prints, as the administrator.
    pub(crate) fn helm_of(&self, helm: Helm, arguments: &[&str]) -> String {
        let program = match helm {
            Helm::V3 => &self.programs.helm3,
            Helm::V4 => &self.programs.helm,
        };
        succeeded("helm", arguments, self.run(program, arguments))
    }

    pub(crate) fn kubeconform(&self) -> &Path {
        &self.programs.kubeconform
    }

    pub(crate) fn health_check(&self) -> &Path {
        &self.programs.health_check
    }

    pub(crate) fn helm_docs(&self) -> &Path {
        &self.programs.helm_docs
    }

    /// `helm` as the administrator.
    pub(crate) fn helm(&self, arguments: &[&str]) -> Output {
        self.run(&self.programs.helm, arguments)
    }

    /// What `helm` prints, when it succeeds.
    pub(crate) fn helm_prints(&self, arguments: &[&str]) -> String {
        succeeded("helm", arguments, self.helm(arguments))
    }

    /// A shell in a folder, as the administrator: with `kubectl`, `helm`, `promtool` and `plumbline`.
    pub(crate) fn shell(&self, folder: &Path, line: &str) -> Command {
        let programs = self.folder.join("kube-apiserver/programs");
        if !programs.is_dir() {
            fs::create_dir(&programs).unwrap();
            let plumbline = PathBuf::from(env!("CARGO_BIN_EXE_plumbline"));
            for (name, program) in [
                ("kubectl", &self.programs.kubectl),
                ("helm", &self.programs.helm),
                ("plumbline", &plumbline),
                ("promtool", &self.programs.promtool),
            ] {
                symlink(program, programs.join(name)).unwrap();
            }
        }
        let others = env::var("PATH").unwrap();
        let mut command = self.command(Path::new("sh"));
        command
            .args(["-c", line])
            .current_dir(folder)
            .env("PATH", format!("{}:{others}", programs.display()))
            .env("RUST_LOG", "info");
        command
    }

    fn run(&self, program: &Path, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).output().unwrap()
    }

    /// A program as the administrator runs it.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env("KUBECONFIG", self.kubeconfig())
            // For what they remember; the user's own settings stay out.
            .env("HOME", self.folder.join("kube-apiserver"))
            .env("KUBECACHEDIR", self.folder.join("kube-apiserver/kubectl"));
        for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "HELM_NAMESPACE"] {
            command.env_remove(name);
        }
        command
    }
}

fn succeeded(program: &str, arguments: &[&str], output: Output) -> String {
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
