//! What an evaluation says: one verdict of one control on one subject, with what explains it.

use std::borrow::Cow;
use std::fmt;

use crate::plan::Plan;
use cel::Value;
use model::{Owner, Verdict};

use super::ledger::ItemKey;
use super::mask::masked_text;

/// Takes the results of an evaluation one by one, in no particular order.
pub trait Results {
    /// Takes one result. Nothing of it lives longer than the call.
    fn result(&mut self, result: &EvaluationResult<'_>);

    /// Says what the results that follow are made from.
    fn stage(&mut self, _stage: Stage) {}
}

/// What results are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// One item: the one of that number, in the order in which they are read.
    Item(u64),
    /// One item, together with those that join it.
    Joined(ItemKey),
    /// Several items together.
    Together,
    /// What was read as a whole, what people attested, and why a control cannot be run.
    Always,
}

impl<F: FnMut(&EvaluationResult<'_>)> Results for F {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        self(result);
    }
}

/// The verdict of one control on one subject.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationResult<'r> {
    /// Which of the evaluation's plans.
    pub plan: usize,
    /// Which of the plan's targets.
    pub target: usize,
    /// Which of the plan's controls.
    pub control: usize,
    /// What the verdict speaks of.
    pub subject: Subject<'r>,
    /// The verdict.
    pub verdict: Verdict,
    /// What is wrong, or why nothing can be said; empty for the other verdicts.
    pub message: &'r str,
    /// What the expression read; empty unless the verdict is `NonCompliant` or `Unknown`.
    pub explanation: &'r [FieldReading],
    /// Which of the plan's exemptions covers a `NonCompliant` verdict.
    pub exemption: Option<usize>,
    /// Where the tag is found that says whom the resource belongs to.
    pub owner_tag: OwnerTagPlace<'r>,
}

/// Where the tag is found that says whom a resource belongs to. It is looked for when it is asked
/// for: most results are of no interest to anybody.
#[derive(Clone, Copy)]
pub struct OwnerTagPlace<'r>(TagPlace<'r>);

#[derive(Clone, Copy)]
enum TagPlace<'r> {
    Found(Option<OwnerTag<'r>>),
    /// The keys that count, and the resource.
    Among(&'r [String], Value<'r>),
}

/// A tag that says whom a resource belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnerTag<'r> {
    /// Its key.
    pub key: &'r str,
    /// Its value, as somebody wrote it.
    pub value: &'r str,
}

/// Whom the subject of a result belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ownership {
    /// Whom.
    pub owner: Owner,
    /// The key of the tag that says so; nothing where a label of the account or the namespace of
    /// the baseline does.
    pub tag_key: Option<String>,
}

/// The same, as a result and its plan say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectOwner<'r> {
    /// Whom.
    pub owner: Cow<'r, Owner>,
    /// The key of the tag that says so.
    pub tag_key: Option<&'r str>,
}

impl SubjectOwner<'_> {
    /// The same, by itself.
    #[must_use]
    pub fn into_owned(self) -> Ownership {
        let Self { owner, tag_key } = self;
        Ownership { owner: owner.into_owned(), tag_key: tag_key.map(str::to_owned) }
    }
}

impl<'r> OwnerTagPlace<'r> {
    /// There is none.
    pub const NONE: Self = Self(TagPlace::Found(None));

    /// It was found, or not.
    #[must_use]
    pub const fn found(tag: Option<OwnerTag<'r>>) -> Self {
        Self(TagPlace::Found(tag))
    }

    /// It is the first of these that the resource has.
    pub(super) const fn among(keys: &'r [String], resource: Value<'r>) -> Self {
        Self(TagPlace::Among(keys, resource))
    }

    /// The tag, if the resource has one that names somebody.
    #[must_use]
    pub fn tag(self) -> Option<OwnerTag<'r>> {
        let (keys, resource) = match self.0 {
            TagPlace::Found(tag) => return tag,
            TagPlace::Among([], _) => return None,
            TagPlace::Among(keys, resource) => (keys, resource),
        };
        let tags = resource.get("tags")?;
        let tag = |key: &'r String| Some(OwnerTag { key, value: tags.get(key)?.as_str()? });
        keys.iter().filter_map(tag).find(|tag| Owner::new(tag.value).is_some())
    }
}

/// Says nothing of the resource, which may hold secrets.
impl fmt::Debug for OwnerTagPlace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("OwnerTagPlace").field(&self.tag()).finish()
    }
}

impl<'r> EvaluationResult<'r> {
    /// Whether this is drift: not as it should be, and no exemption covers it.
    #[must_use]
    pub const fn is_drift(&self) -> bool {
        matches!(self.verdict, Verdict::NonCompliant) && self.exemption.is_none()
    }

    /// Whom the subject belongs to: by its tag, else as the plan's target says. Nothing where
    /// nothing is known of the subject, or where the plan is another's.
    #[must_use]
    pub fn ownership<'o>(&self, plan: &'o Plan) -> Option<SubjectOwner<'o>>
    where
        'r: 'o,
    {
        if matches!(self.verdict, Verdict::Unknown(_)) {
            return None;
        }
        let target = plan.targets.get(self.target)?;
        let tagged = self.owner_tag.tag().and_then(|tag| {
            let owner = Owner::new(&masked_text(tag.value))?;
            Some(SubjectOwner { owner: Cow::Owned(owner), tag_key: Some(tag.key) })
        });
        let of_target = || SubjectOwner { owner: Cow::Borrowed(&target.owner), tag_key: None };
        Some(tagged.unwrap_or_else(of_target))
    }
}

/// What a verdict speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'r> {
    /// A resource.
    Resource {
        /// Its type.
        resource_type: &'r str,
        /// Its id.
        id: &'r str,
        /// Its ARN, if it has one.
        arn: Option<&'r str>,
        /// Its name, if it has one.
        name: Option<&'r str>,
        /// Its region; `global` for what has none.
        region: &'r str,
    },
    /// The target's region as a whole.
    Region,
    /// The target's account as a whole.
    Account,
    /// What was not read: the verdict is `Unknown`, and what was read has verdicts of its own.
    Unread {
        /// The type that was not read.
        resource_type: &'r str,
    },
}

impl<'r> Subject<'r> {
    /// The resource's name to show, if it has one: without secrets, which a URL in it may have.
    #[must_use]
    pub fn shown_name(&self) -> Option<Cow<'r, str>> {
        match *self {
            Self::Resource { name, .. } => name.map(masked_text),
            Self::Region | Self::Account | Self::Unread { .. } => None,
        }
    }
}

/// What an expression read in one place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldReading {
    /// The place, as the expression names it: `resource.configuration.status`.
    pub path: String,
    /// What stood there, as JSON, cut where it is long; `absent` where nothing stood.
    pub value: String,
}
