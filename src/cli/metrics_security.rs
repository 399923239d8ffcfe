//! The arguments of `plumbline operator` for who may read its metrics, and over what.

use std::path::PathBuf;

use clap::Args;

use operator::{CertificateFiles, MetricsSecurity};

#[derive(Debug, Args)]
#[allow(clippy::struct_field_names)] // as their options
pub(super) struct MetricsSecurityArguments {
    /// Serve /metrics, /healthz and /readyz over TLS only, with the certificate chain in this PEM file.
    /// This file and the key are read again every 10 seconds, so that a renewed certificate needs no
    /// restart.
    #[arg(long, value_name = "FILE", requires = "metrics_tls_key")]
    metrics_tls_certificate: Option<PathBuf>,
    /// The PEM file with the private key of the certificate.
    #[arg(long, value_name = "FILE", requires = "metrics_tls_certificate")]
    metrics_tls_key: Option<PathBuf>,
    /// Answer /metrics only to callers that send a bearer token which the API server accepts
    /// (`TokenReview`), and whose user may `get` the non-resource URL /metrics (`SubjectAccessReview`).
    /// Answers of the API server are used for a minute, refusals for 10 seconds. /healthz and /readyz
    /// need no token.
    #[arg(long, requires = "metrics_tls_certificate")]
    metrics_authorization: bool,
}

impl MetricsSecurityArguments {
    /// How metrics are served over TLS, if they are.
    pub(super) fn settings(self) -> Option<MetricsSecurity> {
        Some(MetricsSecurity {
            certificate: CertificateFiles {
                chain: self.metrics_tls_certificate?,
                key: self.metrics_tls_key?,
            },
            authorization: self.metrics_authorization,
        })
    }
}
