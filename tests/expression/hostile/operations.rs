//! Every operation, over texts and collections as large as they come.

use super::{End, ends};

/// Every operation over texts.
const OVER_TEXTS: [&str; 70] = [
    "s == t",
    "s == s",
    "s != t",
    "s < t",
    "s + t == t",
    "s + t",
    "(s + t).size()",
    "s",
    "[s, t, s]",
    "s in [t]",
    "s in ['a', 'b']",
    "s in {'a': 1}",
    "{s: 1}",
    "{s: 1, t: 2}",
    "map[s]",
    "s.contains('ab')",
    "s.contains(t)",
    "s.startsWith(s)",
    "s.endsWith(t)",
    "s.size()",
    "size(s)",
    "s.replace('a', 'bb')",
    "s.replace('', 'bb')",
    "s.replace('a', s)",
    "s.split('')",
    "s.split('a')",
    "s.split('aa').join('b')",
    "s.upperAscii()",
    "s.lowerAscii()",
    "s.trim()",
    "s.reverse()",
    "s.substring(1)",
    "s.substring(5000000, 6000000)",
    "s.charAt(9999999)",
    "s.indexOf('b')",
    "s.indexOf('aaaab')",
    "t.lastIndexOf('ab')",
    "s.lastIndexOf('b')",
    "bytes(s)",
    "bytes(s) == bytes(t)",
    "string(bytes(s))",
    "int(s)",
    "double(s)",
    "uint(s)",
    "bool(s)",
    "timestamp(s)",
    "duration(s)",
    "ip(s)",
    "cidr(s)",
    "isIP(s)",
    "isCIDR(s)",
    "'%s'.format([s])",
    "'%s%s%s'.format([s, s, s])",
    "s.format([])",
    "strings.quote(s)",
    "dyn(s)",
    "type(s)",
    "iam.statements(s)",
    "iam.matches(s, t)",
    "[s, t].join(s)",
    "[s, t].sort()",
    "[s, t].max()",
    "[s, t].isSorted()",
    "[s, s, t].distinct()",
    "sets.contains([s], [t])",
    "list.map(x, s + 'a')",
    "s.matches(s)",
    "s.matches(t + '(')",
    "s.findAll('a')",
    "s.find('b')",
];

/// Every operation over lists and maps.
const OVER_COLLECTIONS: [&str; 28] = [
    "list.sum()",
    "list.sort()",
    "list.distinct()",
    "list.reverse()",
    "list.max()",
    "lists.range(1000000000)",
    "lists.range(100000).map(x, lists.range(x))",
    "list.slice(0, 99999)",
    "list.flatten()",
    "sets.contains(list, list)",
    "sets.equivalent(list, list)",
    "sets.intersects(list, list.map(x, -x - 1))",
    "list.indexOf(99999)",
    "list.map(x, string(x)).join(s)",
    "list.map(x, string(x)).join(',')",
    "map == map",
    "map.map(k, k)",
    "map.transformMap(k, v, v)",
    "map.key99999",
    "'%d'.format(list)",
    "timestamp('2024-01-01T00:00:00Z').getHours(s)",
    "list.all(x, timestamp('2024-01-01T00:00:00Z').getHours('Asia/Kolkata') >= 0)",
    "list == list.map(x, x)",
    "list in [list, list]",
    "has(map.nope)",
    "map.?nope.orValue(s)",
    "map.all(k, v, k != s)",
    "s.split('a').map(x, x + s)",
];

fn assert_compiled(sources: &[&str]) {
    let owned = sources.iter().map(|source| (*source).to_owned()).collect();
    for (source, end) in sources.iter().zip(ends(owned)) {
        if let End::Refused(message) = end {
            panic!("{source}: {message}");
        }
    }
}

#[test]
fn texts_of_ten_megabytes_end() {
    assert_compiled(&OVER_TEXTS);
}

#[test]
fn lists_and_maps_of_a_hundred_thousand_elements_end() {
    assert_compiled(&OVER_COLLECTIONS);
}
