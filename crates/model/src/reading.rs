//! What is read of which type: projections and the places to decode, merged once before reading,
//! so that reading an item looks up nothing.

use rustc_hash::FxHashMap;

use super::ResourceType;
use super::documents::{self, Decoding, DocumentPlace};
use cel::{Projection, Step};

/// What is read of which type. Items of other types are checked and skipped.
#[derive(Debug)]
pub struct Reading {
    types: FxHashMap<Box<str>, TypeReader>,
    others: Option<TypeReader>,
}

impl Reading {
    /// Reads of each type the part of `resource` that its projection names. A type may be given
    /// several times: all that is asked for is read.
    pub fn new(types: impl IntoIterator<Item = (ResourceType, Projection)>) -> Self {
        let mut merged: FxHashMap<Box<str>, Projection> = FxHashMap::default();
        for (name, projection) in types {
            merged.entry(name.as_str().into()).or_insert(Projection::NOTHING).merge(&projection);
        }
        let types = merged
            .into_iter()
            .map(|(name, projection)| {
                let reader = TypeReader::compile(&name, &projection);
                (name, reader)
            })
            .collect();
        Self { types, others: None }
    }

    /// Reads every type whole.
    #[must_use]
    pub fn everything() -> Self {
        let types = documents::types()
            .map(|name| (name.into(), TypeReader::compile(name, &Projection::Whole)))
            .collect();
        Self { types, others: Some(TypeReader::compile("", &Projection::Whole)) }
    }

    /// Reads of every type only what every item has (its identity, status and time), and of some
    /// types more.
    pub fn heads_and(types: impl IntoIterator<Item = (ResourceType, Projection)>) -> Self {
        let others = Some(TypeReader::compile("", &Projection::NOTHING));
        Self { others, ..Self::new(types) }
    }

    /// How items of the type are read; nothing where they are skipped.
    pub(crate) fn of(&self, resource_type: &str) -> Option<&TypeReader> {
        self.types.get(resource_type).or(self.others.as_ref())
    }

    /// Whether items of the type are read.
    #[must_use]
    pub fn reads(&self, resource_type: &str) -> bool {
        self.of(resource_type).is_some()
    }
}

/// How items of one type are read: which fields of `resource` are built, and from what.
#[derive(Debug)]
pub(crate) struct TypeReader {
    pub(crate) scalars: Vec<Scalar>,
    pub(crate) tags: Option<ReadingNode>,
    pub(crate) configuration: Option<ReadingNode>,
    pub(crate) supplementary: Option<ReadingNode>,
    pub(crate) relationships: Option<ReadingNode>,
}

/// A field of `resource` that holds no tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    Id,
    Name,
    Type,
    Arn,
    AccountId,
    Region,
    CreationTime,
    CaptureTime,
}

impl Scalar {
    const ALL: [Self; 8] = [
        Self::Id,
        Self::Name,
        Self::Type,
        Self::Arn,
        Self::AccountId,
        Self::Region,
        Self::CreationTime,
        Self::CaptureTime,
    ];

    /// The field's name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Type => "type",
            Self::Arn => "arn",
            Self::AccountId => "accountId",
            Self::Region => "region",
            Self::CreationTime => "creationTime",
            Self::CaptureTime => "captureTime",
        }
    }
}

impl TypeReader {
    fn compile(resource_type: &str, projection: &Projection) -> Self {
        let places = documents::places(resource_type);
        let at = Position::root(&places);
        let tree =
            |name| projection.field(name).map(|part| ReadingNode::compile(part, &at.field(name)));
        let mut relationships = tree("relationships");
        if let Some(node) = &mut relationships {
            node.read_element_field_also_as("relationshipName", "name");
        }
        let scalars =
            Scalar::ALL.into_iter().filter(|scalar| projection.field(scalar.as_str()).is_some());
        Self {
            scalars: scalars.collect(),
            tags: tree("tags"),
            configuration: tree("configuration"),
            supplementary: tree("supplementaryConfiguration"),
            relationships,
        }
    }
}

/// How one value of a tree is read.
#[derive(Debug, Clone)]
pub(crate) struct ReadingNode {
    /// A map's fields that are read in a way of their own.
    fields: Vec<Field>,
    /// Whether a map's other fields are read whole or skipped.
    rest: bool,
    /// Whether users choose the map's keys, so that one in another letter case is another key.
    keys_are_chosen: bool,
    pub(crate) elements: Elements,
    pub(crate) decoding: Option<Decoding>,
}

/// How a list's elements are read.
#[derive(Debug, Clone)]
pub(crate) enum Elements {
    /// Not at all: the list is read as an empty one.
    Skipped,
    Whole,
    Each(Box<ReadingNode>),
}

/// How one field of a map is read.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    /// The name that the field has in the normal form, where it is another one.
    pub(crate) rename: Option<&'static str>,
    pub(crate) node: ReadingNode,
}

/// A value that is read whole, with nothing to decode.
static WHOLE: ReadingNode = ReadingNode {
    fields: Vec::new(),
    rest: true,
    keys_are_chosen: false,
    elements: Elements::Whole,
    decoding: None,
};

/// The fields, in lower case, whose maps have keys that users choose.
const CHOSEN_KEYS: [&str; 3] = ["tags", "labels", "variables"];

impl ReadingNode {
    /// What to do with a map's field of that name.
    pub(crate) fn field(&self, name: &str) -> Reads<'_> {
        match self.fields.iter().find(|field| field.name.as_ref() == name) {
            Some(field) => Reads::Field(field),
            None if self.rest => Reads::Whole(&WHOLE),
            None => match self.in_another_case(name) {
                Some(field) => Reads::InAnotherCase(field),
                None => Reads::Nothing,
            },
        }
    }

    /// The field that is meant by a name in another letter case. AWS spells some differently in older
    /// items and in items of other types; none of that is absence.
    fn in_another_case(&self, name: &str) -> Option<&Field> {
        let alike = |field: &&Field| field.name.eq_ignore_ascii_case(name);
        if self.keys_are_chosen { None } else { self.fields.iter().find(alike) }
    }

    /// How a list's elements are read; nothing where they are skipped.
    pub(crate) fn element(&self) -> Option<&Self> {
        match &self.elements {
            Elements::Skipped => None,
            Elements::Whole => Some(&WHOLE),
            Elements::Each(node) => Some(node),
        }
    }

    /// About how many fields a map that is read so will have.
    pub(crate) fn expected_fields(&self) -> usize {
        if self.rest { 8 } else { self.fields.len() }
    }

    fn compile(projection: &Projection, at: &Position<'_>) -> Self {
        if *projection == Projection::Whole && at.places.is_empty() {
            return WHOLE.clone();
        }
        let decoding = at.decoding();
        let mut node = Self {
            fields: Vec::new(),
            // Somebody iterates over it: see the projection's own rules for maps.
            rest: projection.element().is_some(),
            keys_are_chosen: at.has_chosen_keys,
            elements: match projection.element() {
                None => Elements::Skipped,
                Some(part) => Elements::Each(Box::new(Self::compile(part, &at.element()))),
            },
            decoding,
        };
        for name in names(projection, at) {
            if let Some(part) = projection.field(&name) {
                let child = Self::compile(part, &at.field(&name));
                node.fields.push(Field { name, rename: None, node: child });
            }
        }
        if decoding == Some(Decoding::Wrapped) {
            let inner = Self { decoding: None, ..node.clone() };
            node.fields.retain(|field| field.name.as_ref() != "value");
            node.fields.push(Field { name: "value".into(), rename: None, node: inner });
        }
        node.simplified()
    }

    /// Elements and fields that are read whole need no node of their own.
    fn simplified(mut self) -> Self {
        self.fields.retain(|field| !(self.rest && field.node.is_whole()));
        if matches!(&self.elements, Elements::Each(node) if node.is_whole()) {
            self.elements = Elements::Whole;
        }
        self
    }

    fn is_whole(&self) -> bool {
        let Self { fields, rest, keys_are_chosen: _, elements, decoding } = self;
        fields.is_empty() && *rest && matches!(elements, Elements::Whole) && decoding.is_none()
    }

    /// Reads of a list's elements the field `other` under the name `name`, if `name` is read.
    fn read_element_field_also_as(&mut self, other: &str, name: &'static str) {
        let Some(mut element) = self.element().cloned() else { return };
        let node = match element.field(name) {
            Reads::Nothing | Reads::InAnotherCase(_) => return,
            Reads::Whole(node) => node.clone(),
            Reads::Field(field) => field.node.clone(),
        };
        element.fields.push(Field { name: other.into(), rename: Some(name), node });
        self.elements = Elements::Each(Box::new(element));
    }
}

/// What is read of a map's field.
pub(crate) enum Reads<'n> {
    Nothing,
    /// What the field holds, unless it is there under its own name as well.
    InAnotherCase(&'n Field),
    Whole(&'n ReadingNode),
    Field(&'n Field),
}

/// The names of the fields that need a look of their own: those of the projection and of the
/// places to decode.
fn names(projection: &Projection, at: &Position<'_>) -> Vec<Box<str>> {
    let mut names: Vec<Box<str>> = at.fields().map(Into::into).collect();
    if let Projection::Part { fields, elements: None } = projection {
        names.extend(fields.iter().map(|(name, _)| name.clone()));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Where in the tree a node stands, as far as the places to decode are concerned.
struct Position<'p> {
    /// The places that begin with the steps taken so far.
    places: Vec<&'p DocumentPlace>,
    /// How many steps those are.
    depth: usize,
    /// Whether what stands here has keys that users choose.
    has_chosen_keys: bool,
}

impl<'p> Position<'p> {
    fn root(places: &'p [DocumentPlace]) -> Self {
        Self { places: places.iter().collect(), depth: 0, has_chosen_keys: false }
    }

    fn field(&self, name: &str) -> Self {
        let has_chosen_keys = CHOSEN_KEYS.iter().any(|chosen| chosen.eq_ignore_ascii_case(name));
        let taken = |step: &Step| matches!(step, Step::Field(field) if field.as_ref() == name);
        Self { has_chosen_keys, ..self.step(taken) }
    }

    fn element(&self) -> Self {
        self.step(|step| matches!(step, Step::Element))
    }

    fn step(&self, taken: impl Fn(&Step) -> bool) -> Self {
        let go_on = |place: &&&DocumentPlace| place.path.get(self.depth).is_some_and(&taken);
        Self {
            places: self.places.iter().filter(go_on).copied().collect(),
            depth: self.depth + 1,
            has_chosen_keys: false,
        }
    }

    /// What is done with the value that stands here.
    fn decoding(&self) -> Option<Decoding> {
        let here = self.places.iter().find(|place| place.path.len() == self.depth);
        here.map(|place| place.decoding)
    }

    /// The fields below which something is decoded.
    fn fields(&self) -> impl Iterator<Item = &'p str> {
        self.places.iter().filter_map(|place| match place.path.get(self.depth) {
            Some(Step::Field(name)) => Some(name.as_ref()),
            Some(Step::Element) | None => None,
        })
    }
}
