//! The image: built here, unpacked, and run from its own root file system as a pod runs it, without
//! root's rights and with nothing to write to but its volumes.
//!
//! It compiles the program once more, without shared libraries: `make image-test` asks for it.

use std::env;
use std::fs;
use std::io::{Write as _, stderr}; // past the harness's capture: what is skipped shows
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use api::{SecurityBaseline, crds};
use kube::Api;
use serde_json::Value;

use super::cluster::{Cluster, install_crds};
use super::operated::baseline_says;
use super::release::Release;
use super::supervised::Supervised;
use super::yaml::repository;
use support::waiting::eventually;

/// Set by `make image-test`: what is missing is then a failure.
const REQUIRED: &str = "PLUMBLINE_REQUIRE_IMAGE";
const TAG: &str = "localhost/plumbline:test";
/// What a released image may take, unpacked.
const LARGEST: u64 = 40_000_000;

/// Runs a command in the image's root: read-only, but for /tmp and a folder for findings, and as the
/// image's user. `/dev` and `/proc` are there, as every container runtime gives them.
const IN_THE_IMAGE: &str = r#"
root=$1
shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
for volume in tmp var/lib/plumbline/findings; do
    mount -t tmpfs -o mode=1777 tmpfs "$root/$volume"
done
exec chroot --userspec=65532:65532 "$root" "$@"
"#;

/// An image that was built and unpacked.
struct Image {
    folder: tempfile::TempDir,
    configuration: Value,
}

impl Image {
    /// Builds it; `None`, said aloud, where that is not asked for.
    fn build() -> Option<Self> {
        if env::var_os(REQUIRED).is_none() {
            support::skipped::skip("the image is not built: run `make image-test`");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        prints(Command::new(repository("deploy/image/build.sh")).arg(TAG));
        let unpacked = format!("dir:{}", folder.path().join("image").display());
        prints(Command::new("buildah").args(["push", "--quiet", TAG, &unpacked]));
        let image = folder.path().join("image");
        let manifest = json(&image.join("manifest.json"));
        let blob = |of: &Value| {
            let digest = of["digest"].as_str().unwrap();
            image.join(digest.trim_start_matches("sha256:"))
        };
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        for layer in manifest["layers"].as_array().unwrap() {
            let tar = Command::new("tar")
                .args(["--extract", "--auto-compress", "--preserve-permissions", "--directory"])
                .arg(&root)
                .arg("--file")
                .arg(blob(layer))
                .output();
            succeeded(&tar.unwrap());
        }
        let configuration = json(&blob(&manifest["config"]));
        Some(Self { folder, configuration })
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// A command that runs in the image.
    fn command(&self, words: &[String]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "sh", "-euc", IN_THE_IMAGE, "in-the-image"]);
        command.arg(self.root()).args(words).env_clear();
        command
    }

    /// Every file, by its path in the image.
    fn files(&self) -> Vec<(String, u64)> {
        let (root, mut found) = (self.root(), Vec::new());
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = fs::symlink_metadata(&path).unwrap();
                if metadata.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    assert_eq!(metadata.uid(), 0, "{name} belongs to somebody else than root");
                    found.push((name, metadata.len()));
                }
            }
        }
        found.sort();
        found
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn succeeded(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
}

fn prints(command: &mut Command) -> String {
    let output = command.output().unwrap();
    succeeded(&output);
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_operator_runs_from_the_image_as_a_pod_runs_it() {
    let Some(image) = Image::build() else { return };
    holds_what_it_promises(&image);
    let Some(cluster) = Cluster::own() else { return };
    install_crds(&cluster.client().await, crds()).await;
    let values = ["--set=findings.sink=file", "--set-json=snapshots.volume={\"emptyDir\":{}}"];
    let release = Release::install(&cluster, &values).await;
    let root = image.root();
    for folder in ["dev", "proc"] {
        fs::create_dir(root.join(folder)).unwrap();
    }
    let volumes = root.join("var/lib/plumbline");
    fs::create_dir_all(volumes.join("findings")).unwrap();
    fs::create_dir_all(volumes.join("snapshots")).unwrap();
    let snapshot = repository("deploy/samples/quickstart/snapshot.json");
    fs::copy(snapshot, volumes.join("snapshots/snapshot.json")).unwrap();
    let kubeconfig = image.folder.path().join("kubeconfig");
    cluster.write_kubeconfig(&kubeconfig, &release.token().await);
    let flatten = ["config", "view", "--raw", "--flatten", "--kubeconfig"];
    let flat = [&flatten[..], &[kubeconfig.to_str().unwrap()]].concat();
    fs::write(root.join("kubeconfig"), cluster.kubectl_prints(&flat)).unwrap();

    let operator = release.operator("plumbline-0").await;
    let mut words = operator.words.clone();
    let port = 20_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    let address = format!("http://127.0.0.1:{port}");
    for word in words.iter_mut().filter(|word| word.starts_with("--listen=")) {
        *word = format!("--listen=127.0.0.1:{port}");
    }
    words[0] = format!("/usr/local/bin/{}", words[0]);
    let mut command = image.command(&words);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"); // for what stands before the program
    command.envs(&operator.environment).env("KUBECONFIG", "/kubeconfig");
    let process = Supervised::of(&image.folder.path().join("process"), &command);
    let ready = ["/usr/local/bin/plumbline", "ready", &address, "--timeout=1m"];
    let mut ready = image.command(&ready.map(str::to_owned));
    let output = ready.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stderr),
        process.log()
    );

    let samples = repository("deploy/samples/cluster").display().to_string();
    cluster.kubectl_prints(&["apply", "--filename", &samples]);
    let baselines: Api<SecurityBaseline> = Api::namespaced(cluster.client().await, "platform");
    eventually("the baseline is evaluated", async || {
        assert!(!process.has_ended(), "{}", process.log());
        let baseline = baselines.get("foundations").await.ok()?;
        let is_drifting = baseline_says(&baseline, "Compliant") == Some(("False", "Drift"));
        let is_ready = baseline_says(&baseline, "Ready") == Some(("True", "Evaluated"));
        (is_drifting && is_ready).then_some(())
    })
    .await;
}

/// Nothing but the program, certificate authorities and a user, and it is run by that user.
fn holds_what_it_promises(image: &Image) {
    let files = image.files();
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        ["etc/group", "etc/passwd", "etc/ssl/certs/ca-certificates.crt", "usr/local/bin/plumbline"];
    assert_eq!(names, expected);
    let size: u64 = files.iter().map(|(_, size)| size).sum();
    _ = writeln!(stderr(), "the image holds {} MB", size / 1_000_000);
    let is_released = env::var("PROFILE").is_ok_and(|profile| profile == "dist");
    assert!(!is_released || size <= LARGEST, "{size} bytes");

    let configuration = &image.configuration["config"];
    assert_eq!(configuration["User"], "65532:65532");
    assert_eq!(configuration["Entrypoint"], serde_json::json!(["plumbline"]));
    assert_eq!(configuration["Env"], serde_json::json!(["PATH=/usr/local/bin"]));
    let labels = &configuration["Labels"];
    assert_eq!(labels["org.opencontainers.image.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(labels["org.opencontainers.image.licenses"], "Apache-2.0");
    for label in ["title", "description", "source", "revision", "created", "documentation"] {
        let label = &labels[format!("org.opencontainers.image.{label}")];
        assert!(label.as_str().is_some_and(|text| !text.is_empty()), "{labels}");
    }
}

/// What people build from source is what `make image` builds.
#[test]
fn both_dockerfiles_make_the_same_image() {
    let last_stage = |file: &str| {
        let text = fs::read_to_string(repository(file)).unwrap();
        let stage = text.split("FROM scratch\n").nth(1).unwrap().to_owned();
        let lines = stage.lines().filter(|line| !line.starts_with("COPY "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let stage = last_stage("deploy/Dockerfile");
    assert!(stage.len() > 10, "{stage:?}");
    assert_eq!(stage, last_stage("deploy/image/Dockerfile"));
}
