//! What this build of the program is made with, and what it says of what it leaves out.

use std::sync::LazyLock;

use thiserror::Error;

/// A part of the program that a build may leave out: a feature of the package `plumbline`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// Accounts that are read live, and Security Hub.
    Aws,
    /// The operator.
    Kubernetes,
    /// Traces.
    Otlp,
}

/// What was asked for is not in this build.
#[derive(Debug, Clone, Copy, Error)]
#[error(
    "this build of plumbline has no {what}: it was built without the feature `{}`; `make build` and \
     `cargo install` build everything",
    .feature.name()
)]
pub(super) struct NotBuilt {
    feature: Feature,
    what: &'static str,
}

impl Feature {
    const ALL: [Self; 3] = [Self::Aws, Self::Kubernetes, Self::Otlp];

    const fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Kubernetes => "kubernetes",
            Self::Otlp => "otlp",
        }
    }

    const fn is_built(self) -> bool {
        match self {
            Self::Aws => cfg!(feature = "aws"),
            Self::Kubernetes => cfg!(feature = "kubernetes"),
            Self::Otlp => cfg!(feature = "otlp"),
        }
    }

    /// Refuses a part of the command line, where this build leaves out what it needs.
    pub(super) const fn needed_for(self, what: &'static str) -> Result<(), NotBuilt> {
        if self.is_built() { Ok(()) } else { Err(self.missing(what)) }
    }

    /// Says that what was asked for needs this.
    pub(super) const fn missing(self, what: &'static str) -> NotBuilt {
        NotBuilt { feature: self, what }
    }
}

/// The version, and the features with which or without which it was built.
pub(super) fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let sign = |feature: Feature| if feature.is_built() { '+' } else { '-' };
        let features = Feature::ALL.map(|feature| format!("{}{}", sign(feature), feature.name()));
        format!("{}\nfeatures: {}", env!("CARGO_PKG_VERSION"), features.join(" "))
    });
    &VERSION
}

/// What the help says of what this build leaves out; nothing where it has everything.
pub(super) fn left_out() -> String {
    let left_out = Feature::ALL.into_iter().filter(|feature| !feature.is_built());
    let lines: Vec<&str> = left_out.map(Feature::left_out).collect();
    if lines.is_empty() {
        return String::new();
    }
    format!(
        "Not in this build (`make build` and `cargo install` build everything):\n{}\n\n",
        lines.join("\n")
    )
}

impl Feature {
    const fn left_out(self) -> &'static str {
        match self {
            Self::Aws => {
                "  aws         doctor, facts, organization, scan --live, cost --live, run --sink securityhub,\n              \
                 archive without --state, accounts whose source is not a snapshot in files"
            }
            Self::Kubernetes => "  kubernetes  operator",
            Self::Otlp => "  otlp        --otlp-endpoint",
        }
    }
}
