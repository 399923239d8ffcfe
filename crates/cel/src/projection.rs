//! Which part of a tree is read, so that the rest is skipped while parsing.

/// The part of a value that a reader needs.
///
/// A scalar is always kept. A map keeps the fields named, or all of them whole where
/// `elements` is set (somebody iterates over it and it may be a list or a map). A list keeps its
/// elements, each projected by `elements`, and is kept empty without it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Projection {
    /// The whole value.
    Whole,
    /// Some of it.
    Part {
        /// What is kept of a map, sorted by name.
        fields: Vec<(Box<str>, Projection)>,
        /// What is kept of a list's elements.
        elements: Option<Box<Projection>>,
    },
}

/// One step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A map's field.
    Field(Box<str>),
    /// Any element of a list.
    Element,
}

impl Projection {
    /// Only that the value is there, and its value if it is a scalar.
    pub const NOTHING: Self = Self::Part { fields: Vec::new(), elements: None };

    /// Adds the whole of what stands at `path`.
    pub fn add(&mut self, path: &[Step]) {
        self.merge_at(path, &Self::Whole);
    }

    /// Adds `part` at `path`.
    pub fn merge_at(&mut self, path: &[Step], part: &Self) {
        let Self::Part { fields, elements } = self else { return };
        let Some((step, rest)) = path.split_first() else {
            self.merge(part);
            return;
        };
        let child = match step {
            Step::Field(name) => field_mut(fields, name),
            Step::Element => elements.get_or_insert_with(|| Box::new(Self::NOTHING)),
        };
        child.merge_at(rest, part);
    }

    /// Adds all that `other` keeps.
    pub fn merge(&mut self, other: &Self) {
        let Self::Part { fields, elements } = self else { return };
        let Self::Part { fields: other_fields, elements: other_elements } = other else {
            *self = Self::Whole;
            return;
        };
        for (name, part) in other_fields {
            field_mut(fields, name).merge(part);
        }
        if let Some(part) = other_elements {
            elements.get_or_insert_with(|| Box::new(Self::NOTHING)).merge(part);
        }
    }

    /// What is kept of the field `name`; nothing where it is skipped.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Whole | Self::Part { elements: Some(_), .. } => Some(&Self::Whole),
            Self::Part { fields, elements: None } => fields
                .binary_search_by(|(key, _)| key.as_ref().cmp(name))
                .ok()
                .and_then(|at| fields.get(at))
                .map(|(_, part)| part),
        }
    }

    /// What is kept of a list's elements; nothing where they are skipped.
    #[must_use]
    pub fn element(&self) -> Option<&Self> {
        match self {
            Self::Whole => Some(&Self::Whole),
            Self::Part { elements, .. } => elements.as_deref(),
        }
    }
}

fn field_mut<'f>(fields: &'f mut Vec<(Box<str>, Projection)>, name: &str) -> &'f mut Projection {
    let at = match fields.binary_search_by(|(key, _)| key.as_ref().cmp(name)) {
        Ok(at) => at,
        Err(at) => {
            fields.insert(at, (name.into(), Projection::NOTHING));
            at
        }
    };
    #[allow(clippy::indexing_slicing)] // `at` was just found or inserted
    &mut fields[at].1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<Step> {
        text.split('.')
            .map(|step| if step == "*" { Step::Element } else { Step::Field(step.into()) })
            .collect()
    }

    #[test]
    fn merging_keeps_what_either_reads() {
        let mut projection = Projection::NOTHING;
        projection.add(&path("configuration.a.*.b"));
        projection.add(&path("configuration.c"));
        let configuration = projection.field("configuration").unwrap();
        assert_eq!(configuration.field("c"), Some(&Projection::Whole));
        assert_eq!(configuration.field("d"), None);
        let element = configuration.field("a").unwrap().element().unwrap();
        assert_eq!(element.field("b"), Some(&Projection::Whole));
        assert_eq!(element.field("x"), None);
    }

    #[test]
    fn the_whole_swallows_its_parts() {
        let mut projection = Projection::NOTHING;
        projection.add(&path("a.b"));
        projection.add(&path("a"));
        projection.add(&path("a.c"));
        assert_eq!(projection.field("a"), Some(&Projection::Whole));
    }
}
