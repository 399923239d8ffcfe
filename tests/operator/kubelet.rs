//! What a kubelet does with the pod of the chart's Deployment: it mounts the volumes, each as a folder
//! here, and runs the container.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Volume, VolumeMount};

use super::cluster::Cluster;
use super::release::Operator;

/// What runs the one container of a Deployment here: as its service account, and with folders in
/// `folder` where its volumes are mounted.
pub(crate) fn command(cluster: &Cluster, deployment: &Deployment, folder: &Path) -> Command {
    let mut operator = Operator::of(deployment, "plumbline-0");
    let namespace = deployment.metadata.namespace.as_deref().unwrap();
    let pod = deployment.spec.template.spec.as_ref().unwrap();
    let volumes: BTreeMap<&str, PathBuf> = pod
        .volumes
        .iter()
        .flatten()
        .map(|it| (it.name.as_str(), mounted(cluster, namespace, it, folder)))
        .collect();
    for mount in pod.containers[0].volume_mounts.iter().flatten() {
        let place = volumes[mount.name.as_str()].display().to_string();
        for word in &mut operator.words {
            *word = word.replace(&format!("={}", mount.mount_path), &format!("={place}"));
        }
        for value in operator.environment.values_mut() {
            *value = with_place(value, mount, &place);
        }
    }
    let account = operator.service_account.clone();
    let token = cluster.block_on(async |_| cluster.token(namespace, &account).await);
    let kubeconfig = folder.join("pod.kubeconfig");
    cluster.write_kubeconfig(&kubeconfig, &token);
    operator.command("127.0.0.1:0", &kubeconfig)
}

/// A list of paths, with the place of a mount where it names that.
fn with_place(paths: &str, mount: &VolumeMount, place: &str) -> String {
    let places = paths.split(':').map(|it| if it == mount.mount_path { place } else { it });
    places.collect::<Vec<_>>().join(":")
}

/// A volume's folder, with what is in it.
fn mounted(cluster: &Cluster, namespace: &str, volume: &Volume, folder: &Path) -> PathBuf {
    let folder = folder.join("volumes").join(&volume.name);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    if let Some(source) = &volume.config_map {
        let get = ["get", "configmap", &source.name, "--namespace", namespace, "--output=json"];
        let map: ConfigMap = serde_json::from_str(&cluster.kubectl_prints(&get)).unwrap();
        // A kubelet writes the files beside, and links to them, to change them all at once.
        fs::create_dir(folder.join("..1")).unwrap();
        symlink("..1", folder.join("..data")).unwrap();
        for (name, text) in map.data.unwrap() {
            fs::write(folder.join("..1").join(&name), text).unwrap();
            symlink(Path::new("..data").join(&name), folder.join(name)).unwrap();
        }
    }
    folder
}
