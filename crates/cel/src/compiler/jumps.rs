//! Which failures go where, and shorter ways through chains of jumps.

use crate::program::Op;

/// Operations whose failures a handler takes up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    pub(super) first: u32,
    pub(super) last: u32,
    pub(super) handler: u32,
}

/// For each of `count` operations the handler of the innermost region around it. Regions lie
/// within each other or apart.
pub(super) fn guards(count: usize, mut regions: Vec<Region>) -> Vec<Option<u32>> {
    regions.sort_by_key(|region| (region.first, std::cmp::Reverse(region.last)));
    let mut regions = regions.into_iter().peekable();
    let mut around: Vec<Region> = Vec::new();
    let mut guards = Vec::with_capacity(count);
    for at in (0u32..).take(count) {
        while around.last().is_some_and(|region| region.last < at) {
            around.pop();
        }
        while let Some(region) = regions.next_if(|region| region.first == at) {
            around.push(region);
        }
        guards.push(around.last().map(|region| region.handler));
    }
    guards
}

/// Lets the jumps of `a && b && c` go to the end of the chain at once.
pub(super) fn shorten(ops: &mut [Op]) {
    for at in (0..ops.len()).rev() {
        let Some(Op::ShortCircuit(logic, target)) = ops.get(at).copied() else { continue };
        let further = match ops.get(target as usize) {
            Some(Op::ShortCircuit(next, further)) if *next == logic => *further,
            // What decides one operator decides nothing for the other.
            Some(Op::ShortCircuit(..)) => target + 1,
            _ => target,
        };
        if let Some(op) = ops.get_mut(at) {
            *op = Op::ShortCircuit(logic, further);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::Logic;

    #[test]
    fn the_innermost_region_handles_a_failure() {
        let region = |first, last, handler| Region { first, last, handler };
        let regions = vec![region(1, 2, 0), region(1, 5, 1), region(4, 4, 2)];
        let expected = vec![None, Some(0), Some(0), Some(1), Some(2), Some(1), None];
        assert_eq!(guards(7, regions), expected);
    }

    #[test]
    fn a_chain_of_one_operator_is_left_at_once() {
        let mut ops = [
            Op::ShortCircuit(Logic::And, 1),
            Op::ShortCircuit(Logic::And, 2),
            Op::ShortCircuit(Logic::Or, 4),
            Op::Not,
            Op::Not,
        ];
        shorten(&mut ops);
        assert!(matches!(ops[0], Op::ShortCircuit(Logic::And, 3)));
    }
}
