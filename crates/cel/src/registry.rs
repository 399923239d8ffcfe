//! Finds functions by their names.

use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::functions::LIBRARIES;
use super::signature::{Overload, Style};

static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// Macros, for suggestions: the parser knows what they do.
const MACROS: [&str; 16] = [
    "all",
    "exists",
    "exists_one",
    "existsOne",
    "filter",
    "map",
    "sortBy",
    "transformList",
    "transformMap",
    "transformMapEntry",
    "optMap",
    "optFlatMap",
    "or",
    "orValue",
    "has",
    "cel.bind",
];

struct Registry {
    functions: FxHashMap<&'static str, Function>,
    namespaces: FxHashSet<&'static str>,
}

/// The overloads of one name.
#[derive(Default)]
struct Function {
    global: Vec<&'static Overload>,
    receiver: Vec<&'static Overload>,
}

impl Registry {
    fn new() -> Self {
        let mut functions: FxHashMap<_, Function> = FxHashMap::default();
        let mut namespaces = FxHashSet::from_iter(["cel"]);
        for overload in LIBRARIES.iter().copied().flatten() {
            let function = functions.entry(overload.name).or_default();
            match overload.style {
                Style::Global => function.global.push(overload),
                Style::Receiver => function.receiver.push(overload),
            }
            if let Some((namespace, _)) = overload.name.rsplit_once('.') {
                namespaces.insert(namespace);
            }
        }
        Self { functions, namespaces }
    }
}

/// All overloads of a function, in the order of their declaration.
pub(super) fn overloads(name: &str, is_receiver: bool) -> &'static [&'static Overload] {
    match REGISTRY.functions.get(name) {
        Some(function) if is_receiver => &function.receiver,
        Some(function) => &function.global,
        None => &[],
    }
}

/// Whether functions stand in this namespace.
pub(super) fn is_namespace(name: &str) -> bool {
    REGISTRY.namespaces.contains(name)
}

/// The names of all functions and macros.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    REGISTRY.functions.keys().copied().chain(MACROS)
}

/// The names of all namespaces.
pub(super) fn namespaces() -> impl Iterator<Item = &'static str> {
    REGISTRY.namespaces.iter().copied()
}
