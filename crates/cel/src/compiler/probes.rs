//! Where the branches of a program are counted.

use super::{Compiler, Op, push};
use crate::branches::{Probe, ProbeKind, Purpose, gives, turns_on};
use crate::mistake::Span;
use crate::syntax::Node;

impl Compiler {
    /// Counts the branches of the operand given last where the node at this place turns on it.
    pub(super) fn probe_before(&mut self, nodes: &[Node], at: usize, purpose: Purpose) {
        if let Some((kind, span)) = turns_on(nodes, at, purpose) {
            self.probe(span, kind);
        }
    }

    /// Counts what the whole gives.
    pub(super) fn probe_result(&mut self, nodes: &[Node]) {
        let last = nodes.len().saturating_sub(1);
        if let Some((kind, span)) = gives(nodes, last, ProbeKind::Condition) {
            self.probe(span, kind);
        }
    }

    /// Counts the branches of the operand given last, unless it is the same at every run.
    fn probe(&mut self, span: Span, kind: ProbeKind) {
        let last = self.starts.len().checked_sub(1);
        if last.is_none_or(|last| self.constant_operand(last).is_none()) {
            let probe = push(&mut self.probes, Probe::new(span, kind));
            self.emit(Op::Probe(probe));
        }
    }
}
