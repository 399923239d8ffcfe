//! Results that outlive the items that they came from.

use engine::evaluation::{
    EvaluationResult, FieldReading, OwnerTag, OwnerTagPlace, Results, Subject,
};
use model::Verdict;

/// The results of one chunk of items, in their order.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<KeptResult>);

/// One result, owned.
#[derive(Debug)]
struct KeptResult {
    plan: usize,
    target: usize,
    control: usize,
    subject: KeptSubject,
    verdict: Verdict,
    message: Box<str>,
    explanation: Box<[FieldReading]>,
    exemption: Option<usize>,
    /// Key and value.
    owner_tag: Option<(Box<str>, Box<str>)>,
}

#[derive(Debug)]
enum KeptSubject {
    Resource {
        resource_type: Box<str>,
        id: Box<str>,
        arn: Option<Box<str>>,
        name: Option<Box<str>>,
        region: Box<str>,
    },
    Region,
    Account,
    Unread {
        resource_type: Box<str>,
    },
}

impl Batch {
    pub(super) fn keep(&mut self, result: &EvaluationResult<'_>) {
        let EvaluationResult {
            plan,
            target,
            control,
            subject,
            verdict,
            message,
            explanation,
            exemption,
            owner_tag,
        } = *result;
        self.0.push(KeptResult {
            plan,
            target,
            control,
            subject: subject.into(),
            verdict,
            message: message.into(),
            explanation: explanation.into(),
            exemption,
            owner_tag: owner_tag.tag().map(|tag| (tag.key.into(), tag.value.into())),
        });
    }

    pub(super) fn deliver(&self, results: &mut dyn Results) {
        for kept in &self.0 {
            results.result(&EvaluationResult {
                plan: kept.plan,
                target: kept.target,
                control: kept.control,
                subject: kept.subject.borrow(),
                verdict: kept.verdict,
                message: &kept.message,
                explanation: &kept.explanation,
                exemption: kept.exemption,
                owner_tag: OwnerTagPlace::found(
                    kept.owner_tag.as_ref().map(|(key, value)| OwnerTag { key, value }),
                ),
            });
        }
    }
}

impl From<Subject<'_>> for KeptSubject {
    fn from(subject: Subject<'_>) -> Self {
        match subject {
            Subject::Resource { resource_type, id, arn, name, region } => Self::Resource {
                resource_type: resource_type.into(),
                id: id.into(),
                arn: arn.map(Into::into),
                name: name.map(Into::into),
                region: region.into(),
            },
            Subject::Region => Self::Region,
            Subject::Account => Self::Account,
            Subject::Unread { resource_type } => {
                Self::Unread { resource_type: resource_type.into() }
            }
        }
    }
}

impl KeptSubject {
    fn borrow(&self) -> Subject<'_> {
        match self {
            Self::Resource { resource_type, id, arn, name, region } => Subject::Resource {
                resource_type,
                id,
                arn: arn.as_deref(),
                name: name.as_deref(),
                region,
            },
            Self::Region => Subject::Region,
            Self::Account => Subject::Account,
            Self::Unread { resource_type } => Subject::Unread { resource_type },
        }
    }
}
