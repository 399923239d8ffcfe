//! The arguments of commands that evaluate: whom drift belongs to.

use clap::Args;

use engine::plan::OwnerKeys;

#[derive(Debug, Args)]
pub(super) struct OwnerArguments {
    /// The key of a tag whose value names the owner of the resource. Repeat it, or separate keys with
    /// commas: the first tag that a resource has counts. A baseline's `owner.tagKeys` takes precedence.
    #[arg(long, value_name = "KEY", value_delimiter = ',')]
    owner_tag_key: Vec<String>,
    /// A label of the `AwsAccount` whose value names the owner of resources without such a tag.
    /// Without one, the owner is the baseline's namespace. A baseline's `owner.accountLabels` takes
    /// precedence.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    owner_account_label: Vec<String>,
}

impl OwnerArguments {
    /// Which tags and labels name owners.
    pub(super) fn keys(&self) -> OwnerKeys {
        OwnerKeys {
            tags: self.owner_tag_key.clone(),
            account_labels: self.owner_account_label.clone(),
        }
    }
}
