"""Runs advanced queries over the items of one region, or of all that an aggregator sees.

Pages of an ordered query go on after the last row's sort key, so that changes in between neither
skip nor repeat what stays. Pages of an unordered one go on at an offset, as nothing is promised.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..errors import ServiceError
from ..limits import AGGREGATE_ROWS, QUERY_ROWS
from ..paging import Tokens
from . import query_ast as ast
from .items import NOT_RECORDED, Item, Items
from .query_match import Document, compile_condition
from .query_parser import invalid, parse
from .query_rows import first, group_row, groups, names, row, selection
from .recorder import Recorder
from .searchable import document_of

#: Properties that an `Item` answers without parsing its text.
_LIGHT: dict[str, Callable[[Item], Any]] = {
    "accountId": lambda item: item.account,
    "awsRegion": lambda item: item.region,
    "configurationItemCaptureTime": lambda item: item.captured,
    "configurationItemStatus": lambda item: item.status,
    "resourceId": lambda item: item.resource_id,
    "resourceName": lambda item: item.resource_name,
    "resourceType": lambda item: item.resource_type,
}


@dataclass(frozen=True)
class Source:
    """The items of one region and what decides which of them queries see."""

    items: Items
    recorder: Recorder | None
    unserved: frozenset[str]

    def serves(self, resource_type: str) -> bool:
        """The guide: only recorded types; and AWS indexes not every type."""
        recorded = self.recorder is not None and self.recorder.records(resource_type)
        return recorded and resource_type not in self.unserved

    def view(self) -> str:
        """What of the recorder decides what is served; changes when that does."""
        return repr((self.recorder and self.recorder.group, sorted(self.unserved)))


@dataclass
class Page:
    """One page of rows."""

    rows: list[str]
    fields: list[str]
    next_token: str | None


class Queries:
    """Runs queries; keeps the matching items of recent ones for their next pages."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._recent: OrderedDict[Any, list[Item]] = OrderedDict()

    def run(
        self, expression: str, scope: str, sources: list[Source], size: int, token: str | None
    ) -> Page:
        """One page. `scope` names who asks what, and binds the token."""
        query = parse(expression)
        binding = [scope, expression]
        position = self._tokens.redeem(binding, token) if token else None
        if query.aggregates:
            return self._aggregate_page(query, binding, sources, size, position)
        found = self._matching(query, binding, sources)
        start = _resume(found, query.order_by, position)
        chosen = found[start : start + (size or QUERY_ROWS)]
        following = start + len(chosen)
        shape = selection(query.fields)
        return Page(
            [row(document_of(item), shape) for item in chosen],
            names(query.fields),
            self._tokens.issue(binding, _position(chosen[-1], query.order_by, following))
            if following < len(found)
            else None,
        )

    def _matching(self, query: ast.Query, binding: list[str], sources: list[Source]) -> list[Item]:
        """The matching items in order."""
        key = (*binding, *((s.items.version, s.view()) for s in sources))
        if key in self._recent:
            self._recent.move_to_end(key)
            return self._recent[key]
        found = list(_candidates(query.where, sources))
        if query.order_by:
            found = _ordered(found, query.order_by)
        self._recent[key] = found
        while len(self._recent) > 32:
            self._recent.popitem(last=False)
        return found

    def _aggregate_page(
        self,
        query: ast.Query,
        binding: list[str],
        sources: list[Source],
        size: int,
        position: Any,
    ) -> Page:
        functions = [f.path for f in query.fields if isinstance(f, ast.Aggregate)]
        view = _view_of([*query.group_by, *(path for path in functions if path != "*")])
        found = groups((view(i) for i in _candidates(query.where, sources)), query)
        for order in reversed(query.order_by):
            found.sort(key=_group_key(order.field), reverse=order.descending)
        # The guide: no pagination where ORDER BY has an aggregate function.
        unpaged = any(isinstance(o.field, ast.Aggregate) for o in query.order_by)
        if unpaged and position is not None:
            raise invalid("Pagination is not supported when ORDER BY has an aggregate function")
        start = position or 0
        following = start + (size or AGGREGATE_ROWS)
        more = following < len(found) and not unpaged
        return Page(
            [group_row(group) for group in found[start:following]],
            names(query.fields),
            self._tokens.issue(binding, following) if more else None,
        )


def _candidates(where: ast.Condition | None, sources: list[Source]) -> Iterable[Item]:
    matches = _item_predicate(where)
    wanted = _types_of(where)
    for source in sources:
        for resource_type in source.items.types():
            if (wanted is not None and resource_type not in wanted) or not source.serves(
                resource_type
            ):
                continue
            for item in source.items.of_type(resource_type):
                if not item.deleted and item.status != NOT_RECORDED and matches(item):
                    yield item


def _item_predicate(where: ast.Condition | None) -> Callable[[Item], bool]:
    predicate = compile_condition(where)
    view = _view_of(paths_of(where))
    return lambda item: predicate(view(item))


def _view_of(paths: Iterable[str]) -> Callable[[Item], Document]:
    """What of an item these paths need; all of it costs parsing its text."""
    wanted = set(paths)
    if not wanted <= set(_LIGHT):
        return document_of
    light = {path: _LIGHT[path] for path in wanted}
    return lambda item: {p: v for p, get in light.items() if (v := get(item)) is not None}


def paths_of(where: ast.Condition | None) -> list[str]:
    """The properties that a condition names."""
    if where is None:
        return []
    if isinstance(where, (ast.And, ast.Or)):
        return paths_of(where.left) + paths_of(where.right)
    return paths_of(where.condition) if isinstance(where, ast.Not) else [where.path]


def _types_of(where: ast.Condition | None) -> set[str] | None:
    """The types to which the condition restricts the items, or nothing if it does not."""
    if isinstance(where, ast.And):
        left, right = _types_of(where.left), _types_of(where.right)
        return right if left is None else left if right is None else left & right
    if isinstance(where, ast.Or):
        left, right = _types_of(where.left), _types_of(where.right)
        return None if left is None or right is None else left | right
    if isinstance(where, ast.Compare) and where.operator == "=" and where.path == "resourceType":
        return {str(where.value)}
    if isinstance(where, ast.In) and where.path == "resourceType":
        return {str(value) for value in where.values}
    return None


def types_named(expression: str) -> set[str]:
    """The types that an expression names; none when it does not parse."""
    try:
        return _types_of(parse(expression).where) or set()
    except ServiceError:
        return set()  # what is wrong with it is said when it runs


def _sort_key(item: Item, order_by: tuple[ast.Order, ...]) -> list[Any]:
    document: Document | None = None
    key: list[Any] = []
    for order in order_by:
        path = order.field.path
        if path in _LIGHT:
            key.append(_LIGHT[path](item))
        else:
            document = document or document_of(item)
            key.append(first(document, path))
    return [*key, item.account, item.region, item.resource_type, item.resource_id]


def _compare_keys(left: list[Any], right: list[Any], order_by: tuple[ast.Order, ...]) -> int:
    for index, (a, b) in enumerate(zip(left, right, strict=True)):
        if a != b:
            sign = -1 if index < len(order_by) and order_by[index].descending else 1
            return sign if _rank(a) > _rank(b) else -sign
    return 0


def _ordered(found: list[Item], order_by: tuple[ast.Order, ...]) -> list[Item]:
    """Sorts by the last key first, so that each stable sort keeps the later keys' order."""
    keyed = [(_sort_key(item, order_by), item) for item in found]
    keyed.sort(key=lambda pair: pair[0][len(order_by) :])
    for index in range(len(order_by) - 1, -1, -1):
        keyed.sort(key=lambda pair: _rank(pair[0][index]), reverse=order_by[index].descending)
    return [item for _, item in keyed]


def _rank(value: Any) -> tuple[bool, str, Any]:
    """Values of any type in one order, missing ones first."""
    return (value is not None, str(type(value)), value)


def _group_key(field: ast.Property | ast.Aggregate) -> Callable[[Document], Any]:
    path = field.name
    if isinstance(field, ast.Aggregate):
        return lambda group: group.get(path, 0)
    return lambda group: str(first(group, path) or "")


def _position(last: Item, order_by: tuple[ast.Order, ...], following: int) -> Any:
    return _sort_key(last, order_by) if order_by else following


def _resume(found: list[Item], order_by: tuple[ast.Order, ...], position: Any) -> int:
    """Where a page starts: after the token's sort key, or at its offset."""
    if position is None or not order_by:
        return int(position or 0)
    low, high = 0, len(found)
    while low < high:
        middle = (low + high) // 2
        if _compare_keys(_sort_key(found[middle], order_by), position, order_by) > 0:
            high = middle
        else:
            low = middle + 1
    return low
