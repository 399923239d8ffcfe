//! How commands reach AWS.

use clap::Args;

use aws::AwsSettings;

/// How AWS is reached. What is not given is as the environment and the shared configuration files
/// say, as for AWS's own tools.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub(super) struct AwsArguments {
    /// A profile of AWS's shared configuration files, including profiles for IAM Identity Center
    /// (SSO).
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Call this address instead of AWS's own.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// Call endpoints that are validated under FIPS 140.
    #[arg(long)]
    use_fips: bool,
    /// Call endpoints that also support IPv6.
    #[arg(long)]
    use_dual_stack: bool,
}

impl AwsArguments {
    pub(super) fn settings(&self) -> AwsSettings {
        AwsSettings {
            profile: self.profile.clone(),
            endpoint_url: self.endpoint_url.clone(),
            use_fips: self.use_fips,
            use_dual_stack: self.use_dual_stack,
            ..AwsSettings::default()
        }
    }
}
