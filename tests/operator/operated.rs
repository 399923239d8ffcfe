//! Operators that run as their chart says, on a cluster with objects for them.
//!
//! An operator tends the whole cluster, so each needs one of its own: tests that share an operator
//! share its cluster, and work in namespaces and accounts of their own.

mod account;
mod replica;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use api::{AwsAccount, BaselineReport, Condition, Exemption, SecurityBaseline};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::cluster::{Cluster, install_crds};
use super::release::Release;
pub(crate) use account::{Account, finding_is};
pub(crate) use replica::Replica;
use support::double::{Double, KEY};
use support::waiting::eventually;

/// What findings say of compliance, workflow and record.
pub(crate) const OPEN: [&str; 3] = ["FAILED", "NEW", "ACTIVE"];
pub(crate) const FIXED: [&str; 3] = ["PASSED", "RESOLVED", "ACTIVE"];
pub(crate) const SUPPRESSED: [&str; 3] = ["FAILED", "SUPPRESSED", "ACTIVE"];

/// A cluster with the chart, and folders for snapshots and findings.
pub(crate) struct Operated {
    pub(crate) cluster: &'static Cluster,
    release: Release<'static>,
    folder: TempDir,
}

impl Operated {
    /// The one that most tests share, with a running operator; `None`, said aloud, where no cluster
    /// can be had.
    pub(crate) async fn shared() -> Option<&'static (Self, Replica)> {
        static SHARED: OnceCell<Option<(Operated, Replica)>> = OnceCell::const_new();
        let start = async || {
            let operated = Self::new(&[]).await?;
            let replica = operated.start("plumbline-0").await;
            replica.ready().await;
            Some((operated, replica))
        };
        SHARED.get_or_init(start).await.as_ref()
    }

    /// A cluster with the chart, to which these arguments of the operator are given besides.
    /// Findings go to files.
    pub(crate) async fn new(arguments: &[&str]) -> Option<Self> {
        Some(Self::on(Cluster::own()?, arguments).await)
    }

    /// The same on a cluster that is there.
    pub(crate) async fn on(cluster: Cluster, arguments: &[&str]) -> Self {
        Self::with_values(cluster, arguments, &[]).await
    }

    /// The same, and so much is logged.
    pub(crate) async fn logging(filter: &str, arguments: &[&str]) -> Option<Self> {
        Some(Self::with_values(Cluster::own()?, arguments, &[&logged(filter)]).await)
    }

    /// The same, and these arguments are given to Helm.
    pub(crate) async fn with_values(cluster: Cluster, arguments: &[&str], values: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = format!("--state={}", folder.path().join("state").display());
        let arguments = [&["--sink=file", state.as_str()], arguments].concat();
        Self::install(cluster, folder, &arguments, values).await
    }

    /// The same, with AWS where the double is, and findings in its Security Hub.
    pub(crate) async fn with_aws(double: &Double, arguments: &[&str]) -> Option<Self> {
        Self::with_aws_logging("info", double, arguments).await
    }

    /// The same, and so much is logged.
    pub(crate) async fn with_aws_logging(
        filter: &str,
        double: &Double,
        arguments: &[&str],
    ) -> Option<Self> {
        Some(Self::with_aws_on(Cluster::own()?, double, arguments, &[&logged(filter)]).await)
    }

    /// The same, on this cluster; these values are given to Helm.
    pub(crate) async fn with_aws_on(
        cluster: Cluster,
        double: &Double,
        arguments: &[&str],
        values: &[&str],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment = json!([
            { "name": "AWS_ENDPOINT_URL", "value": double.address() },
            { "name": "AWS_ACCESS_KEY_ID", "value": KEY },
            { "name": "AWS_SECRET_ACCESS_KEY", "value": KEY },
            { "name": "AWS_REGION", "value": "eu-west-1" },
        ]);
        let arguments = [&["--sink=securityhub"], arguments].concat();
        let environment = format!("--set-json=extraEnv={environment}");
        let values = [&[environment.as_str()], values].concat();
        Self::install(cluster, folder, &arguments, &values).await
    }

    async fn install(
        cluster: Cluster,
        folder: TempDir,
        arguments: &[&str],
        values: &[&str],
    ) -> Self {
        // It ends with the test process.
        let cluster: &'static Cluster = Box::leak(Box::new(cluster));
        install_crds(&cluster.client().await, api::crds()).await;
        let arguments = format!("--set=extraArgs={{{}}}", arguments.join(","));
        let values = [&[arguments.as_str()], values].concat();
        let release = Release::install(cluster, &values).await;
        Self { cluster, release, folder }
    }

    /// Starts the operator as a pod of that name runs it.
    pub(crate) async fn start(&self, pod: &str) -> Replica {
        self.start_with(pod, &[]).await
    }

    /// The same with other values of some arguments.
    pub(crate) async fn start_with(&self, pod: &str, others: &[(&str, &str)]) -> Replica {
        let folder = self.folder.path().join(format!("{pod}-process"));
        let command = self.release.command(pod, "127.0.0.1:0", self.folder.path()).await;
        Replica::of(folder, &with_others(&command, command.get_program(), others))
    }

    /// The same by another build of the program.
    pub(crate) async fn start_program(&self, pod: &str, program: &Path) -> Replica {
        let folder = self.folder.path().join(format!("{pod}-process"));
        let command = self.release.command(pod, "127.0.0.1:0", self.folder.path()).await;
        Replica::of(folder, &with_others(&command, program.as_os_str(), &[]))
    }

    /// What the operator logged that runs or ran as a pod of that name, unless it was stopped.
    pub(crate) fn logged(&self, pod: &str) -> String {
        let log = self.folder.path().join(format!("{pod}-process/log"));
        fs::read_to_string(log).unwrap_or_default()
    }

    pub(crate) async fn client(&self) -> Client {
        self.cluster.client().await
    }

    /// An API of the administrator's.
    pub(crate) async fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client().await, namespace)
    }

    /// The namespace in which the replicas' leases stand.
    pub(crate) fn release_namespace(&self) -> &str {
        &self.release.namespace
    }

    /// Makes an account, open to a namespace, whose snapshot is the quickstart's.
    pub(crate) async fn account(&self, allowed: &str) -> Account<'_> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let (name, id) = (format!("account-{number}"), format!("5555{number:08}"));
        self.account_reached(&name, &id, allowed, &Value::Null).await
    }

    /// The same of a name and id, reached by a role, if any.
    pub(crate) async fn account_reached(
        &self,
        name: &str,
        id: &str,
        allowed: &str,
        role: &Value,
    ) -> Account<'_> {
        let account = self.account_of(name, id);
        account.damage();
        let mut object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "AwsAccount",
            "metadata": { "name": name, "labels": { "of": allowed, "team": "shop" } },
            "spec": {
                "accountId": id,
                "regions": ["eu-west-1"],
                "source": { "snapshot": {
                    "url": account.snapshot(),
                    "maxAge": "876000h",
                    "recordedTypes": ["AWS::S3::Bucket"],
                }},
                "allowedNamespaces": { "names": [allowed] },
            },
        });
        if !role.is_null() {
            object["spec"]["role"] = role.clone();
        }
        let accounts: Api<AwsAccount> = Api::all(self.client().await);
        create(&accounts, object).await;
        account
    }

    /// An account that was made before.
    pub(crate) fn account_of(&self, name: &str, id: &str) -> Account<'_> {
        Account { operated: self, name: name.to_owned(), id: id.to_owned() }
    }

    /// Makes the baseline `production` of one control for accounts.
    pub(crate) async fn baseline(&self, namespace: &str, accounts: &Value) {
        self.baseline_named(namespace, "production", accounts).await;
    }

    /// Makes a baseline of one control for accounts.
    pub(crate) async fn baseline_named(&self, namespace: &str, name: &str, accounts: &Value) {
        self.baseline_every("30m", namespace, name, accounts).await;
    }

    /// The same, with an interval.
    pub(crate) async fn baseline_every(
        &self,
        interval: &str,
        namespace: &str,
        name: &str,
        accounts: &Value,
    ) {
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "SecurityBaseline",
            "metadata": { "name": name, "namespace": namespace },
            "spec": {
                "accounts": accounts,
                "controls": [{ "name": "s3-bucket-versioning" }],
                "interval": interval,
            },
        });
        create(&self.api::<SecurityBaseline>(namespace).await, object).await;
    }

    /// The baseline `production` once this holds for it.
    pub(crate) async fn baseline_where(
        &self,
        namespace: &str,
        what: &str,
        holds: impl Fn(&SecurityBaseline) -> bool,
    ) -> SecurityBaseline {
        let baselines = self.api::<SecurityBaseline>(namespace).await;
        eventually(what, async || {
            let baseline = baselines.get("production").await.unwrap();
            holds(&baseline).then_some(baseline)
        })
        .await
    }

    /// Exempts all of the baseline `production` for so long, as `short`.
    pub(crate) async fn exempt(&self, namespace: &str, period: SignedDuration) {
        let now = Timestamp::now();
        let object = json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "Exemption",
            "metadata": { "name": "short", "namespace": namespace },
            "spec": {
                "baseline": "production",
                "controls": ["s3-bucket-versioning"],
                "reason": "a test",
                "approvedBy": "a test",
                "approvedAt": now - SignedDuration::from_mins(1),
                "expiresAt": now + period,
            },
        });
        create(&self.api::<Exemption>(namespace).await, object).await;
    }

    /// Deletes the baseline `production` once it has the finalizer: before, it would be gone at once.
    pub(crate) async fn delete_baseline(&self, namespace: &str) {
        let is_kept = |baseline: &SecurityBaseline| {
            baseline.finalizers() == ["plumbline.dev/archive-findings"]
        };
        self.baseline_where(namespace, "it has the finalizer", is_kept).await;
        let baselines = self.api::<SecurityBaseline>(namespace).await;
        baselines.delete("production", &DeleteParams::default()).await.unwrap();
    }

    /// Waits until the baseline `production` is gone.
    pub(crate) async fn baseline_gone(&self, namespace: &str) {
        let baselines = self.api::<SecurityBaseline>(namespace).await;
        eventually("the baseline is gone", async || {
            baselines.get_opt("production").await.unwrap().is_none().then_some(())
        })
        .await;
    }

    /// Asks for an evaluation, and gives what asks for it.
    pub(crate) async fn ask(&self, namespace: &str, when: &str) {
        self.ask_of(namespace, "production", when).await;
    }

    /// Asks for an evaluation of the accounts of a baseline.
    pub(crate) async fn ask_of(&self, namespace: &str, name: &str, when: &str) {
        let baselines = self.api::<SecurityBaseline>(namespace).await;
        let patch =
            json!({ "metadata": { "annotations": { "plumbline.dev/reconcile-at": when } } });
        baselines.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
    }

    /// The versions of all reports of a namespace.
    pub(crate) async fn reports(&self, namespace: &str) -> Vec<Option<String>> {
        let reports = self.api::<BaselineReport>(namespace).await;
        let reports = reports.list(&kube::api::ListParams::default()).await.unwrap();
        reports.iter().map(ResourceExt::resource_version).collect()
    }
}

/// The same command of a program with other values of some options; a flag has none.
fn with_others(command: &Command, program: &OsStr, others: &[(&str, &str)]) -> Command {
    let mut changed = Command::new(program);
    let is_other = |argument: &&OsStr| {
        let argument = argument.to_str().unwrap();
        others.iter().any(|(option, _)| argument.starts_with(&format!("{option}=")))
    };
    changed.args(command.get_args().filter(|argument| !is_other(argument)));
    changed.args(others.iter().map(|(option, value)| match *value {
        "" => (*option).to_owned(),
        value => format!("{option}={value}"),
    }));
    changed.env_clear();
    changed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    changed
}

/// The value of the chart by which so much is logged.
fn logged(filter: &str) -> String {
    format!("--set-string=log.filter={}", filter.replace(',', "\\,"))
}

/// Makes an object from JSON.
pub(crate) async fn create<K>(api: &Api<K>, object: Value)
where
    K: Clone + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let object: K = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap();
}

/// The status and reason of a condition.
pub(crate) fn said<'c>(conditions: &'c [Condition], type_: &str) -> Option<(&'c str, &'c str)> {
    let condition = conditions.iter().find(|it| it.type_ == type_)?;
    Some((&condition.status, &condition.reason))
}

/// The same of a baseline.
pub(crate) fn baseline_says<'b>(
    baseline: &'b SecurityBaseline,
    type_: &str,
) -> Option<(&'b str, &'b str)> {
    said(&baseline.status.as_ref()?.conditions, type_)
}
