//! Which parts of its variables an expression reads.
//!
//! Goes once over the tree with a stack of the paths that each operand may stand for. What is
//! passed on in a way not followed here counts as read whole, so the result may be too much and
//! is never too little.

mod paths;

use rustc_hash::FxHashSet;

use super::constant::Constant;
use super::environment::Environment;
use super::syntax::{Binary, Form, Loop, Node, NodeKind, Tree};
use crate::{Projection, Step};

pub use paths::ReadPath;
use paths::{Parent, Paths};

/// The most paths that an operand is followed as.
const MAX_PATHS: usize = 8;

/// What an expression reads.
pub(super) struct Reads {
    /// By the variables' slots.
    pub(super) projections: Vec<Projection>,
    /// The paths of fields that are fixed.
    pub(super) paths: Vec<ReadPath>,
    /// The nodes that go over, search or measure what the expression elsewhere takes for a map: it
    /// looks it up by its own keys, as in `map.exists(key, map[key] == 1)`, or by the very key that
    /// is searched for, as in `"a" in map && map["a"] == 1`.
    pub(super) of_maps: Vec<usize>,
    /// Whether every operand was taken once.
    pub(super) is_sound: bool,
}

/// What `tree` reads.
pub(super) fn reads(tree: &Tree, environment: &Environment) -> Reads {
    let names: Vec<&str> = environment.names().collect();
    let mut reader = Reader::new(tree, names.len());
    for (at, node) in tree.nodes.iter().enumerate() {
        reader.node(at, node);
    }
    let result = reader.pop();
    reader.whole(&result.paths);
    let containers = reader.containers.iter();
    Reads {
        of_maps: containers.filter(|it| reader.is_map(it)).map(|it| it.node).collect(),
        is_sound: reader.is_sound && reader.stack.is_empty(),
        paths: reader.paths.fixed(&names),
        projections: reader.projections,
    }
}

struct Reader {
    paths: Paths,
    projections: Vec<Projection>,
    stack: Vec<Operand>,
    locals: Vec<Vec<u32>>,
    ranges: Vec<Vec<u32>>,
    /// What is gone over, searched or measured.
    containers: Vec<Container>,
    /// What is looked up by its own elements: by its keys, then.
    maps: FxHashSet<u32>,
    is_sound: bool,
}

/// What a node goes over, searches or measures.
struct Container {
    node: usize,
    paths: Vec<u32>,
    /// The text that it is searched for, where that is a literal.
    sought: Option<Box<str>>,
}

/// What an operand may stand for.
#[derive(Default)]
struct Operand {
    /// The paths that it may be the value of; what it is made of otherwise is counted already.
    paths: Vec<u32>,
    /// The text, where it is a literal.
    text: Option<Box<str>>,
}

impl Reader {
    fn new(tree: &Tree, variables: usize) -> Self {
        Self {
            paths: Paths::default(),
            projections: vec![Projection::NOTHING; variables],
            stack: Vec::new(),
            locals: vec![Vec::new(); tree.locals as usize],
            ranges: Vec::new(),
            containers: Vec::new(),
            maps: FxHashSet::default(),
            is_sound: true,
        }
    }

    fn node(&mut self, at: usize, node: &Node) {
        match &node.kind {
            NodeKind::Constant(Constant::String(text)) => {
                self.stack.push(Operand { paths: Vec::new(), text: Some(text.clone()) });
            }
            NodeKind::Constant(_) | NodeKind::Unknown { .. } => self.give(Vec::new()),
            NodeKind::Variable(slot) => {
                let root = self.paths.child(Parent::Variable(*slot), None);
                self.give(vec![root]);
            }
            NodeKind::Local(slot) => {
                let paths = self.locals.get(*slot as usize).cloned();
                self.is_sound &= paths.is_some();
                self.give(paths.unwrap_or_default());
            }
            NodeKind::Select { field, .. } => self.step(&Step::Field(field.clone())),
            NodeKind::Has(field) => {
                self.step(&Step::Field(field.clone()));
                let part = self.pop();
                self.part(&part.paths, &Projection::NOTHING);
                self.give(Vec::new());
            }
            NodeKind::Index { .. } => {
                let index = self.pop();
                self.whole(&index.paths);
                self.look_up(&index.paths);
                self.step(&index.text.map_or(Step::Element, Step::Field));
            }
            NodeKind::Conditional | NodeKind::OrElse { .. } => self.either(),
            NodeKind::Call { name, arguments, .. } => {
                if name.as_ref() == "size" {
                    self.contains(at, false);
                }
                self.call(name, *arguments as usize);
            }
            NodeKind::Enter(of) => self.enter(at, *of),
            NodeKind::Leave(of) => self.leave(*of),
            NodeKind::Bind(slot) | NodeKind::EnterOptional(slot) => {
                let value = self.pop();
                // Whether it is there decides something even where the local is never named.
                self.part(&value.paths, &Projection::NOTHING);
                self.bind(*slot, value.paths);
            }
            NodeKind::Not | NodeKind::Negate => self.consume(1),
            NodeKind::Binary(operator) => {
                if *operator == Binary::In {
                    self.contains(at, true);
                }
                self.consume(2);
            }
            NodeKind::Logic(_) => self.consume(2),
            NodeKind::List(flags) => self.consume(flags.len()),
            NodeKind::Map(flags) => self.consume(flags.len() * 2),
            NodeKind::Then | NodeKind::Keep => {
                let condition = self.pop();
                self.whole(&condition.paths);
            }
            NodeKind::Else
            | NodeKind::BetweenLogic(_)
            | NodeKind::BetweenOrElse { .. }
            | NodeKind::LeaveOptional { .. }
            | NodeKind::Unbind => {}
        }
    }

    fn pop(&mut self) -> Operand {
        self.is_sound &= !self.stack.is_empty();
        self.stack.pop().unwrap_or_default()
    }

    /// Notes that the operand given last is searched or measured.
    fn contains(&mut self, node: usize, is_search: bool) {
        let mut operands = self.stack.iter().rev();
        // Where there is none, taking it shows that the tree is not sound.
        let Some(paths) = operands.next().map(|operand| operand.paths.clone()) else { return };
        let sought = operands.next().filter(|_| is_search).and_then(|it| it.text.clone());
        self.containers.push(Container { node, paths, sought });
    }

    fn is_map(&self, container: &Container) -> bool {
        let sought = container.sought.as_ref().map(|text| Step::Field(text.clone()));
        container.paths.iter().any(|path| {
            let is_read = |field: &Step| self.paths.has_child(*path, field);
            self.maps.contains(path) || sought.as_ref().is_some_and(is_read)
        })
    }

    /// Notes what is looked up by the elements of itself.
    fn look_up(&mut self, index: &[u32]) {
        let Some(operand) = self.stack.last() else { return }; // the step that follows misses it
        let of = index.iter().filter_map(|path| self.paths.elements_of(*path));
        self.maps.extend(of.filter(|of| operand.paths.contains(of)));
    }

    fn give(&mut self, paths: Vec<u32>) {
        self.stack.push(Operand { paths, text: None });
    }

    fn bind(&mut self, slot: u32, paths: Vec<u32>) {
        match self.locals.get_mut(slot as usize) {
            Some(local) => *local = paths,
            None => self.is_sound = false,
        }
    }

    /// Takes `count` operands that are read whole, gives a value made of them.
    fn consume(&mut self, count: usize) {
        for _ in 0..count {
            let operand = self.pop();
            self.whole(&operand.paths);
        }
        self.give(Vec::new());
    }

    fn step(&mut self, step: &Step) {
        let operand = self.pop();
        let paths = self.children(&operand.paths, step);
        self.give(paths);
    }

    fn children(&mut self, paths: &[u32], step: &Step) -> Vec<u32> {
        paths.iter().map(|path| self.paths.child(Parent::Path(*path), Some(step))).collect()
    }

    fn whole(&mut self, paths: &[u32]) {
        self.part(paths, &Projection::Whole);
    }

    fn part(&mut self, paths: &[u32], part: &Projection) {
        for path in paths {
            let (slot, steps, is_cut) = self.paths.steps(*path);
            match self.projections.get_mut(slot) {
                Some(projection) => {
                    projection.merge_at(&steps, if is_cut { &Projection::Whole } else { part });
                }
                None => self.is_sound = false,
            }
        }
    }

    /// Takes two operands, gives one that may be either.
    fn either(&mut self) {
        let mut paths = self.pop().paths;
        for path in self.pop().paths {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        if paths.len() > MAX_PATHS {
            self.whole(&paths);
            paths.clear();
        }
        self.give(paths);
    }

    /// Functions that read less than all of an argument, or give it back; all others read all.
    fn call(&mut self, name: &str, arguments: usize) {
        if arguments != 1 {
            return self.consume(arguments);
        }
        match name {
            "size" => {
                self.step(&Step::Element);
                let elements = self.pop();
                self.part(&elements.paths, &Projection::NOTHING);
                self.give(Vec::new());
            }
            "type" | "hasValue" => {
                let argument = self.pop();
                self.part(&argument.paths, &Projection::NOTHING);
                self.give(Vec::new());
            }
            "dyn" | "value" | "optional.of" => {}
            _ => self.consume(1),
        }
    }

    fn enter(&mut self, at: usize, of: Loop) {
        let range = self.pop().paths;
        if of.second.is_none() {
            let paths = range.clone();
            self.containers.push(Container { node: at, paths, sought: None });
        }
        let elements = self.children(&range, &Step::Element);
        self.part(&elements, &Projection::NOTHING);
        if let Some(second) = of.second {
            self.bind(of.first, Vec::new());
            self.bind(second, elements);
        } else {
            self.bind(of.first, elements);
        }
        self.ranges.push(range);
    }

    fn leave(&mut self, of: Loop) {
        let body = self.pop();
        self.whole(&body.paths);
        self.is_sound &= !self.ranges.is_empty();
        let range = self.ranges.pop().unwrap_or_default();
        // The elements that a filter keeps, and those that are sorted, are those of the range.
        let same = matches!(of.form, Form::Filter | Form::Sorted);
        self.give(if same { range } else { Vec::new() });
    }
}
