//! Who this operator is in findings: the cluster that it runs in.

use std::time::Duration;

use kube::ResourceExt;

use super::context::Context;
use engine::drift::{Publisher, PublisherId};

/// The namespace whose uid stands for the cluster: each has one, and never another.
const NAMESPACE: &str = "kube-system";
/// A cluster that was just made may not have it yet.
const AGAIN: Duration = Duration::from_secs(1);

/// Waits until it is known which cluster this is.
pub(super) async fn publisher(context: &Context) -> Publisher {
    let settings = &context.settings;
    let mut is_reported = false;
    loop {
        let namespaces = context.stores.namespaces.state();
        let namespace = namespaces.iter().find(|it| it.name_any() == NAMESPACE);
        if let Some(uid) = namespace.and_then(|it| it.uid()) {
            let (installation, id) = (settings.installation.clone(), PublisherId::cluster(&uid));
            return Publisher { installation, id: Some(id), adopts: settings.adopts };
        }
        if !is_reported {
            tracing::warn!(
                "waiting for the namespace {NAMESPACE}, whose uid identifies the cluster"
            );
            is_reported = true;
        }
        context.clock.wait(AGAIN).await;
    }
}
