//! The CRDs as Kubernetes objects and as files.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use thiserror::Error;

use super::{Attestation, AwsAccount, BaselineReport, Control, Exemption, Pack, SecurityBaseline};

/// A CRD that could not be written as YAML.
#[derive(Debug, Error)]
#[error("writing the CRD {name} as YAML: {source}")]
pub struct CrdError {
    name: String,
    source: serde_saphyr::SerializeError,
}

/// Every CRD, in the order in which a reader meets them.
pub fn crds() -> Vec<CustomResourceDefinition> {
    vec![
        SecurityBaseline::crd(),
        AwsAccount::crd(),
        Control::crd(),
        Pack::crd(),
        Exemption::crd(),
        Attestation::crd(),
        BaselineReport::crd(),
    ]
}

/// Every CRD as a file's name and text: the same bytes each time.
pub fn crd_files() -> Result<Vec<(String, String)>, CrdError> {
    crds()
        .into_iter()
        .map(|crd| {
            let name = crd.spec.names.plural.clone();
            match serde_saphyr::to_string(&crd) {
                Ok(text) => Ok((format!("{name}.yaml"), text)),
                Err(source) => Err(CrdError { name, source }),
            }
        })
        .collect()
}
