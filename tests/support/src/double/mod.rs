//! An AWS of a test's own: the double of `tests/aws`, as a process that ends with its test.
//!
//! Where the virtual environment is missing, tests that need the double say that they are skipped;
//! `PLUMBLINE_REQUIRE_AWS_DOUBLE=1`, which `make test` sets, makes that a failure.

mod control;
mod state;

use std::env;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use aws::{AwsSettings, Patience};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tempfile::TempDir;

use crate::repository;
use crate::skipped::skip;
pub use control::{Calls, Fault};
pub use state::State;

/// The access key of a state's first account, and its secret.
pub const KEY: &str = "test";
/// Set where a missing double is a failure.
const REQUIRED: &str = "PLUMBLINE_REQUIRE_AWS_DOUBLE";

/// A running double.
#[derive(Debug)]
pub struct Double {
    address: String,
    child: Child,
    /// The double ends when this is closed, even if the test was killed.
    _parent: ChildStdin,
    _folder: TempDir,
}

impl Double {
    /// Starts a double at a state, without limits of rates; nothing where there is none installed.
    pub fn start(state: &State) -> Option<Self> {
        Self::start_at_rates(state, "off")
    }

    /// Starts a double with `aws`, `off` or a factor of AWS's rates.
    pub fn start_at_rates(state: &State, rates: &str) -> Option<Self> {
        let python = python()?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        serde_json::to_writer(File::create(&file).unwrap(), &state.json()).unwrap();
        let mut child = Command::new(python)
            .args(["-m", "aws_double", "--port", "0", "--with-parent", "--rates", rates])
            .arg("--state")
            .arg(&file)
            .current_dir(repository().join("tests/aws"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let parent = child.stdin.take().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "the double did not start: {address:?}");
        Some(Self { address, child, _parent: parent, _folder: folder })
    }

    /// Where it answers, as a URL.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// How a process reaches it with the credentials of the first account.
    pub fn environment(&self, command: &mut Command) {
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("AWS_")) {
                command.env_remove(name);
            }
        }
        command
            .env("AWS_ENDPOINT_URL", &self.address)
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", KEY)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    }

    /// How the test itself reaches it with the credentials of the first account. Calls are tried
    /// again soon.
    pub fn settings(&self) -> AwsSettings {
        let credentials = Credentials::new(KEY, KEY, None, None, "test");
        AwsSettings {
            endpoint_url: Some(self.address.clone()),
            credentials: Some(SharedCredentialsProvider::new(credentials)),
            patience: Patience {
                deadline: Duration::from_mins(1),
                first_pause: Duration::from_millis(5),
                longest_pause: Duration::from_millis(50),
            },
            ..AwsSettings::default()
        }
    }
}

impl Drop for Double {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The Python that has what the double needs.
fn python() -> Option<PathBuf> {
    let environment = repository().join(".cache/venv");
    if environment.join(".installed-aws").exists() {
        return Some(environment.join("bin/python"));
    }
    let required = env::var(REQUIRED).is_ok_and(|value| value == "1");
    assert!(!required, "the AWS double is not installed: run `make test-aws-double`");
    skip("the AWS double is not installed: run `make test-aws-double`");
    None
}
