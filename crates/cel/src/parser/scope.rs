//! What a name stands for at a place of the source.

use crate::environment::Environment;
use crate::mistake::nearest;
use crate::syntax::NodeKind;

/// The names in scope: the environment's variables and the locals of the macros around.
pub(super) struct Scope<'e> {
    environment: &'e Environment,
    locals: Vec<Box<str>>,
    most: usize,
}

impl<'e> Scope<'e> {
    pub(super) fn new(environment: &'e Environment) -> Self {
        Self { environment, locals: Vec::new(), most: 0 }
    }

    /// The most locals that were in scope at once.
    pub(super) fn most(&self) -> u32 {
        narrow(self.most)
    }

    /// Brings a local into scope; it hides what had its name.
    pub(super) fn enter(&mut self, name: &str) -> u32 {
        self.locals.push(name.into());
        self.most = self.most.max(self.locals.len());
        narrow(self.locals.len() - 1)
    }

    /// Ends the scope of the last `count` locals.
    pub(super) fn leave(&mut self, count: usize) {
        self.locals.truncate(self.locals.len().saturating_sub(count));
    }

    /// The variable or local called `name`; with `is_root` (a leading dot), locals are not meant.
    pub(super) fn variable(&self, name: &str, is_root: bool) -> Option<NodeKind> {
        let local = self.locals.iter().rposition(|local| local.as_ref() == name);
        match local.filter(|_| !is_root) {
            Some(slot) => Some(NodeKind::Local(narrow(slot))),
            None => self.environment.slot(name).map(|slot| NodeKind::Variable(narrow(slot))),
        }
    }

    /// The local whose name is most like `name`.
    pub(super) fn nearest_local(&self, name: &str) -> Option<Box<str>> {
        nearest(name, self.locals.iter().map(AsRef::as_ref)).map(Into::into)
    }

    /// Whether a call of the dotted `name` means a function in a namespace.
    pub(super) fn is_namespaced(&self, name: &str) -> bool {
        name.rsplit_once('.').is_some_and(|(namespace, _)| self.environment.is_namespace(namespace))
    }
}

fn narrow(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
