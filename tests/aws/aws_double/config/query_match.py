"""Whether an item meets a query's conditions, as AWS computes it.

A condition on a path that goes through lists holds when any value at that path meets it. Conditions
joined by AND are computed each for itself, so two of them may be met by different elements of one
list. A missing property meets no condition, and `NOT` of it therefore does.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any, cast

from . import query_ast as ast

Document = dict[str, Any]
Predicate = Callable[[Document], bool]


def compile_condition(condition: ast.Condition | None) -> Predicate:
    """A function that tells whether a document meets the condition."""
    if condition is None:
        return lambda document: True
    if isinstance(condition, ast.And):
        left, right = compile_condition(condition.left), compile_condition(condition.right)
        return lambda document: left(document) and right(document)
    if isinstance(condition, ast.Or):
        left, right = compile_condition(condition.left), compile_condition(condition.right)
        return lambda document: left(document) or right(document)
    if isinstance(condition, ast.Not):
        inner = compile_condition(condition.condition)
        return lambda document: not inner(document)
    steps = condition.path.split(".")
    test = _test(condition)
    return lambda document: any(test(value) for value in values_at(document, steps))


def values_at(value: Any, steps: list[str]) -> Iterator[Any]:
    """Every scalar at a path, through lists."""
    if isinstance(value, list):
        for member in value:
            yield from values_at(member, steps)
    elif not steps:
        if not isinstance(value, dict):
            yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from values_at(value[steps[0]], steps[1:])


def _test(condition: ast.Compare | ast.In | ast.Between | ast.Like) -> Callable[[Any], bool]:
    if isinstance(condition, ast.Like):
        prefix, extra = condition.prefix, condition.wildcard
        return lambda value: isinstance(value, str) and _is_like(value, prefix, extra)
    if isinstance(condition, ast.In):
        values = condition.values
        return lambda value: any(_equals(value, wanted) for wanted in values)
    if isinstance(condition, ast.Between):
        low, high = condition.low, condition.high
        return lambda value: not _below(value, low) and not _above(value, high)
    wanted = condition.value
    compare = {"=": _equals, "<": _below, ">": _above}[condition.operator]
    return lambda value: compare(value, wanted)


def _is_like(value: str, prefix: str, wildcard: str) -> bool:
    if wildcard == "%":
        return value.startswith(prefix)
    return value.startswith(prefix) and len(value) == len(prefix) + len(wildcard)


def _equals(value: Any, wanted: ast.Literal) -> bool:
    span = _addresses(value, wanted)
    if span:
        (low, high), (first, last) = span
        return low <= last and first <= high  # the guide: any range that includes the address
    return bool(_comparable(value, wanted) == wanted)


def _below(value: Any, wanted: ast.Literal) -> bool:
    span = _addresses(value, wanted)
    if span:
        return span[0][0] < span[1][0]
    found, bound = _comparable(value, wanted), cast(Any, wanted)
    return type(found) is type(bound) and bool(found < bound)


def _above(value: Any, wanted: ast.Literal) -> bool:
    span = _addresses(value, wanted)
    if span:
        return span[0][1] > span[1][1]
    found, bound = _comparable(value, wanted), cast(Any, wanted)
    return type(found) is type(bound) and bool(found > bound)


def _comparable(value: Any, wanted: ast.Literal) -> Any:
    """The value in the literal's type where both spell the same: booleans and numbers as text."""
    if isinstance(wanted, str) and isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(wanted, bool) and value in ("true", "false"):
        return value == "true"
    if isinstance(wanted, str) and isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return value


def _addresses(value: Any, wanted: ast.Literal) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """The guide: a CIDR block is searched as the range of addresses that it is."""
    if not isinstance(value, str) or "/" not in value or not isinstance(wanted, str):
        return None
    found, asked = _network(value), _network(wanted)
    return (found, asked) if found and asked else None


def _network(text: str) -> tuple[int, int] | None:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    return int(network.network_address), int(network.broadcast_address)
