//! Regular expressions that are known only at run time, kept from run to run.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::pattern::{Pattern, compile_price};
use crate::signature::{Failure, Fuel};

/// The most expressions that a machine keeps.
const CAPACITY: usize = 64;

/// A bounded cache. A run pays the compiling of each expression that it uses, whether the cache
/// had it or not, so that a run's fuel never depends on the runs before.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    kept: FxHashMap<Box<str>, KeptPattern>,
    run: u64,
}

#[derive(Debug)]
struct KeptPattern {
    pattern: Result<Arc<Pattern>, Box<str>>,
    /// The last run that used it.
    run: u64,
}

impl Patterns {
    /// Begins the next run.
    pub(super) fn next_run(&mut self) {
        self.run += 1;
    }

    /// The compiled form of `text`.
    pub(super) fn get(&mut self, text: &str, fuel: &mut Fuel) -> Result<Arc<Pattern>, Failure> {
        let run = self.run;
        if let Some(kept) = self.kept.get_mut(text) {
            if kept.run != run {
                fuel.charge(compile_price(text))?;
                kept.run = run;
            }
            return outcome(&kept.pattern);
        }
        fuel.charge(compile_price(text))?;
        self.make_room();
        let pattern = Pattern::compile(text).map(Arc::new);
        let result = outcome(&pattern);
        self.kept.insert(text.into(), KeptPattern { pattern, run });
        result
    }

    fn make_room(&mut self) {
        if self.kept.len() >= CAPACITY {
            let run = self.run;
            self.kept.retain(|_, kept| kept.run == run);
        }
        if self.kept.len() >= CAPACITY {
            self.kept.clear();
        }
    }
}

fn outcome(pattern: &Result<Arc<Pattern>, Box<str>>) -> Result<Arc<Pattern>, Failure> {
    pattern
        .clone()
        .map_err(|reason| Failure::Invalid(format!("invalid regular expression: {reason}").into()))
}
