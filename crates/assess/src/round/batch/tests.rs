use super::*;

/// One result, of a plan, that says this.
pub(in crate::round) fn one(plan: usize, message: &str) -> Batch {
    let mut batch = Batch::default();
    batch.keep(&EvaluationResult {
        plan,
        target: 0,
        control: 0,
        subject: Subject::Region,
        verdict: Verdict::NonCompliant,
        message,
        explanation: &[],
        exemption: None,
        owner_tag: OwnerTagPlace::NONE,
    });
    batch
}

/// A result with texts of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OwnedResult {
    stage: Option<Stage>,
    numbers: (usize, usize, usize, Option<usize>),
    subject: Vec<Option<String>>,
    verdict: Verdict,
    message: String,
    explanation: Vec<FieldReading>,
    tag: Option<(String, String)>,
}

impl OwnedResult {
    /// One of many: subjects and words come again, others are alike but for one part.
    fn made(number: usize) -> Self {
        let text = |what: &str, of: usize| format!("{what}-{of}-ü");
        let item = number / 7;
        let reading = |of: usize| FieldReading {
            path: text("resource.path", of % 5),
            value: text("value", of % 3),
        };
        let subject = match item % 5 {
            0 => vec![None],
            1 => vec![None, None],
            2 => vec![Some(text("type", item))],
            _ => vec![
                Some(text("type", item % 3)),
                Some(text("id", item)),
                item.is_multiple_of(2).then(|| text("arn", item)),
                item.is_multiple_of(3).then(String::new),
                Some("eu-west-1".to_owned()),
            ],
        };
        Self {
            stage: [Some(Stage::Together), Some(Stage::Item(item as u64))]
                [usize::from(!item.is_multiple_of(4))],
            numbers: (number % 4, item % 2, number % 6, number.is_multiple_of(9).then_some(number)),
            subject,
            verdict: if number.is_multiple_of(8) {
                Verdict::Compliant
            } else {
                Verdict::NonCompliant
            },
            message: text("message", number % 2),
            explanation: (0..number % 4).map(reading).collect(),
            tag: number.is_multiple_of(3).then(|| (text("team", number % 2), text("a", item))),
        }
    }

    fn subject(&self) -> Subject<'_> {
        match &self.subject[..] {
            [None] => Subject::Region,
            [None, None] => Subject::Account,
            [Some(resource_type)] => Subject::Unread { resource_type },
            [Some(resource_type), Some(id), arn, name, Some(region)] => Subject::Resource {
                resource_type,
                id,
                arn: arn.as_deref(),
                name: name.as_deref(),
                region,
            },
            other => panic!("{other:?}"),
        }
    }

    fn report(&self, take: impl FnOnce(&EvaluationResult<'_>)) {
        let (plan, target, control, exemption) = self.numbers;
        let tag = self.tag.as_ref().map(|(key, value)| OwnerTag { key, value });
        take(&EvaluationResult {
            plan,
            target,
            control,
            subject: self.subject(),
            verdict: self.verdict,
            message: &self.message,
            explanation: &self.explanation,
            exemption,
            owner_tag: OwnerTagPlace::found(tag),
        });
    }
}

/// Takes what is delivered.
#[derive(Default)]
struct Heard {
    stage: Option<Stage>,
    samples: Vec<OwnedResult>,
}

impl Results for Heard {
    fn result(&mut self, result: &EvaluationResult<'_>) {
        let own = |text: &str| Some(text.to_owned());
        self.samples.push(OwnedResult {
            stage: self.stage,
            numbers: (result.plan, result.target, result.control, result.exemption),
            subject: match result.subject {
                Subject::Region => vec![None],
                Subject::Account => vec![None, None],
                Subject::Unread { resource_type } => vec![own(resource_type)],
                Subject::Resource { resource_type, id, arn, name, region } => {
                    vec![
                        own(resource_type),
                        own(id),
                        arn.and_then(own),
                        name.and_then(own),
                        own(region),
                    ]
                }
            },
            verdict: result.verdict,
            message: result.message.to_owned(),
            explanation: result.explanation.to_vec(),
            tag: result.owner_tag.tag().map(|tag| (tag.key.to_owned(), tag.value.to_owned())),
        });
    }

    fn stage(&mut self, stage: Stage) {
        self.stage = Some(stage);
    }
}

fn heard(batch: &Batch) -> Vec<OwnedResult> {
    let mut heard = Heard::default();
    batch.deliver(&mut heard);
    heard.samples
}

fn packed(samples: &[OwnedResult]) -> Batch {
    let mut batch = Batch::default();
    for one in samples {
        one.report(|result| batch.keep_of(one.stage.unwrap(), result));
    }
    batch
}

#[test]
fn what_is_delivered_is_what_was_kept() {
    let samples: Vec<OwnedResult> = (0..2_000).map(OwnedResult::made).collect();
    let batch = packed(&samples);
    assert!(batch.words.len() < samples.len(), "what is said alike is there once");
    assert_eq!(heard(&batch), samples);
}

#[test]
fn what_is_forgotten_is_not_delivered_and_its_place_is_used_again() {
    let samples: Vec<OwnedResult> = (0..2_000).map(OwnedResult::made).collect();
    let mut batch = packed(&samples);
    let before = batch.texts.len();
    let is_useless = |modulus: u64| {
        move |stage: Stage, plan: usize, _: usize| match stage {
            Stage::Item(item) => item % modulus != 0,
            Stage::Joined(_) | Stage::Together => plan == 0,
            Stage::Always => true,
        }
    };
    for modulus in [50, 3] {
        batch.forget(is_useless(modulus));
        let is_kept = |it: &&OwnedResult| {
            let is_useless = is_useless(50)(it.stage.unwrap(), it.numbers.0, 0)
                || modulus == 3 && is_useless(3)(it.stage.unwrap(), it.numbers.0, 0);
            !is_useless
        };
        let kept: Vec<OwnedResult> = samples.iter().filter(is_kept).cloned().collect();
        assert!(!kept.is_empty());
        assert_eq!(heard(&batch), kept);
    }
    assert!(batch.texts.len() < before / 2, "{} of {before}", batch.texts.len());
}

#[test]
fn results_of_one_subject_that_say_the_same_take_little() {
    let mut batch = Batch::default();
    for item in 0..1_000 {
        let sample = OwnedResult { numbers: (0, 0, 0, None), ..OwnedResult::made(item * 7 + 26) };
        for plan in 0..10 {
            let sample = OwnedResult { numbers: (plan, 0, 0, None), ..sample.clone() };
            sample.report(|result| batch.keep_of(Stage::Item(item as u64), result));
        }
    }
    let taken = batch.results.capacity() * size_of::<KeptResult>()
        + batch.subjects.capacity() * size_of::<KeptSubject>()
        + batch.words.capacity() * size_of::<KeptWords>()
        + batch.readings.capacity() * size_of::<KeptReading>()
        + batch.stages.capacity() * size_of::<(usize, Stage)>()
        + batch.texts.capacity();
    assert!(taken < 10_000 * 100, "{} bytes each", taken / 10_000);
}
