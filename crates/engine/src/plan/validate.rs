//! What is wrong with objects beyond their own form: what they name, and what they say together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::plan::resolve::timestamp;
use crate::plan::{
    AccountRegions, DesiredBuilder, DesiredObjects, DesiredState, NamespaceLabels, OwnerKeys, Plan,
    UnreadObject, recorded, regions, selectors,
};
use crate::problem::{Problem, ProblemKind};
use api::{FieldPath, Kind, Object, ObjectKey, closest};
use cel::Timestamp;
use cel::format_timestamp;
use manifest::Objects;
use manifest::document::{Diagnostic, Located};

/// Objects put together: the catalogue with the team's own controls, and a plan a baseline.
#[derive(Debug)]
pub struct Resolved {
    /// The built-in catalogue and the team's own controls and packs.
    pub catalog: Catalog,
    /// A plan for each baseline, in the order of the files.
    pub plans: Vec<Plan>,
    /// Everything wrong, with its place.
    pub mistakes: Vec<Diagnostic>,
    /// What may be right and is probably not meant, with its place: what has no effect any more,
    /// regions that nobody knows, and accounts that do not allow a namespace whose selector they match.
    pub warnings: Vec<Diagnostic>,
}

/// Whether the accounts that objects name are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountChecks {
    /// An account that is named must be among the objects.
    Made,
    /// The accounts are somewhere else.
    LeftOut,
}

impl Resolved {
    /// Puts the objects together at a time, and says everything that is wrong with them.
    pub fn of(objects: &Objects, now: Timestamp) -> Self {
        Self::checking(objects, now, AccountChecks::Made, &OwnerKeys::default())
    }

    /// The same. What is wrong now counts as it last was without mistakes, as far as `builder` knows.
    pub fn lasting(objects: &Objects, now: Timestamp, builder: &mut DesiredBuilder) -> Self {
        Resolver { objects }.put_together(now, AccountChecks::Made, builder)
    }

    /// Puts the objects together at a time, and says everything that is wrong with them, apart from
    /// what they say of accounts where that is left out.
    pub fn checking(
        objects: &Objects,
        now: Timestamp,
        accounts: AccountChecks,
        owner_keys: &OwnerKeys,
    ) -> Self {
        let mut builder = DesiredBuilder::new(owner_keys.clone());
        Resolver { objects }.put_together(now, accounts, &mut builder)
    }
}

struct Resolver<'o> {
    objects: &'o Objects,
}

impl Resolver<'_> {
    fn put_together(
        &self,
        now: Timestamp,
        accounts: AccountChecks,
        builder: &mut DesiredBuilder,
    ) -> Resolved {
        let left_out = accounts == AccountChecks::LeftOut;
        let account_regions =
            if left_out { AccountRegions::Discovered } else { AccountRegions::Declared };
        let state = self.build(account_regions, builder);
        let places = ObjectPlaces::among(self.objects);
        let of_catalog = || {
            builder.catalog_problems().iter().filter_map(|problem| match &problem.kind {
                ProblemKind::Catalog(mistake) => Some((problem, mistake)),
                _ => None,
            })
        };
        let news = of_catalog().filter(|(_, mistake)| !mistake.reported_by_reader);
        let mut mistakes: Vec<Diagnostic> =
            news.filter_map(|(problem, _)| places.locate(problem)).collect();
        let of_packs: HashSet<&str> = of_catalog()
            .filter(|(problem, _)| problem.object.kind == Kind::Pack)
            .map(|(_, mistake)| mistake.message.as_str())
            .collect();
        let broken: HashSet<(Kind, &str)> =
            self.objects.broken.iter().map(|key| (key.kind, key.name.as_str())).collect();
        let at_this_time = state.plans.iter().flat_map(|plan| plan.problems_at(now));
        let at_this_time: Vec<Problem> = at_this_time.collect();
        let mut problems = state.problems();
        problems.extend(&at_this_time);
        let problems = problems
            .into_iter()
            .filter(|problem| !(left_out && problem.kind.is_about_accounts()))
            .filter(|problem| !is_reported(problem, &broken) && !is_of_pack(problem, &of_packs));
        mistakes.extend(problems.filter_map(|problem| places.locate(problem)));
        let catalog = Catalog::clone(builder.catalog());
        let plans: Vec<Plan> = state.plans.into_iter().map(Arc::unwrap_or_clone).collect();
        mistakes.extend(self.untestable(&catalog, &broken));
        mistakes.extend(self.not_yet_performed(now));
        mistakes.extend(self.rivals());
        let mut warnings = self.expired(now);
        warnings.extend(regions::doubtful(self.objects, &plans, accounts));
        warnings.extend(recorded::doubtful(self.objects));
        warnings.extend(selectors::doubtful(self.objects, &plans, accounts));
        in_order(&mut mistakes);
        in_order(&mut warnings);
        Resolved { catalog, plans, mistakes, warnings }
    }

    fn build(&self, account_regions: AccountRegions, builder: &mut DesiredBuilder) -> DesiredState {
        let Objects { baselines, accounts, controls, packs, .. } = self.objects;
        let unread = |key: &ObjectKey| UnreadObject {
            key: key.clone(),
            error: "it cannot be read".to_owned(),
            labels: None,
        };
        let unread: Vec<UnreadObject> = self.objects.broken.iter().map(unread).collect();
        builder.build(&DesiredObjects {
            baselines: &objects(baselines).into_iter().map(Arc::new).collect::<Vec<_>>(),
            accounts: &objects(accounts),
            controls: &objects(controls),
            packs: &objects(packs),
            exemptions: &objects(&self.objects.exemptions),
            attestations: &objects(&self.objects.attestations),
            unread: &unread,
            // Files hold no namespaces: all that is known of one is its name.
            namespaces: &NamespaceLabels::new(),
            account_regions,
        })
    }

    /// Tests of controls that are not there.
    fn untestable(
        &self,
        catalog: &Catalog,
        broken: &HashSet<(Kind, &str)>,
    ) -> impl Iterator<Item = Diagnostic> {
        self.objects.control_tests.iter().filter_map(|test| {
            let name = test.object.spec.control.as_str();
            if broken.contains(&(Kind::Control, name))
                || catalog.control(name).is_some()
                || catalog.invalid(name).is_some()
            {
                return None;
            }
            let help = closest(name, catalog.control_names())
                .map(|name| format!("did you mean `{name}`?"));
            let message = format!("there is no control `{name}`");
            Some(test.diagnostic(&FieldPath::spec("control"), None, message, help))
        })
    }

    /// Attestations of what nobody can have done yet.
    fn not_yet_performed(&self, now: Timestamp) -> impl Iterator<Item = Diagnostic> {
        self.objects.attestations.iter().filter_map(move |attestation| {
            let is_ahead = timestamp(&attestation.object.spec.performed_at) > now;
            is_ahead.then(|| {
                let help = "set it to the time when the procedure was carried out".to_owned();
                let message = "`performedAt` is in the future";
                attestation.diagnostic(&FieldPath::spec("performedAt"), None, message, Some(help))
            })
        })
    }

    /// Accounts that have the id of another, which counts: of several the first by name.
    fn rivals(&self) -> Vec<Diagnostic> {
        let accounts = || {
            self.objects.accounts.iter().map(|account| {
                let name = account.object.metadata.name.as_deref().unwrap_or_default();
                (account, &account.object.spec.account_id, name)
            })
        };
        let mut counting = HashMap::new();
        for (_, id, name) in accounts() {
            let first = counting.entry(id).or_insert(name);
            *first = name.min(first);
        }
        let rivals = accounts().filter_map(|(account, id, name)| {
            let first = counting.get(id).filter(|first| **first != name)?;
            let message =
                format!("AwsAccount `{first}` has the same account id, {id}, and takes precedence");
            let help = Some("keep one of the two".to_owned());
            Some(account.diagnostic(&FieldPath::spec("accountId"), None, message, help))
        });
        rivals.collect()
    }

    /// Exemptions and attestations that have run out.
    fn expired(&self, now: Timestamp) -> Vec<Diagnostic> {
        let exemptions = self.objects.exemptions.iter().filter_map(|exemption| {
            let end = timestamp(&exemption.object.spec.expires_at);
            let end = (end <= now).then(|| format_timestamp(end))?;
            let message = format!("the exemption expired at {end} and has no effect");
            let help = "have it approved again, or remove it".to_owned();
            Some(exemption.diagnostic(&FieldPath::spec("expiresAt"), None, message, Some(help)))
        });
        let attestations = self.objects.attestations.iter().filter_map(|attestation| {
            let end = timestamp(&attestation.object.spec.valid_until);
            let end = (end <= now).then(|| format_timestamp(end))?;
            let message = format!("the attestation expired at {end} and has no effect");
            let help = "carry out the procedure again and record it, or remove the \
                attestation"
                .to_owned();
            Some(attestation.diagnostic(&FieldPath::spec("validUntil"), None, message, Some(help)))
        });
        exemptions.chain(attestations).collect()
    }
}

/// Whether the problem is one that was reported when the files were read: a rule of the schema is
/// broken, or something seems not to be there that is there, but broken.
fn is_reported(problem: &Problem, broken: &HashSet<(Kind, &str)>) -> bool {
    let (wanted, name) = match &problem.kind {
        ProblemKind::UnknownControl { name, .. } => (Kind::Control, name),
        ProblemKind::UnknownPack { name, .. } => (Kind::Pack, name),
        ProblemKind::UnknownAccount { name, .. } => (Kind::AwsAccount, name),
        ProblemKind::UnknownBaseline { name, .. } => (Kind::SecurityBaseline, name),
        ProblemKind::InvalidControl { .. }
        | ProblemKind::InvalidPack { .. }
        | ProblemKind::UnreadAccounts { .. }
        | ProblemKind::InvalidSelector { .. }
        | ProblemKind::SameAccount { .. }
        | ProblemKind::EmptyMatch
        | ProblemKind::EmptyList { .. }
        | ProblemKind::EndsBeforeItBegins
        | ProblemKind::TooLong { .. } => return true,
        _ => return false,
    };
    broken.contains(&(wanted, name.as_str()))
}

/// Whether a baseline has the problem from a pack of which it is reported.
fn is_of_pack(problem: &Problem, of_packs: &HashSet<&str>) -> bool {
    let of_baseline_packs = FieldPath::spec("packs");
    let is_at_pack = problem.path.steps().starts_with(of_baseline_packs.steps());
    let message = match &problem.kind {
        ProblemKind::InvalidParameter { fault, .. } => fault.to_string(),
        kind @ ProblemKind::UnknownControl { .. } => kind.to_string(),
        _ => return false,
    };
    is_at_pack && of_packs.contains(message.as_str())
}

/// Where each object stands, so that finding one takes no longer among many.
struct ObjectPlaces<'o> {
    objects: &'o Objects,
    indices: HashMap<ObjectKey, usize>,
}

impl<'o> ObjectPlaces<'o> {
    fn among(objects: &'o Objects) -> Self {
        let mut indices = HashMap::new();
        first(&objects.baselines, &mut indices);
        first(&objects.exemptions, &mut indices);
        first(&objects.attestations, &mut indices);
        last(&objects.controls, &mut indices);
        last(&objects.packs, &mut indices);
        Self { objects, indices }
    }

    fn locate(&self, problem: &Problem) -> Option<Diagnostic> {
        let index = *self.indices.get(&problem.object)?;
        let Objects { baselines, exemptions, attestations, controls, packs, .. } = self.objects;
        match problem.object.kind {
            Kind::SecurityBaseline => Some(problem.located(baselines.get(index)?)),
            Kind::Exemption => Some(problem.located(exemptions.get(index)?)),
            Kind::Attestation => Some(problem.located(attestations.get(index)?)),
            Kind::Control => Some(problem.located(controls.get(index)?)),
            Kind::Pack => Some(problem.located(packs.get(index)?)),
            _ => None,
        }
    }
}

/// Of two of the same name the first is the one that plans take.
fn first<K: Object>(objects: &[Located<K>], indices: &mut HashMap<ObjectKey, usize>) {
    for (index, located) in objects.iter().enumerate() {
        indices.entry(ObjectKey::of(&located.object)).or_insert(index);
    }
}

/// Of two of the same name the last is the one that the catalogue refuses.
fn last<K: Object>(objects: &[Located<K>], indices: &mut HashMap<ObjectKey, usize>) {
    for (index, located) in objects.iter().enumerate() {
        indices.insert(ObjectKey::of(&located.object), index);
    }
}

fn in_order(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|left, right| {
        (left.file.path(), left.range.start).cmp(&(right.file.path(), right.range.start))
    });
}

fn objects<T: Clone>(located: &[Located<T>]) -> Vec<T> {
    located.iter().map(|located| located.object.clone()).collect()
}
