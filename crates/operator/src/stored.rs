//! An object as the API server has it stored, perhaps by another version of Plumbline.
//!
//! What users wrote counts whatever an earlier or later version wrote into the status: a status that
//! this version cannot read is none, and is written again; what it may have said is not taken for
//! nothing. An object whose spec does not parse hides only itself.

use std::borrow::Cow;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::core::PartialObjectMeta;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use api::{Kind, Object};

/// A stored object, which all who look at it share, or why it does not parse.
#[derive(Debug, Clone)]
pub(super) struct Stored<K> {
    pub(super) object: Result<Arc<K>, Unreadable>,
    /// The status, where it does not parse. The object has none then.
    pub(super) unread_status: Option<Value>,
}

/// An object that does not parse.
#[derive(Debug, Clone)]
pub(super) struct Unreadable {
    pub(super) metadata: ObjectMeta,
    /// Why.
    pub(super) error: String,
}

impl<'de, K> Deserialize<'de> for Stored<K>
where
    K: Resource + DeserializeOwned,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut stored = Value::deserialize(deserializer)?;
        let error = match K::deserialize(&stored) {
            Ok(object) => return Ok(Self { object: Ok(Arc::new(object)), unread_status: None }),
            Err(error) => error.to_string(),
        };
        let unread_status = stored.as_object_mut().and_then(|fields| fields.remove("status"));
        if unread_status.is_some()
            && let Ok(object) = K::deserialize(&stored)
        {
            return Ok(Self { object: Ok(Arc::new(object)), unread_status });
        }
        let named = PartialObjectMeta::<K>::deserialize(stored).map_err(D::Error::custom)?;
        let object = Err(Unreadable { metadata: named.metadata, error });
        Ok(Self { object, unread_status })
    }
}

impl<K> Stored<K> {
    /// The object, if it parses.
    pub(super) fn parsed(&self) -> Option<&K> {
        self.object.as_deref().ok()
    }
}

impl<K: Resource + Clone> Resource for Stored<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(of: &K::DynamicType) -> Cow<'_, str> {
        K::kind(of)
    }

    fn group(of: &K::DynamicType) -> Cow<'_, str> {
        K::group(of)
    }

    fn version(of: &K::DynamicType) -> Cow<'_, str> {
        K::version(of)
    }

    fn plural(of: &K::DynamicType) -> Cow<'_, str> {
        K::plural(of)
    }

    fn meta(&self) -> &ObjectMeta {
        self.object.as_ref().map_or_else(|unreadable| &unreadable.metadata, |object| object.meta())
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.object.as_mut().map_or_else(
            |unreadable| &mut unreadable.metadata,
            |object| Arc::make_mut(object).meta_mut(),
        )
    }
}

impl<K: Object + Clone> Object for Stored<K> {
    const KIND: Kind = K::KIND;
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::SecurityBaseline;
    use serde_json::json;

    fn stored(spec: &Value, status: &Value) -> Stored<SecurityBaseline> {
        serde_json::from_value(json!({
            "apiVersion": "plumbline.dev/v1alpha1",
            "kind": "SecurityBaseline",
            "metadata": { "name": "production", "namespace": "platform" },
            "spec": spec,
            "status": status,
        }))
        .unwrap()
    }

    #[test]
    fn a_status_that_nobody_can_read_hides_no_object() {
        let spec = json!({ "accounts": { "names": ["payments"] } });
        let well = stored(&spec, &json!({ "observedGeneration": 3 }));
        assert_eq!(well.unread_status, None);
        let well = well.object.unwrap();
        assert_eq!(well.status.as_ref().unwrap().observed_generation, Some(3));
        let later = json!({ "observedGeneration": 3, "targets": "all of them" });
        let object = stored(&spec, &later);
        assert_eq!(object.unread_status, Some(later), "that there is one is not forgotten");
        let object = object.object.unwrap();
        assert_eq!(
            (object.spec.accounts.names.clone(), object.status.clone()),
            (vec!["payments".to_owned()], None)
        );
    }

    #[test]
    fn a_spec_that_nobody_can_read_hides_its_object_and_keeps_its_name() {
        let object = stored(&json!({ "accounts": 5 }), &json!({ "targets": 7 }));
        assert_eq!(object.meta().name.as_deref(), Some("production"));
        let error = object.object.unwrap_err().error;
        assert!(error.contains("invalid type: integer `5`"), "{error}");
    }
}
