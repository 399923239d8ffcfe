//! The paths that lead from variables to what an expression reads of them.

use std::fmt;

use rustc_hash::FxHashMap;

use crate::program::Bindings;
use crate::{Step, Value};

/// The deepest path that is distinguished; deeper ones count as their ancestor at this depth.
const MAX_DEPTH: usize = 32;
/// The most paths of fixed fields that are given.
const MAX_FIXED: usize = 64;

/// A field that an expression reads: a variable and the names that lead from it to the field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReadPath {
    slot: usize,
    variable: Box<str>,
    fields: Box<[Box<str>]>,
}

impl ReadPath {
    /// The field's value; nothing where it is absent.
    #[must_use]
    pub fn value<'a>(&self, bindings: &Bindings<'_, 'a>) -> Option<Value<'a>> {
        let variable = (*bindings.values.get(self.slot)?)?;
        self.fields.iter().try_fold(variable, |value, field| value.get(field))
    }
}

impl fmt::Display for ReadPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.variable)?;
        for field in &self.fields {
            let is_name = field.chars().all(crate::lexer::is_name_part)
                && !field.starts_with(|first: char| first.is_ascii_digit());
            if is_name && !field.is_empty() {
                write!(formatter, ".{field}")?;
            } else {
                write!(formatter, "[{field:?}]")?;
            }
        }
        Ok(())
    }
}

/// All paths met, each once, by numbers.
#[derive(Default)]
pub(super) struct Paths {
    nodes: Vec<(Parent, Option<Step>)>,
    numbers: FxHashMap<(Parent, Option<Step>), u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Parent {
    Variable(u32),
    Path(u32),
}

impl Paths {
    pub(super) fn child(&mut self, parent: Parent, step: Option<&Step>) -> u32 {
        let node = (parent, step.cloned());
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        *self.numbers.entry(node).or_insert_with_key(|node| {
            self.nodes.push(node.clone());
            next
        })
    }

    /// Whether this field of a path is read.
    pub(super) fn has_child(&self, of: u32, field: &Step) -> bool {
        self.numbers.contains_key(&(Parent::Path(of), Some(field.clone())))
    }

    /// The path whose elements this one stands for.
    pub(super) fn elements_of(&self, path: u32) -> Option<u32> {
        match self.nodes.get(path as usize)? {
            (Parent::Path(of), Some(Step::Element)) => Some(*of),
            _ => None,
        }
    }

    /// The variable's slot, the steps from it, and whether steps beyond the deepest were cut.
    pub(super) fn steps(&self, path: u32) -> (usize, Vec<Step>, bool) {
        let (slot, mut steps) = self.all_steps(path);
        let is_cut = steps.len() > MAX_DEPTH;
        steps.truncate(MAX_DEPTH);
        (slot, steps, is_cut)
    }

    fn all_steps(&self, mut path: u32) -> (usize, Vec<Step>) {
        let mut steps = Vec::new();
        while let Some((parent, step)) = self.nodes.get(path as usize) {
            steps.extend(step.clone());
            match parent {
                Parent::Path(parent) => path = *parent,
                Parent::Variable(slot) => {
                    steps.reverse();
                    return (*slot as usize, steps);
                }
            }
        }
        (usize::MAX, steps)
    }

    /// The paths that are made of fields alone and go on to no further field.
    pub(super) fn fixed(&self, variables: &[&str]) -> Vec<ReadPath> {
        let is_field = |step: &Option<Step>| !matches!(step, Some(Step::Element));
        let mut is_fixed: Vec<bool> = Vec::with_capacity(self.nodes.len());
        let mut goes_on = vec![false; self.nodes.len()];
        for (parent, step) in &self.nodes {
            let fixed = match parent {
                Parent::Variable(_) => true,
                Parent::Path(parent) => {
                    let parent = *parent as usize;
                    let fixed = is_field(step) && is_fixed.get(parent).is_some_and(|fixed| *fixed);
                    if let Some(goes_on) = goes_on.get_mut(parent) {
                        *goes_on |= fixed;
                    }
                    fixed
                }
            };
            is_fixed.push(fixed);
        }
        (0u32..)
            .zip(is_fixed.iter().zip(&goes_on))
            .filter(|(_, (fixed, goes_on))| **fixed && !**goes_on)
            .filter_map(|(path, _)| self.read_path(path, variables))
            .filter(|path| path.fields.len() <= MAX_DEPTH)
            .take(MAX_FIXED)
            .collect()
    }

    fn read_path(&self, path: u32, variables: &[&str]) -> Option<ReadPath> {
        let (slot, steps) = self.all_steps(path);
        let fields = steps.into_iter().filter_map(|step| match step {
            Step::Field(name) => Some(name),
            Step::Element => None,
        });
        let variable = (*variables.get(slot)?).into();
        Some(ReadPath { slot, variable, fields: fields.collect() })
    }
}
