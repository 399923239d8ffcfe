//! Generates expressions and data of a list of numbers that a property test varies: the same
//! numbers give the same expression, fewer and smaller ones a simpler one.

use serde_json::{Value as Json, json};

/// The variables of generated expressions, in the order of [`Generator::data`].
pub(crate) const VARIABLES: [&str; 9] = ["v", "n", "m", "l", "i", "j", "d", "s", "t"];

/// The most fields that data and paths use.
const FIELDS: [&str; 4] = ["a", "b", "c", "d"];

const ORDERS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];

/// Makes expressions and data.
pub(crate) struct Generator<'c> {
    choices: std::slice::Iter<'c, u16>,
    /// Names of locals that hold integers and those that hold anything.
    integers: Vec<String>,
    anything: Vec<String>,
    names: usize,
    /// Whether to use what only Plumbline knows.
    extended: bool,
}

impl<'c> Generator<'c> {
    pub(crate) fn new(choices: &'c [u16], extended: bool) -> Self {
        let (integers, anything) = (Vec::new(), Vec::new());
        Self { choices: choices.iter(), integers, anything, names: 0, extended }
    }

    fn choose(&mut self, below: usize) -> usize {
        usize::from(self.choices.next().copied().unwrap_or(0)) % below
    }

    fn pick(&mut self, among: &[&str]) -> String {
        among[self.choose(among.len())].to_owned()
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("x{}", self.names)
    }

    /// Values for [`VARIABLES`].
    pub(crate) fn data(&mut self) -> Vec<Json> {
        let tree = self.json(4);
        let items = (0..self.choose(4)).map(|_| self.json(2)).collect();
        let map = FIELDS.iter().take(self.choose(5)).map(|name| ((*name).to_owned(), self.int()));
        let map = Json::Object(map.collect::<Vec<_>>().into_iter().collect());
        let list: Vec<Json> = (0..self.choose(4)).map(|_| self.int()).collect();
        let mut data = vec![tree, Json::Array(items), map, Json::Array(list)];
        data.extend([self.int(), self.int()]);
        data.push(json!(f64::from(i16::try_from(self.choose(40)).unwrap() - 20) / 4.0));
        data.extend([json!(self.text()), json!(self.text())]);
        data
    }

    fn int(&mut self) -> Json {
        [0, 1, -1, 2, 3, 7, i64::MAX, i64::MIN][self.choose(8)].into()
    }

    fn text(&mut self) -> String {
        self.pick(&["", "a", "b", "ab", "abc", "Aé", "1"])
    }

    fn json(&mut self, depth: usize) -> Json {
        match self.choose(if depth == 0 { 5 } else { 9 }) {
            0 => self.int(),
            1 => json!(self.text()),
            2 => json!(self.choose(2) == 0),
            3 => json!(1.5),
            4 => Json::Null,
            5 => (0..self.choose(3)).map(|_| self.json(depth - 1)).collect(),
            _ => {
                let fields = FIELDS.iter().take(self.choose(5));
                let fields: Vec<_> =
                    fields.map(|name| ((*name).to_owned(), self.json(depth - 1))).collect();
                Json::Object(fields.into_iter().collect())
            }
        }
    }

    /// An expression of any type.
    pub(crate) fn expression(&mut self, depth: usize) -> String {
        match self.choose(8) {
            0..4 => self.boolean(depth),
            4 => self.number(depth),
            5 => self.string(depth),
            6 => {
                if self.choose(2) == 0 {
                    self.list(depth)
                } else {
                    self.map(depth)
                }
            }
            _ => self.path(depth),
        }
    }

    /// `(a operator b)` of two operands.
    fn infix(
        &mut self,
        depth: usize,
        operators: &[&str],
        operand: fn(&mut Self, usize) -> String,
    ) -> String {
        let left = operand(self, depth - 1);
        let operator = self.pick(operators);
        format!("({left} {operator} {})", operand(self, depth - 1))
    }

    fn ternary(&mut self, depth: usize, branch: fn(&mut Self, usize) -> String) -> String {
        let condition = self.boolean(depth - 1);
        let then = branch(self, depth - 1);
        format!("({condition} ? {then} : {})", branch(self, depth - 1))
    }

    fn boolean(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["true", "false", "i == j", "has(v.a)"]);
        }
        match self.choose(if self.extended { 20 } else { 17 }) {
            0 => self.pick(&["true", "false"]),
            1 => format!("!{}", self.boolean(depth - 1)),
            2 | 3 => self.infix(depth, &["&&", "||"], Self::boolean),
            4 => self.infix(depth, &ORDERS, Self::integer),
            5 => self.infix(depth, &ORDERS, Self::double),
            6 => self.infix(depth, &ORDERS, Self::string),
            7 => self.infix(depth, &["==", "!="], Self::path),
            8 => format!("({} in {})", self.integer(depth - 1), self.list(depth - 1)),
            9 => format!("({} in m)", self.string(depth - 1)),
            10 => self.has(depth),
            11 => self.quantifier(depth),
            12 => self.ternary(depth, Self::boolean),
            13 => {
                let name = self.pick(&["startsWith", "endsWith", "contains"]);
                format!("{}.{name}({})", self.string(depth - 1), self.string(depth - 1))
            }
            14 => self.path_quantifier(depth),
            15 => self.infix(depth, &ORDERS, Self::number),
            16 => self.infix(depth, &["==", "!="], Self::map),
            17 => format!("{}.hasValue()", self.optional(depth - 1)),
            18 => format!("(type({}) == int)", self.path(depth - 1)),
            _ => self.two_names(depth),
        }
    }

    fn has(&mut self, depth: usize) -> String {
        let path = self.path(depth - 1);
        format!("has({path}.{})", self.pick(&FIELDS))
    }

    fn quantifier(&mut self, depth: usize) -> String {
        let list = self.list(depth - 1);
        let name = self.name();
        self.integers.push(name.clone());
        let condition = self.boolean(depth - 1);
        self.integers.pop();
        format!("{list}.{}({name}, {condition})", self.pick(&["all", "exists", "exists_one"]))
    }

    /// A macro over anything, most often over a list of maps.
    fn path_quantifier(&mut self, depth: usize) -> String {
        let range = if self.choose(2) == 0 { "n".to_owned() } else { self.path(depth - 1) };
        let name = self.name();
        self.anything.push(name.clone());
        let condition = self.boolean(depth - 1);
        self.anything.pop();
        format!("{range}.{}({name}, {condition})", self.pick(&["all", "exists", "exists_one"]))
    }

    fn two_names(&mut self, depth: usize) -> String {
        let range = self.path(depth - 1);
        let (key, value) = (self.name(), self.name());
        self.anything.extend([key.clone(), value.clone()]);
        let condition = self.boolean(depth - 1);
        self.anything.truncate(self.anything.len() - 2);
        format!("{range}.{}({key}, {value}, {condition})", self.pick(&["all", "exists"]))
    }

    fn integer(&mut self, depth: usize) -> String {
        if depth == 0 {
            let local = self.integers.last().cloned().unwrap_or("3".to_owned());
            return self.pick(&["0", "1", "2", "i", "j", "-5", &local, "9223372036854775807"]);
        }
        match self.choose(10) {
            0 => self.integer(0),
            1 | 2 => self.infix(depth, &["+", "-", "*", "/", "%"], Self::integer),
            3 => format!("-{}", self.integer(0)).replace("--", "- -"),
            4 => format!("size({})", self.list(depth - 1)),
            5 => format!("size({})", self.string(depth - 1)),
            6 => format!("{}[{}]", self.list(depth - 1), self.integer(depth - 1)),
            7 => format!("m[{}]", self.string(depth - 1)),
            8 => self.ternary(depth, Self::integer),
            _ => format!("m.{}", self.pick(&FIELDS)),
        }
    }

    fn double(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["0.0", "1.5", "-2.25", "d"]);
        }
        match self.choose(4) {
            0 => self.double(0),
            1 => self.infix(depth, &["+", "-", "*", "/"], Self::double),
            2 => format!("double({})", self.integer(depth - 1)),
            _ => self.ternary(depth, Self::double),
        }
    }

    fn unsigned(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["0u", "1u", "3u", "18446744073709551615u"]);
        }
        match self.choose(3) {
            0 => self.unsigned(0),
            1 => self.infix(depth, &["+", "-", "*", "/", "%"], Self::unsigned),
            _ => format!("uint({})", self.integer(depth - 1)),
        }
    }

    /// A number of any type, or something that may be one.
    fn number(&mut self, depth: usize) -> String {
        match self.choose(4) {
            0 => self.integer(depth),
            1 => self.double(depth),
            2 => self.unsigned(depth),
            _ => self.path(depth),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["m", "{}", "{'a': 0}", "{'b': 1, 'a': i}", "{'c': 2u}"]);
        }
        match self.choose(3) {
            0 => self.map(0),
            1 => format!("{{{}: {}}}", self.string(depth - 1), self.number(depth - 1)),
            _ => self.ternary(depth, Self::map),
        }
    }

    fn string(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["''", "'a'", "'b'", "s", "t", "'ab'"]);
        }
        match self.choose(4) {
            0 => self.string(0),
            1 => self.infix(depth, &["+"], Self::string),
            2 => format!("string({})", self.integer(depth - 1)),
            _ => self.ternary(depth, Self::string),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.pick(&["l", "[1, 2]", "[0]", "[3, i, j]"]);
        }
        match self.choose(6) {
            0 => self.list(0),
            1 => self.infix(depth, &["+"], Self::list),
            2 => format!("[{}, {}]", self.integer(depth - 1), self.integer(depth - 1)),
            3 => self.ternary(depth, Self::list),
            choice => {
                let list = self.list(depth - 1);
                let name = self.name();
                self.integers.push(name.clone());
                let made = if choice == 4 {
                    format!("{list}.map({name}, {})", self.integer(depth - 1))
                } else {
                    format!("{list}.filter({name}, {})", self.boolean(depth - 1))
                };
                self.integers.pop();
                made
            }
        }
    }

    /// Something read of the data, which may be of any type.
    fn path(&mut self, depth: usize) -> String {
        if depth == 0 {
            let local = self.anything.last().cloned().unwrap_or("v".to_owned());
            return self.pick(&[&local, "v", "n", "v.a", "v.b"]);
        }
        match self.choose(if self.extended { 12 } else { 6 }) {
            0 => self.path(0),
            1..=3 => format!("{}.{}", self.path(depth - 1), self.pick(&FIELDS)),
            4 => format!("{}['{}']", self.path(depth - 1), self.pick(&FIELDS)),
            5 => format!("{}[{}]", self.path(depth - 1), self.pick(&["0", "1", "s", "i"])),
            6 => format!("{}.orValue({})", self.optional(depth - 1), self.path(depth - 1)),
            7 => self.bind(depth),
            8 => {
                let (condition, then) = (self.boolean(depth - 1), self.path(depth - 1));
                format!("({condition} ? {then} : {})", self.path(depth - 1))
            }
            9 => format!("[size({}), 1]", self.path(depth - 1)),
            10 => format!("{}.filter({}, true)", self.path(depth - 1), self.name()),
            _ => self.mapped(depth),
        }
    }

    fn optional(&mut self, depth: usize) -> String {
        let path = self.path(depth);
        let field = self.pick(&FIELDS);
        match self.choose(5) {
            0 => format!("{path}.?{field}"),
            1 => format!("{path}[?'{field}']"),
            2 => format!("{path}[?0]"),
            3 => format!("{path}.?{field}.{}", self.pick(&FIELDS)),
            _ => {
                let name = self.name();
                format!("{path}.?{field}.optMap({name}, {name}.{})", self.pick(&FIELDS))
            }
        }
    }

    fn bind(&mut self, depth: usize) -> String {
        let bound = self.path(depth - 1);
        let name = self.name();
        self.anything.push(name.clone());
        let body = self.path(depth - 1);
        self.anything.pop();
        format!("cel.bind({name}, {bound}, {body})")
    }

    fn mapped(&mut self, depth: usize) -> String {
        let range = self.path(depth - 1);
        let name = self.name();
        self.anything.push(name.clone());
        let (condition, body) = (self.boolean(depth - 1), self.path(depth - 1));
        self.anything.pop();
        match self.choose(3) {
            0 => format!("{range}.map({name}, {body})"),
            1 => format!("{range}.filter({name}, {condition})"),
            _ => format!("{range}.map({name}, {condition}, {body})"),
        }
    }
}
