//! How the API server is reached: as the kubeconfig says, or as the environment of a pod does.
//!
//! The proxy of the environment is for calls of AWS. kube takes it for the API server too where there is
//! a kubeconfig, whatever `NO_PROXY` says of that: here `NO_PROXY` counts. A pod calls its API server
//! directly.

use std::env;

use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::InferConfigError;

/// The configuration of a client.
///
/// # Errors
///
/// There is none.
pub(super) async fn configuration() -> Result<Config, InferConfigError> {
    let mut config = Config::infer().await?;
    let proxies = ["HTTPS_PROXY", "https_proxy"].map(|name| env::var(name).ok());
    let of_environment = proxies.into_iter().flatten().find(|it| !it.is_empty());
    let is_of_environment = of_environment.is_some_and(|it| it.parse().ok() == config.proxy_url);
    if is_of_environment {
        let excepted = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| env::var(name).ok());
        let excepted = excepted.unwrap_or_default();
        without_proxy_where_none_is_wanted(&mut config, &Matcher::from_env(), &excepted);
    }
    Ok(config)
}

fn without_proxy_where_none_is_wanted(config: &mut Config, environment: &Matcher, excepted: &str) {
    // The matcher takes `*` for names only, not for addresses.
    let is_for_none = excepted.split(',').any(|it| it.trim() == "*");
    if is_for_none || environment.intercept(&config.cluster_url).is_none() {
        config.proxy_url = None;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a test that cannot go on fails

    use super::*;

    #[test]
    fn no_proxy_is_asked_about_the_api_server_and_not_about_the_proxy() {
        for (no_proxy, is_direct) in [
            ("", false),
            ("proxy.example.com", false),
            ("10.1.0.0/16", true),
            ("localhost,10.1.2.3", true),
            ("*", true),
        ] {
            let mut config = Config::new("https://10.1.2.3:6443".parse().unwrap());
            let proxy = "http://proxy.example.com:3128";
            config.proxy_url = Some(proxy.parse().unwrap());
            let environment = Matcher::builder().https(proxy).no(no_proxy).build();
            without_proxy_where_none_is_wanted(&mut config, &environment, no_proxy);
            assert_eq!(config.proxy_url.is_none(), is_direct, "{no_proxy}");
        }
    }
}
