//! Results that outlive the items that they came from.
//!
//! As many may be kept as there is drift, so they are packed: texts lie one after another, what results of one
//! subject say alike is there once, and the places of fields are there once for all.

use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use engine::evaluation::{
    EvaluationResult, FieldReading, OwnerTag, OwnerTagPlace, Results, Stage, Subject,
};
use model::Verdict;

/// Results in their order, with the stages that they came from.
#[derive(Debug, Default)]
pub(super) struct Batch {
    results: Vec<KeptResult>,
    /// The first result of each stage. Those before the first came from none.
    stages: Vec<(usize, Stage)>,
    subjects: Vec<KeptSubject>,
    words: Vec<KeptWords>,
    readings: Vec<KeptReading>,
    texts: String,
    /// The places of fields.
    paths: Vec<Arc<str>>,
    paths_by_text: FxHashMap<Arc<str>, u32>,
    /// What was said of the last subject, by a hash.
    said: FxHashMap<u64, u32>,
    /// So many results are of no use any more.
    forgotten: usize,
}

/// One result, and where what it says is in the batch.
#[derive(Debug, Clone, Copy)]
struct KeptResult {
    plan: u32,
    target: u32,
    control: u32,
    exemption: Option<u32>,
    subject: u32,
    words: u32,
    verdict: Verdict,
    is_forgotten: bool,
}

/// What a result is about: where its texts begin, and how long they are.
#[derive(Debug, Clone, Copy)]
struct KeptSubject {
    start: usize,
    kind: SubjectKind,
}

#[derive(Debug, Clone, Copy)]
enum SubjectKind {
    Resource { resource_type: u32, id: u32, arn: Option<u32>, name: Option<u32>, region: u32 },
    Region,
    Account,
    Unread { resource_type: u32 },
}

/// What a result says: where its texts and readings begin, and how many and long they are.
#[derive(Debug, Clone, Copy)]
struct KeptWords {
    start: usize,
    readings: usize,
    count: u32,
    message: u32,
    /// The key and the value.
    owner_tag: Option<(u32, u32)>,
}

/// What was read in one place.
#[derive(Debug, Clone, Copy)]
struct KeptReading {
    path: u32,
    value: u32,
}

impl Batch {
    pub(super) fn keep(&mut self, result: &EvaluationResult<'_>) {
        let subject = self.subject(result.subject);
        let words = self.words(result);
        self.results.push(KeptResult {
            plan: short(result.plan),
            target: short(result.target),
            control: short(result.control),
            exemption: result.exemption.map(short),
            subject,
            words,
            verdict: result.verdict,
            is_forgotten: false,
        });
    }

    /// Gives back what only serves adding more results.
    pub(super) fn shrink(&mut self) {
        (self.said, self.paths_by_text) = (FxHashMap::default(), FxHashMap::default());
        let Self { results, stages, subjects, words, readings, texts, paths, .. } = self;
        results.shrink_to_fit();
        stages.shrink_to_fit();
        subjects.shrink_to_fit();
        words.shrink_to_fit();
        readings.shrink_to_fit();
        texts.shrink_to_fit();
        paths.shrink_to_fit();
    }

    /// About how many bytes it takes, once shrunk.
    pub(super) fn bytes(&self) -> usize {
        let paths = self.paths.iter().map(|path| path.len());
        size_of::<Self>()
            + size_of_val(&*self.results)
            + size_of_val(&*self.stages)
            + size_of_val(&*self.subjects)
            + size_of_val(&*self.words)
            + size_of_val(&*self.readings)
            + self.texts.len()
            + size_of_val(&*self.paths)
            + paths.sum::<usize>()
    }

    /// Keeps a result that came from a stage.
    pub(super) fn keep_of(&mut self, stage: Stage, result: &EvaluationResult<'_>) {
        if self.stages.last().is_none_or(|(_, last)| *last != stage) {
            self.stages.push((self.results.len(), stage));
        }
        self.keep(result);
    }

    /// Passes all of them on, with their stages.
    pub(super) fn deliver(&self, results: &mut dyn Results) {
        let mut stages = self.stages.iter().peekable();
        let mut explanation = Explanation::default();
        for (at, kept) in self.results.iter().enumerate() {
            if let Some((_, stage)) = stages.next_if(|(first, _)| *first == at) {
                results.stage(*stage);
            }
            if !kept.is_forgotten {
                self.pass_on(kept, &mut explanation, results);
            }
        }
    }

    /// Forgets the results of which this holds, by their stage, plan and control.
    pub(super) fn forget(&mut self, is_useless: impl Fn(Stage, usize, usize) -> bool) {
        let mut stages = self.stages.iter().peekable();
        let mut stage = None;
        for (at, kept) in self.results.iter_mut().enumerate() {
            if let Some((_, next)) = stages.next_if(|(first, _)| *first == at) {
                stage = Some(*next);
            }
            let Some(stage) = stage.filter(|_| !kept.is_forgotten) else { continue };
            kept.is_forgotten = is_useless(stage, kept.plan as usize, kept.control as usize);
            self.forgotten += usize::from(kept.is_forgotten);
        }
        if self.forgotten * 2 > self.results.len() {
            let mut packed = Packing::default();
            self.deliver(&mut packed);
            *self = packed.into;
        }
    }

    fn pass_on(&self, kept: &KeptResult, explanation: &mut Explanation, results: &mut dyn Results) {
        let Some(subject) = self.subjects.get(kept.subject as usize) else { return };
        let Some(words) = self.words.get(kept.words as usize) else { return };
        let mut texts = Texts { rest: self.texts.get(words.start..).unwrap_or_default() };
        let message = texts.next(words.message);
        let owner_tag = words
            .owner_tag
            .map(|(key, value)| OwnerTag { key: texts.next(key), value: texts.next(value) });
        explanation.read(kept.words, self.readings_of(words), texts);
        results.result(&EvaluationResult {
            plan: kept.plan as usize,
            target: kept.target as usize,
            control: kept.control as usize,
            subject: self.subject_of(subject),
            verdict: kept.verdict,
            message,
            explanation: explanation.readings(),
            exemption: kept.exemption.map(|it| it as usize),
            owner_tag: OwnerTagPlace::found(owner_tag),
        });
    }

    fn readings_of(&self, words: &KeptWords) -> impl Iterator<Item = (&str, u32)> {
        let of_words = self.readings.iter().skip(words.readings).take(words.count as usize);
        of_words.map(|reading| {
            (self.paths.get(reading.path as usize).map_or("", AsRef::as_ref), reading.value)
        })
    }

    fn subject_of(&self, subject: &KeptSubject) -> Subject<'_> {
        let mut texts = Texts { rest: self.texts.get(subject.start..).unwrap_or_default() };
        match subject.kind {
            SubjectKind::Resource { resource_type, id, arn, name, region } => Subject::Resource {
                resource_type: texts.next(resource_type),
                id: texts.next(id),
                arn: arn.map(|length| texts.next(length)),
                name: name.map(|length| texts.next(length)),
                region: texts.next(region),
            },
            SubjectKind::Region => Subject::Region,
            SubjectKind::Account => Subject::Account,
            SubjectKind::Unread { resource_type } => {
                Subject::Unread { resource_type: texts.next(resource_type) }
            }
        }
    }

    /// Where the subject is, which is added if the last one is another.
    fn subject(&mut self, subject: Subject<'_>) -> u32 {
        if self.subjects.last().is_none_or(|last| self.subject_of(last) != subject) {
            self.said.clear();
            let start = self.texts.len();
            let mut add = |text: &str| {
                self.texts.push_str(text);
                short(text.len())
            };
            let kind = match subject {
                Subject::Resource { resource_type, id, arn, name, region } => {
                    SubjectKind::Resource {
                        resource_type: add(resource_type),
                        id: add(id),
                        arn: arn.map(&mut add),
                        name: name.map(&mut add),
                        region: add(region),
                    }
                }
                Subject::Region => SubjectKind::Region,
                Subject::Account => SubjectKind::Account,
                Subject::Unread { resource_type } => {
                    SubjectKind::Unread { resource_type: add(resource_type) }
                }
            };
            self.subjects.push(KeptSubject { start, kind });
        }
        short(self.subjects.len() - 1)
    }

    /// Where what the result says is, which is added if nothing of its subject says it.
    fn words(&mut self, result: &EvaluationResult<'_>) -> u32 {
        let tag = result.owner_tag.tag().map(|tag| (tag.key, tag.value));
        let hash = FxBuildHasher.hash_one((result.message, tag, result.explanation));
        if let Some(place) = self.said.get(&hash)
            && self.says(*place, result, tag)
        {
            return *place;
        }
        let (start, readings) = (self.texts.len(), self.readings.len());
        self.texts.push_str(result.message);
        if let Some((key, value)) = tag {
            self.texts.push_str(key);
            self.texts.push_str(value);
        }
        for reading in result.explanation {
            let path = self.path(&reading.path);
            self.texts.push_str(&reading.value);
            self.readings.push(KeptReading { path, value: short(reading.value.len()) });
        }
        self.words.push(KeptWords {
            start,
            readings,
            count: short(result.explanation.len()),
            message: short(result.message.len()),
            owner_tag: tag.map(|(key, value)| (short(key.len()), short(value.len()))),
        });
        let place = short(self.words.len() - 1);
        self.said.insert(hash, place);
        place
    }

    /// Whether the words at this place are the result's.
    fn says(&self, place: u32, result: &EvaluationResult<'_>, tag: Option<(&str, &str)>) -> bool {
        let Some(words) = self.words.get(place as usize) else { return false };
        let mut texts = Texts { rest: self.texts.get(words.start..).unwrap_or_default() };
        let message = texts.next(words.message);
        let said = words.owner_tag.map(|(key, value)| (texts.next(key), texts.next(value)));
        let readings = self.readings_of(words).map(|(path, value)| (path, texts.next(value)));
        let wanted = result.explanation.iter().map(|it| (it.path.as_str(), it.value.as_str()));
        message == result.message && said == tag && readings.eq(wanted)
    }

    fn path(&mut self, path: &str) -> u32 {
        if let Some(known) = self.paths_by_text.get(path) {
            return *known;
        }
        let place = short(self.paths.len());
        let path: Arc<str> = path.into();
        self.paths.push(Arc::clone(&path));
        self.paths_by_text.insert(path, place);
        place
    }
}

/// What is counted here is less than 2^32: plans, results of an account, and the bytes of one text.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Texts that lie one after another.
#[derive(Clone, Copy)]
struct Texts<'t> {
    rest: &'t str,
}

impl<'t> Texts<'t> {
    fn next(&mut self, length: u32) -> &'t str {
        let (text, rest) = self.rest.split_at_checked(length as usize).unwrap_or_default();
        self.rest = rest;
        text
    }
}

/// An explanation that is unpacked, whose memory serves the next one.
#[derive(Default)]
struct Explanation {
    /// Of which words.
    words: Option<u32>,
    readings: Vec<FieldReading>,
    count: usize,
}

impl Explanation {
    fn read<'r>(
        &mut self,
        words: u32,
        readings: impl Iterator<Item = (&'r str, u32)>,
        mut texts: Texts<'_>,
    ) {
        if self.words.replace(words) == Some(words) {
            return;
        }
        self.count = 0;
        for (path, value) in readings {
            let value = texts.next(value);
            if let Some(spare) = self.readings.get_mut(self.count) {
                spare.path.clear();
                spare.path.push_str(path);
                spare.value.clear();
                spare.value.push_str(value);
            } else {
                self.readings.push(FieldReading { path: path.to_owned(), value: value.to_owned() });
            }
            self.count += 1;
        }
    }

    fn readings(&self) -> &[FieldReading] {
        self.readings.get(..self.count).unwrap_or_default()
    }
}

/// Packs what is delivered into another batch.
#[derive(Default)]
struct Packing {
    into: Batch,
    stage: Option<Stage>,
}

impl Results for Packing {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        match self.stage {
            Some(stage) => self.into.keep_of(stage, result),
            None => self.into.keep(result),
        }
    }

    fn stage(&mut self, stage: Stage) {
        self.stage = Some(stage);
    }
}

#[cfg(test)]
pub(super) mod tests;
