//! Results that outlive the items that they came from.

use engine::evaluation::{
    EvaluationResult, FieldReading, ItemKey, OwnerTag, OwnerTagPlace, Results, Stage, Subject,
};
use model::Verdict;

/// The results of one chunk of items, in their order, with the items' keys where they have some.
#[derive(Debug, Default)]
pub(super) struct Batch(Vec<(Option<ItemKey>, KeptResult)>);

/// One result, owned.
#[derive(Debug)]
pub(super) struct KeptResult {
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
        self.0.push((None, result.into()));
    }

    /// Keeps a result of the item of that key.
    pub(super) fn keep_of(&mut self, key: Option<ItemKey>, result: &EvaluationResult<'_>) {
        self.0.push((key, result.into()));
    }

    pub(super) fn deliver(&self, results: &mut dyn Results) {
        for (key, kept) in &self.0 {
            if let Some(ItemKey(key)) = key {
                results.stage(Stage::Item(*key));
            }
            kept.deliver(results);
        }
    }
}

impl From<&EvaluationResult<'_>> for KeptResult {
    fn from(result: &EvaluationResult<'_>) -> Self {
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
        Self {
            plan,
            target,
            control,
            subject: subject.into(),
            verdict,
            message: message.into(),
            explanation: explanation.into(),
            exemption,
            owner_tag: owner_tag.tag().map(|tag| (tag.key.into(), tag.value.into())),
        }
    }
}

impl KeptResult {
    pub(super) fn deliver(&self, results: &mut dyn Results) {
        results.result(&EvaluationResult {
            plan: self.plan,
            target: self.target,
            control: self.control,
            subject: self.subject.borrow(),
            verdict: self.verdict,
            message: &self.message,
            explanation: &self.explanation,
            exemption: self.exemption,
            owner_tag: OwnerTagPlace::found(
                self.owner_tag.as_ref().map(|(key, value)| OwnerTag { key, value }),
            ),
        });
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
