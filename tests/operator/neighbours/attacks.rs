//! What a tenant may do, by its own token, to keep an operator from the work of others.
//!
//! Each attack can be made on kinds that look the same and that nobody watches: what it costs the API
//! server and the machine is then as much, and what is left is the operator's share.

use std::iter::Cycle;
use std::time::Duration;
use std::vec::IntoIter;

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{DynamicObject, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::ApiResource;
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::super::cluster::install_crds;
use super::super::operated::{Operated, create};
use super::super::tenants::{baseline, largest};

/// The group of the kinds that nobody watches.
const UNWATCHED: &str = "unwatched.example";
/// So many change an object at once,
const ATTACKERS: usize = 10;
/// each once in such a time.
const EVERY: Duration = Duration::from_secs(1);
/// How many accounts the tenant has, and how many exemptions it makes.
const ACCOUNTS: usize = 4;
const EXEMPTIONS: usize = 200;

/// What a tenant does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attack {
    /// Edits baselines that name an unknown account.
    Mistakes,
    /// Edits hundreds of exemptions, each with a mistake that its status tells.
    Exemptions,
    /// Asks for evaluations of ten of the largest baselines, without end.
    Demands,
    /// The same of ten baselines whose controls use up all that they may.
    Expressions,
}

impl Attack {
    pub(super) const ALL: [Self; 4] =
        [Self::Mistakes, Self::Exemptions, Self::Demands, Self::Expressions];

    const fn plural(self) -> &'static str {
        match self {
            Self::Exemptions => "exemptions",
            Self::Demands | Self::Expressions | Self::Mistakes => "securitybaselines",
        }
    }

    /// The next change of an object.
    fn change(self, number: u64) -> Value {
        let missing = format!("missing-{number}");
        match self {
            Self::Demands | Self::Expressions => json!({ "metadata": { "annotations": {
                "plumbline.dev/reconcile-at": number.to_string(),
            }}}),
            Self::Mistakes => json!({ "spec": { "accounts": { "names": [missing] } } }),
            Self::Exemptions => json!({ "spec": { "accounts": [missing] } }),
        }
    }

    /// What the tenant has for it.
    fn objects(self, tenant: &Tenant) -> Vec<Value> {
        let Tenant { namespace, accounts, .. } = tenant;
        let own = json!({ "names": accounts });
        let of_account = |number: usize| &accounts[number % accounts.len()];
        let ten = 0..ATTACKERS;
        match self {
            Self::Demands => ten.map(|it| largest(namespace, it, of_account(it))).collect(),
            Self::Mistakes => {
                ten.map(|it| baseline(namespace, &format!("mistaken-{it}"), &own)).collect()
            }
            Self::Expressions => {
                let lists: Vec<String> = (0..256).map(|it| format!("{it:032}")).collect();
                let control = |number: usize| json!({ "name": format!("team-{number}"), "parameters": { "list": lists } });
                let controls: Vec<Value> = (0..8).map(control).collect();
                let expensive = |it: usize| {
                    let mut object = baseline(namespace, &format!("expensive-{it}"), &own);
                    object["spec"]["controls"] = json!(controls);
                    object
                };
                ten.map(expensive).collect()
            }
            Self::Exemptions => (0..EXEMPTIONS).map(|number| exemption(tenant, number)).collect(),
        }
    }
}

fn exemption(tenant: &Tenant, number: usize) -> Value {
    let now = Timestamp::now();
    let ids: Vec<String> = (0..32).map(|id| format!("*{number}*{id:050}?")).collect();
    json!({
        "apiVersion": "plumbline.dev/v1alpha1", "kind": "Exemption",
        "metadata": { "name": format!("exemption-{number}"), "namespace": tenant.namespace },
        "spec": {
            "baseline": "production", "controls": ["s3-bucket-versioning"],
            "accounts": tenant.accounts, "resources": [{ "ids": ids }], "reason": "a test",
            "approvedBy": tenant.user(), "approvedAt": now,
            "expiresAt": now + SignedDuration::from_hours(1),
        },
    })
}

/// A tenant with accounts of its own, and every right in its namespace.
pub(super) struct Tenant {
    client: Client,
    pub(super) namespace: String,
    accounts: Vec<String>,
}

const NAME: &str = "tenant";

impl Tenant {
    pub(super) async fn new(operated: &Operated, attack: Attack) -> Self {
        let prefix = format!("{attack:?}").to_lowercase();
        let namespace = operated.cluster.namespace(&prefix).await;
        let named = || ObjectMeta { name: Some(NAME.to_owned()), ..ObjectMeta::default() };
        let account = ServiceAccount { metadata: named(), ..ServiceAccount::default() };
        let all = || Some(vec!["*".to_owned()]);
        let rules = vec![PolicyRule {
            api_groups: Some(vec!["plumbline.dev".to_owned(), UNWATCHED.to_owned()]),
            resources: all(),
            verbs: vec!["*".to_owned()],
            ..PolicyRule::default()
        }];
        let role = Role { metadata: named(), rules: Some(rules) };
        let binding = RoleBinding {
            metadata: named(),
            role_ref: RoleRef {
                api_group: Some("rbac.authorization.k8s.io".to_owned()),
                kind: "Role".to_owned(),
                name: NAME.to_owned(),
            },
            subjects: Some(vec![Subject {
                kind: "ServiceAccount".to_owned(),
                name: NAME.to_owned(),
                namespace: Some(namespace.clone()),
                ..Subject::default()
            }]),
        };
        let made = PostParams::default();
        operated.api(&namespace).await.create(&made, &account).await.unwrap();
        operated.api(&namespace).await.create(&made, &role).await.unwrap();
        operated.api(&namespace).await.create(&made, &binding).await.unwrap();
        let token = operated.cluster.token(&namespace, NAME).await;
        let client = operated.cluster.client_with(&token).await;
        let mut accounts = Vec::new();
        for _ in 0..ACCOUNTS {
            accounts.push(operated.account(&namespace).await.name);
        }
        Self { client, namespace, accounts }
    }

    fn user(&self) -> String {
        format!("system:serviceaccount:{}:{NAME}", self.namespace)
    }

    fn api(&self, group: &str, object: &Value, plural: &str) -> Api<DynamicObject> {
        let resource = ApiResource {
            group: group.to_owned(),
            version: "v1alpha1".to_owned(),
            api_version: format!("{group}/v1alpha1"),
            kind: object["kind"].as_str().unwrap().to_owned(),
            plural: plural.to_owned(),
        };
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// Makes what an attack takes, of the operator's kinds or of those that nobody watches.
    pub(super) async fn prepare(&self, attack: Attack, is_watched: bool) -> Prepared {
        let group = if is_watched { "plumbline.dev" } else { UNWATCHED };
        let mut objects = Vec::new();
        for mut object in attack.objects(self) {
            object["apiVersion"] = format!("{group}/v1alpha1").into();
            let api = self.api(group, &object, attack.plural());
            objects.push((api.clone(), object["metadata"]["name"].as_str().unwrap().to_owned()));
            create(&api, object).await;
        }
        Prepared { attack, objects }
    }
}

/// An attack that can begin: the objects that it changes.
pub(super) struct Prepared {
    attack: Attack,
    objects: Vec<(Api<DynamicObject>, String)>,
}

impl Prepared {
    /// Attacks, until what is returned is dropped.
    pub(super) fn begin(&self, round: u64) -> JoinSet<()> {
        let mut attackers = JoinSet::new();
        for number in 0..ATTACKERS {
            let own = self.objects.iter().skip(number).step_by(ATTACKERS).cloned();
            let own: Vec<_> = own.collect();
            attackers.spawn(change_without_end(self.attack, round, own.into_iter().cycle()));
        }
        attackers
    }
}

async fn change_without_end(
    attack: Attack,
    round: u64,
    objects: Cycle<IntoIter<(Api<DynamicObject>, String)>>,
) {
    for ((api, name), number) in objects.zip(0_u64..) {
        let patch = Patch::Merge(attack.change(round * 1_000_000 + number));
        // The API server may have enough of it.
        _ = api.patch_metadata(&name, &PatchParams::default(), &patch).await;
        sleep(EVERY).await;
    }
}

/// Installs kinds that look like Plumbline's, and that nobody watches.
pub(super) async fn install_unwatched(operated: &Operated) {
    let mut definitions = api::crds();
    for definition in &mut definitions {
        UNWATCHED.clone_into(&mut definition.spec.group);
        definition.metadata.name = Some(format!("{}.{UNWATCHED}", definition.spec.names.plural));
        // Short names and categories belong to the others.
        definition.spec.names.short_names = None;
        definition.spec.names.categories = None;
    }
    install_crds(&operated.client().await, definitions).await;
}
