//! The arguments of `plumbline operator` for its admission webhook.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};

use operator::{CertificateSource, WebhookSettings};

#[derive(Debug, Args)]
#[allow(clippy::struct_field_names)] // as their options
pub(super) struct WebhookArguments {
    /// Serve an admission webhook, which refuses objects with mistakes that `plumbline validate`
    /// reports, and register it in the `ValidatingWebhookConfiguration` of this name.
    #[arg(long, value_name = "NAME")]
    webhook_configuration: Option<String>,
    /// The address of the admission webhook; port 0 selects a free port.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:9443",
        requires = "webhook_configuration"
    )]
    webhook_listen: SocketAddr,
    /// The Service, in the namespace of the operator, by which the API server reaches the webhook.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "plumbline",
        requires = "webhook_configuration"
    )]
    webhook_service: String,
    /// The Secret, in the namespace of the operator, with the certificate of the webhook.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "plumbline-webhook",
        requires = "webhook_configuration"
    )]
    webhook_secret: String,
    /// Who makes the certificate of the webhook.
    #[arg(
        long,
        value_enum,
        value_name = "SOURCE",
        default_value = "own",
        requires = "webhook_configuration"
    )]
    webhook_certificate: CertificateArgument,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CertificateArgument {
    /// The operator makes and renews it, and keeps the caBundle of the configuration up to date.
    Own,
    /// Something else, such as cert-manager, does both.
    Given,
}

impl WebhookArguments {
    /// How the webhook is served, if it is.
    pub(super) fn settings(self) -> Option<WebhookSettings> {
        Some(WebhookSettings {
            configuration: self.webhook_configuration?,
            listen: self.webhook_listen,
            service: self.webhook_service,
            secret: self.webhook_secret,
            certificate: match self.webhook_certificate {
                CertificateArgument::Own => CertificateSource::Own,
                CertificateArgument::Given => CertificateSource::Given,
            },
        })
    }
}
