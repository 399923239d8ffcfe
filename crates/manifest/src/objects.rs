//! Objects of every kind, read from files with the place of every mistake.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::belonging::{Belonging, belonging, nobodys};
use super::files::{Excluded, object_files};
use super::{lists, rules};
use crate::document::{self, Diagnostic, Located, Node, SourceFile};
use api::DEFAULT_NAMESPACE;
use api::{
    API_VERSION, Attestation, AwsAccount, AwsOrganization, Control, ControlTest, Exemption,
    FieldPath, Kind, ObjectKey, Pack, SecurityBaseline, closest,
};

/// The kinds, and what to call their objects.
const COUNTED: [(Kind, &str); 9] = [
    (Kind::SecurityBaseline, "baseline"),
    (Kind::AwsAccount, "account"),
    (Kind::AwsOrganization, "organization"),
    (Kind::Control, "control"),
    (Kind::Pack, "pack"),
    (Kind::Exemption, "exemption"),
    (Kind::Attestation, "attestation"),
    (Kind::ControlTest, "control test"),
    (Kind::BaselineReport, "report"),
];

/// Everything that files say, each object with its place.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)] // each holds the objects of the kind that it is named for
pub struct Objects {
    pub baselines: Vec<Located<SecurityBaseline>>,
    pub accounts: Vec<Located<AwsAccount>>,
    pub organizations: Vec<Located<AwsOrganization>>,
    pub controls: Vec<Located<Control>>,
    pub packs: Vec<Located<Pack>>,
    pub exemptions: Vec<Located<Exemption>>,
    pub attestations: Vec<Located<Attestation>>,
    pub control_tests: Vec<Located<ControlTest>>,
    /// Objects that are there and could not be read. Whoever names one does not hear that it is
    /// missing.
    pub broken: BTreeSet<ObjectKey>,
    /// Every object that is there, sound or broken.
    seen: BTreeSet<ObjectKey>,
    /// How many files were read.
    pub files: usize,
    /// How many objects of other API groups were passed over.
    pub others: usize,
    /// How many files contained nothing: emptied, or only comments.
    pub empty_files: usize,
    /// What was passed over that is no object of Kubernetes, and files that hold nothing.
    pub passed_over: Vec<Diagnostic>,
    /// Paths that were named and could not be read.
    pub unreadable: Vec<PathBuf>,
}

/// Reads a file, or the YAML files of a folder and those below it, in the order of their names.
///
/// Files may hold several objects, lists of objects, and other objects of Kubernetes, which are
/// passed over. What a folder holds besides (snapshots, hidden files) is passed over too.
pub fn load_folder(path: &Path) -> (Objects, Vec<Diagnostic>) {
    load_paths([path])
}

/// Reads several files and folders. `-` is standard input.
pub fn load_paths<'p>(paths: impl IntoIterator<Item = &'p Path>) -> (Objects, Vec<Diagnostic>) {
    load_paths_without(paths, &Excluded::default())
}

/// Reads several files and folders, but not what is excluded.
pub fn load_paths_without<'p>(
    paths: impl IntoIterator<Item = &'p Path>,
    excluded: &Excluded,
) -> (Objects, Vec<Diagnostic>) {
    let (mut objects, mut mistakes) = (Objects::default(), Vec::new());
    for path in paths {
        let (files, unreadable) = object_files(path, excluded);
        if files.is_empty() && unreadable.is_empty() {
            objects.passed_over.push(Diagnostic {
                file: SourceFile::new(path, ""),
                range: 0..0,
                message: "the folder contains no YAML file".to_owned(),
                help: None,
            });
        }
        let named = !path.is_dir();
        if named && !unreadable.is_empty() {
            objects.unreadable.push(path.to_owned());
        }
        objects.files += unreadable.iter().filter(|it| it.file.path().is_file()).count();
        mistakes.extend(unreadable);
        for file in files {
            let passed_over = objects.passed_over.len();
            mistakes.extend(objects.add(&file));
            if named && !objects.holds_something_of(&file) {
                // Whoever names a file means it to hold something.
                mistakes.extend(objects.passed_over.drain(passed_over..));
            }
        }
    }
    (objects, mistakes)
}

impl Objects {
    /// Adds the objects of a file, and says what is wrong with them.
    pub fn add(&mut self, file: &SourceFile) -> Vec<Diagnostic> {
        let document::Read { documents, mistakes: broken, tagged } =
            document::read_with_tags(file.text());
        let mut mistakes: Vec<Diagnostic> =
            broken.into_iter().map(|mistake| mistake.in_file(file)).collect();
        let mut nodes = Vec::new();
        for document in documents {
            if document.content != document::Content::Null {
                lists::objects_of(file, document, &mut nodes, &mut mistakes);
            }
        }
        self.files += 1;
        if nodes.is_empty() && mistakes.is_empty() {
            self.empty_files += 1;
            let message = "the file contains no object".to_owned();
            self.passed_over.push(Diagnostic {
                file: file.clone(),
                range: 0..0,
                message,
                help: None,
            });
        }
        for node in nodes {
            if belonging(&node) == Belonging::Ours {
                let within = tagged.iter().filter(|tag| node.range.contains(&tag.range.start));
                mistakes.extend(within.map(|tag| tag.clone().in_file(file)));
            }
            self.add_object(file, node, &mut mistakes);
        }
        mistakes
    }

    fn add_object(&mut self, file: &SourceFile, node: Node, mistakes: &mut Vec<Diagnostic>) {
        match belonging(&node) {
            Belonging::Ours => {}
            Belonging::Others => {
                self.others += 1;
                return;
            }
            Belonging::Nobodys => {
                self.passed_over.push(nobodys(file, &node));
                return;
            }
        }
        let kind = text(&node, &["kind"]);
        let (Some(key), Some(schema)) = (key_of(&node), document::of_kind(kind)) else {
            mistakes.push(unknown_kind(file, &node, kind));
            return;
        };
        let document::Checked { mistakes: mut misfits, rules } = document::check(&node, schema);
        misfits.extend(rules.iter().filter_map(rules::broken));
        misfits.extend(namespace_of_none(&node, key.kind));
        let fits = misfits.is_empty();
        mistakes.extend(misfits.into_iter().map(|mistake| mistake.in_file(file)));
        let name = node.place(&FieldPath::default().field("metadata").field("name"));
        if let Err(error) = self.put(&key, file, node) {
            // Where it does not fit the schema, that has said why, and better.
            mistakes.extend(fits.then(|| Diagnostic {
                file: file.clone(),
                range: name.clone(),
                message: error.to_string(),
                help: None,
            }));
            self.broken.insert(key.clone());
        }
        if !self.seen.insert(key.clone()) {
            let message = format!("there is another {key}");
            let help = Some("give it another name, or remove one of the two".to_owned());
            mistakes.push(Diagnostic { file: file.clone(), range: name, message, help });
        }
    }

    /// Whether nothing of Plumbline's was found, sound or broken.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Whether an `AwsAccount` was found, sound or broken.
    pub fn names_accounts(&self) -> bool {
        self.seen.iter().any(|key| key.kind == Kind::AwsAccount)
    }

    /// How many objects there are of each kind of which there are any: `(baseline, 2)`.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, usize)> {
        COUNTED.into_iter().filter_map(|(kind, called)| {
            let count = self.seen.iter().filter(|key| key.kind == kind).count();
            (count > 0).then_some((called, count))
        })
    }

    /// Whether the file holds an object, of whomever.
    fn holds_something_of(&self, file: &SourceFile) -> bool {
        !self.passed_over.iter().any(|passed_over| passed_over.file == *file)
    }

    fn put(&mut self, key: &ObjectKey, file: &SourceFile, node: Node) -> serde_json::Result<()> {
        match key.kind {
            Kind::SecurityBaseline => put(&mut self.baselines, key, file, node),
            Kind::AwsAccount => put(&mut self.accounts, key, file, node),
            Kind::AwsOrganization => put(&mut self.organizations, key, file, node),
            Kind::Control => put(&mut self.controls, key, file, node),
            Kind::Pack => put(&mut self.packs, key, file, node),
            Kind::Exemption => put(&mut self.exemptions, key, file, node),
            Kind::Attestation => put(&mut self.attestations, key, file, node),
            Kind::ControlTest => put(&mut self.control_tests, key, file, node),
            // Only Plumbline writes reports; one in a file says nothing.
            Kind::BaselineReport => Ok(()),
        }
    }
}

/// A namespace where the kind belongs to the whole cluster.
fn namespace_of_none(node: &Node, kind: Kind) -> Option<document::Mistake> {
    let given = text(node, &["metadata", "namespace"]);
    if given.is_empty() || kind.is_namespaced() || kind == Kind::ControlTest {
        return None;
    }
    let path = FieldPath::default().field("metadata").field("namespace");
    Some(document::Mistake {
        range: node.place(&path),
        message: format!("{kind} is cluster-wide and has no namespace"),
        help: Some("remove `namespace`".to_owned()),
    })
}

fn put<T: DeserializeOwned>(
    objects: &mut Vec<Located<T>>,
    key: &ObjectKey,
    file: &SourceFile,
    node: Node,
) -> serde_json::Result<()> {
    let mut json = node.to_json();
    let metadata = json.get_mut("metadata").and_then(Value::as_object_mut);
    if let (Some(namespace), Some(metadata)) = (&key.namespace, metadata) {
        metadata.insert("namespace".to_owned(), Value::String(namespace.clone()));
    }
    let object = serde_json::from_value(json)?;
    objects.push(Located { object, file: file.clone(), node });
    Ok(())
}

/// The object's key, with the default namespace where it names none; nothing where its kind is not
/// one of Plumbline's.
fn key_of(node: &Node) -> Option<ObjectKey> {
    let kind = Kind::of(text(node, &["kind"]))?;
    let namespace = match text(node, &["metadata", "namespace"]) {
        _ if !kind.is_namespaced() => None,
        "" => Some(DEFAULT_NAMESPACE.to_owned()),
        namespace => Some(namespace.to_owned()),
    };
    let name = text(node, &["metadata", "name"]).to_owned();
    Some(ObjectKey { kind, namespace, name })
}

/// The text at the end of the fields; empty where there is none.
pub(super) fn text<'n>(node: &'n Node, fields: &[&str]) -> &'n str {
    let found = fields.iter().try_fold(node, |node, field| node.get(field));
    found.and_then(Node::text).unwrap_or_default()
}

fn unknown_kind(file: &SourceFile, node: &Node, kind: &str) -> Diagnostic {
    let (message, help) = if kind.is_empty() {
        let help = format!("begin each object with `apiVersion: {API_VERSION}` and its kind");
        ("apiVersion and kind are missing".to_owned(), help)
    } else {
        let help = match closest(kind, document::kinds()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("the kinds are {}", document::kinds().collect::<Vec<_>>().join(", ")),
        };
        (format!("there is no kind `{kind}`"), help)
    };
    let range = match node.entry("kind") {
        Some(entry) => entry.value.range.clone(),
        None => node.summary_range(),
    };
    Diagnostic { file: file.clone(), range, message, help: Some(help) }
}
