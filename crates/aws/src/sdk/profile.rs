//! The profile that was asked for: whether there is one of its name.
//!
//! AWS's SDK passes over a profile that it does not find, and looks for credentials elsewhere.

use std::env;
use std::fmt;

use aws_config::profile;
use aws_types::os_shim_internal::{Env, Fs};
use thiserror::Error;

/// Where profiles stand: the variable that names the file, and the file without it ("Location of the
/// shared config and credentials files", AWS SDKs and Tools Reference Guide).
const FILES: [(&str, &str); 2] =
    [("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")];
/// The most names that are shown.
const MOST_NAMES: usize = 10;

/// Why a profile gives nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ProfileProblem {
    /// There is none of the name.
    #[error("there is no profile `{name}` in {}{known}", ProfileFiles)]
    Missing {
        /// The name.
        name: String,
        /// Those that there are, as the end of the sentence.
        known: String,
    },
    /// The files cannot be read.
    #[error("the profile `{name}` cannot be read from {}: {reason}", ProfileFiles)]
    Unreadable {
        /// The name.
        name: String,
        /// Why.
        reason: String,
    },
}

/// What is wrong with the profile that is asked for; nothing where none is, or it is there.
pub(super) async fn problem(asked: Option<&str>) -> Option<ProfileProblem> {
    let of_environment = || env::var("AWS_PROFILE").ok();
    let name = asked.map(str::to_owned).or_else(of_environment).filter(|name| !name.is_empty())?;
    #[allow(clippy::default_trait_access)] // the type has no name that is not deprecated
    match profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await {
        Ok(profiles) if profiles.get_profile(&name).is_some() => None,
        // The default profile need not be written down.
        Ok(_) if name == "default" => None,
        Ok(profiles) => {
            let known = names(profiles.profiles().collect());
            Some(ProfileProblem::Missing { name, known })
        }
        Err(error) => Some(ProfileProblem::Unreadable { name, reason: error.to_string() }),
    }
}

fn names(mut profiles: Vec<&str>) -> String {
    profiles.sort_unstable();
    let more = if profiles.len() > MOST_NAMES { ", …" } else { "" };
    profiles.truncate(MOST_NAMES);
    match profiles.as_slice() {
        [] => String::new(),
        names => format!(" (there are {}{more})", names.join(", ")),
    }
}

/// The files that profiles are looked for in.
struct ProfileFiles;

impl fmt::Display for ProfileFiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = FILES
            .map(|(variable, default)| env::var(variable).unwrap_or_else(|_| default.to_owned()));
        formatter.write_str(&files.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_that_is_missing_is_named_with_those_that_there_are() {
        let missing = ProfileProblem::Missing {
            name: "prod".to_owned(),
            known: names(vec!["dev", "default"]),
        };
        let shown = missing.to_string();
        assert!(shown.starts_with("there is no profile `prod` in "), "{shown}");
        assert!(shown.ends_with(" (there are default, dev)"), "{shown}");
        assert_eq!(names(Vec::new()), "");
    }
}
