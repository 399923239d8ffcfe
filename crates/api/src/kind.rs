//! The kinds of the API.

use super::named::named;
use super::{
    Attestation, AwsAccount, AwsOrganization, BaselineReport, Control, Exemption, Pack,
    SecurityBaseline,
};

named! {
    /// A kind of the API, in the order in which lists of objects name them.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Kind {
        /// [`Attestation`].
        Attestation,
        /// [`AwsAccount`].
        AwsAccount,
        /// [`AwsOrganization`].
        AwsOrganization,
        /// [`BaselineReport`].
        BaselineReport,
        /// [`Control`].
        Control,
        /// [`ControlTest`](super::ControlTest): a file format only.
        ControlTest,
        /// [`Exemption`].
        Exemption,
        /// [`Pack`].
        Pack,
        /// [`SecurityBaseline`].
        SecurityBaseline,
    }
}

impl Kind {
    /// What Kubernetes calls several of its objects.
    #[must_use]
    pub fn plural(self) -> String {
        format!("{}s", self.as_str().to_lowercase())
    }

    /// Whether its objects stand in a namespace.
    #[must_use]
    pub const fn is_namespaced(self) -> bool {
        matches!(
            self,
            Self::Attestation | Self::BaselineReport | Self::Exemption | Self::SecurityBaseline
        )
    }
}

/// An object of the API, of a kind that is known when it is compiled.
pub trait Object: kube::Resource<DynamicType = ()> {
    /// Its kind.
    const KIND: Kind;
}

macro_rules! objects {
    ($($kind:ident),+) => {
        $(impl Object for $kind {
            const KIND: Kind = Kind::$kind;
        })+
    };
}

objects! {
    Attestation, AwsAccount, AwsOrganization, BaselineReport, Control, Exemption, Pack,
    SecurityBaseline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crds;

    #[test]
    fn the_kinds_are_those_of_the_definitions_and_the_one_of_files() {
        let mut defined: Vec<(String, String, bool)> = crds()
            .into_iter()
            .map(|crd| {
                let names = crd.spec.names;
                (names.kind, names.plural, crd.spec.scope == "Namespaced")
            })
            .collect();
        defined.push(("ControlTest".to_owned(), "controltests".to_owned(), false));
        defined.sort();
        let of = |kind: &Kind| (kind.to_string(), kind.plural(), kind.is_namespaced());
        assert_eq!(Kind::ALL.iter().map(of).collect::<Vec<_>>(), defined);
    }

    #[test]
    fn an_object_is_of_the_kind_that_kubernetes_calls_it() {
        fn is_so<K: Object>() {
            assert_eq!(K::kind(&()), K::KIND.as_str());
        }
        is_so::<Attestation>();
        is_so::<AwsAccount>();
        is_so::<AwsOrganization>();
        is_so::<BaselineReport>();
        is_so::<Control>();
        is_so::<Exemption>();
        is_so::<Pack>();
        is_so::<SecurityBaseline>();
        assert_eq!(Kind::of("Pod"), None);
    }
}
