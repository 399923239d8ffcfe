//! Reads what stands under ids that this process neither read nor published, before it publishes there.
//!
//! Another Plumbline of the installation may have published since the place was read, and an import replaces
//! a finding, whoever wrote it. Few ids are asked for by themselves. Of many, such as those of a new
//! baseline, all that stands of their controls is read, where that takes fewer calls. What is known costs
//! no call, and what cannot be read is not published.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_securityhub::types::AwsSecurityFindingFilters;
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::read_back::{FILTERED_AT_ONCE, StandingFindings, equals, product_arn, repeated_in};
use crate::paging::PageCursor;
use crate::publish::{OthersFindings, Place, not_own};
use crate::{AwsError, Class, SecurityHubService};
use engine::drift::{Finding, FindingId, KnownFindings, Publisher};
use engine::plan::BaselineKey;
use model::ControlName;

/// Findings of one page of `GetFindings`.
const PAGE: usize = 100;

/// What is to be asked before findings are published for the first time.
#[derive(Debug)]
pub(super) struct UnseenFindings<'c> {
    publisher: Publisher,
    queries: Vec<UnseenQuery<'c>>,
    /// Nothing of its own stands in the place.
    is_vacant: bool,
}

/// One question.
#[derive(Debug)]
struct UnseenQuery<'c> {
    ids: Vec<&'c FindingId>,
    /// What the findings come from; where nothing is named, it asks for the ids.
    generators: Vec<String>,
    /// More pages than this are not read.
    pages: usize,
}

/// What stands of what was asked.
#[derive(Debug, Default)]
struct UnseenAnswer {
    standing: StandingFindings,
    /// Why it is not understood what stands there.
    problems: HashMap<FindingId, String>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct SeenFindings {
    /// Those of its own, which another process of this Plumbline has published.
    pub(super) own: KnownFindings,
    /// Those of another Plumbline.
    pub(super) others: OthersFindings,
    /// Of which ids it is not known what stands there, and why.
    failed: HashMap<FindingId, String>,
    /// All that stands in the place is another's: whose, and what to do.
    occupied: Option<String>,
    /// Why nothing is to be sent to this place.
    pub(super) stopped: Option<AwsError>,
}

impl<'c> UnseenFindings<'c> {
    /// What is to be asked of these findings, in a place of which so much is known.
    pub(super) fn of(
        unseen: &[&'c Finding],
        place: &Place,
        known: &KnownFindings,
        (publisher, is_vacant): (&Publisher, bool),
    ) -> Self {
        let queries = queries(unseen, place, known);
        Self { publisher: publisher.clone(), queries, is_vacant }
    }

    /// Asks, and says what is to be left alone.
    pub(super) fn read<'a>(
        self,
        hub: &'a impl SecurityHubService,
        place: &'a Place,
    ) -> BoxFuture<'a, SeenFindings>
    where
        'c: 'a,
    {
        self.ask(hub, place).boxed()
    }

    async fn ask(self, hub: &impl SecurityHubService, place: &Place) -> SeenFindings {
        let Self { publisher, mut queries, is_vacant } = self;
        let mut seen = SeenFindings::default();
        while let Some(query) = queries.pop() {
            match query.ask(hub, place, &publisher).boxed().await {
                Ok(Some(UnseenAnswer { standing, problems })) => {
                    seen.own.absorb(standing.findings);
                    seen.others.extend(standing.others);
                    if !publisher.adopts {
                        seen.leave(problems);
                    }
                }
                Ok(None) => queries.extend(by_id(&query.ids)),
                Err(error) => {
                    tracing::warn!(
                        account = %place.account, region = %place.region, %error,
                        "cannot read what is published already; nothing new is published",
                    );
                    // Another question may pass where this one is refused for what it says.
                    if error.class == Class::Invalid {
                        seen.fail(&query, place, &error);
                        continue;
                    }
                    queries.push(query);
                    queries.drain(..).for_each(|query| seen.fail(&query, place, &error));
                    seen.stopped = (error.class == Class::NotEnabled).then_some(error);
                }
            }
        }
        if is_vacant && seen.own.standing() == 0 && !seen.others.is_empty() {
            seen.occupied = Some(seen.others.message(place, &publisher.installation, true));
        }
        seen
    }
}

impl UnseenQuery<'_> {
    /// What stands there of the ids, and all of others that came with it; nothing where that is more than
    /// is to be read.
    async fn ask(
        &self,
        hub: &impl SecurityHubService,
        place: &Place,
        publisher: &Publisher,
    ) -> Result<Option<UnseenAnswer>, AwsError> {
        let filters = self.filters(place);
        let nothing = KnownFindings::new();
        let asked: HashMap<&str, &FindingId> =
            self.ids.iter().map(|id| (id.as_str(), *id)).collect();
        let (mut answer, mut cursor) = (UnseenAnswer::default(), PageCursor::default());
        for _ in 0..self.pages {
            let page = Box::pin(hub.findings(&filters, cursor.token())).await?;
            for given in page.findings {
                let id = given.id().and_then(|id| asked.get(id)).copied();
                let taken = answer.standing.take(given, place, (publisher, &nothing));
                answer.problems.extend(id.cloned().zip(taken.err()));
            }
            // Of what is known the read may be older.
            answer.standing.findings.retain_where(|_, _, id| asked.contains_key(id.as_str()));
            if !cursor.follow(page.next).map_err(|repeated| repeated_in(place, repeated))? {
                return Ok(Some(answer));
            }
        }
        Ok(None)
    }

    fn filters(&self, place: &Place) -> AwsSecurityFindingFilters {
        let filters = AwsSecurityFindingFilters::builder().product_arn(equals(&product_arn(place)));
        let filters = if self.generators.is_empty() {
            filters.set_id(Some(self.ids.iter().map(|id| equals(id.as_str())).collect()))
        } else {
            let generators = self.generators.iter().map(|name| equals(name));
            filters
                .aws_account_id(equals(place.account.as_str()))
                .region(equals(place.region.as_str()))
                .set_generator_id(Some(generators.collect()))
        };
        filters.build()
    }
}

impl SeenFindings {
    /// Of these ids it is not known what stands there.
    fn fail(&mut self, query: &UnseenQuery<'_>, place: &Place, error: &AwsError) {
        let Place { account, region, .. } = place;
        let message = format!(
            "findings that may be published already in account {account}, {region}, could not be read: \
             {error}; new findings are published there when they can be read"
        );
        self.failed.extend(query.ids.iter().map(|id| ((*id).clone(), message.clone())));
    }

    /// Leaves alone what stands there and is not understood: whose it is, nobody can tell.
    fn leave(&mut self, problems: HashMap<FindingId, String>) {
        self.failed.extend(problems.into_iter().map(|(id, problem)| {
            let message = format!(
                "a finding stands under {id} that this Plumbline cannot read ({problem}), and it stays as \
                 it is; if nobody else publishes it, take it over with --adopt (the chart's \
                 findings.adopt)"
            );
            (id, message)
        }));
    }

    /// Why the finding of that name is not published now.
    pub(super) fn refusal(&self, id: &FindingId) -> Option<String> {
        if let Some(message) = &self.occupied {
            return Some(message.clone());
        }
        if let Some(message) = self.failed.get(id) {
            return Some(message.clone());
        }
        if self.others.has(id) {
            return Some(not_own(id));
        }
        self.own.get(id.as_str()).map(|_| {
            format!(
                "finding {id} was published by another process of this Plumbline a moment ago; \
                 the next evaluation compares with it"
            )
        })
    }
}

/// The fewest questions about these findings.
fn queries<'c>(
    unseen: &[&'c Finding],
    place: &Place,
    known: &KnownFindings,
) -> Vec<UnseenQuery<'c>> {
    if unseen.len() <= FILTERED_AT_ONCE {
        return by_id(&unseen.iter().map(|finding| &finding.id).collect::<Vec<_>>()).collect();
    }
    let counts = known.of_controls(&place.account, &place.region);
    let mut by_generator: BTreeMap<(&BaselineKey, &ControlName), Vec<&'c Finding>> =
        BTreeMap::new();
    for finding in unseen {
        let generator = &finding.generator;
        by_generator.entry((&generator.baseline, &generator.control)).or_default().push(finding);
    }
    let (mut single, mut together) = (Vec::new(), Vec::new());
    for (generator, findings) in by_generator {
        let count = counts.get(&generator).copied().unwrap_or_default();
        let ids = findings.iter().map(|finding| &finding.id);
        match findings.first() {
            // The pages of all that stands there, or of twenty ids each.
            Some(first) if count * FILTERED_AT_ONCE <= findings.len() * PAGE => {
                together.push((first.generator.id(), count, ids.collect::<Vec<_>>()));
            }
            _ => single.extend(ids),
        }
    }
    let of_generators = together.chunks(FILTERED_AT_ONCE).map(|chunk| {
        let ids: Vec<&FindingId> =
            chunk.iter().flat_map(|(_, _, ids)| ids.iter().copied()).collect();
        let count: usize = chunk.iter().map(|(_, count, _)| count).sum();
        UnseenQuery {
            generators: chunk.iter().map(|(name, ..)| name.clone()).collect(),
            pages: 1 + count / PAGE + ids.len() / FILTERED_AT_ONCE,
            ids,
        }
    });
    of_generators.chain(by_id(&single)).collect()
}

/// Questions for ids.
fn by_id<'c>(ids: &[&'c FindingId]) -> impl Iterator<Item = UnseenQuery<'c>> {
    ids.chunks(FILTERED_AT_ONCE).map(|ids| UnseenQuery {
        ids: ids.to_vec(),
        generators: Vec::new(),
        pages: usize::MAX,
    })
}
