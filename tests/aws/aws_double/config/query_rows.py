"""The rows of an advanced query: JSON strings that hold the selected properties, nested.

Numbers are floats as Java writes them (`60.0`, `1.61E12`), except for counts. A property that an
item lacks is missing from its row.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from . import query_ast as ast
from .query_match import Document, values_at
from .query_parser import STAR

Shape = dict[str, Any]  # a tree of selected names; an empty one selects everything below


def selection(fields: Iterable[ast.Field]) -> Shape:
    """The tree of what the fields select."""
    shape: Shape = {}
    for path in (path for field in fields for path in _paths(field)):
        steps = path.split(".")
        node = shape
        for step in steps[:-1]:
            if node.get(step) == {}:
                break  # the whole is selected already
            node = node.setdefault(step, {})
        else:
            node[steps[-1]] = {}
    return shape


def names(fields: Iterable[ast.Field]) -> list[str]:
    """The names for `QueryInfo.SelectFields`."""
    return [n for f in fields for n in (STAR if isinstance(f, ast.Star) else (f.name,))]


def _paths(field: ast.Field) -> tuple[str, ...]:
    if isinstance(field, ast.Star):
        return STAR
    return (field.path,) if isinstance(field, ast.Property) else ()


def row(document: Document, shape: Shape) -> str:
    """One item's row."""
    return _text(_project(document, shape))


def _project(value: Any, shape: Shape) -> Any:
    if not shape:
        return value
    if isinstance(value, list):
        return [_project(member, shape) for member in value]
    if not isinstance(value, dict):
        return None
    found = {name: _project(value[name], below) for name, below in shape.items() if name in value}
    return {name: member for name, member in found.items() if member is not None}


def groups(documents: Iterable[Document], query: ast.Query) -> list[Document]:
    """One document a group: its properties nested, its aggregates under their names."""
    grouped: dict[tuple[Any, ...], list[Document]] = {}
    for document in documents:
        key = tuple(first(document, path) for path in query.group_by)
        grouped.setdefault(key, []).append(document)
    if not query.group_by and not grouped:
        grouped[()] = []
    return [_group(query, key, members) for key, members in grouped.items()]


def _group(query: ast.Query, key: tuple[Any, ...], members: list[Document]) -> Document:
    values = dict(zip(query.group_by, key, strict=True))
    found: Document = {}
    for field in query.fields:
        if isinstance(field, ast.Aggregate):
            found[field.name] = _aggregate(field, members)
        elif isinstance(field, ast.Property) and values[field.path] is not None:
            node = found
            *parents, last = field.path.split(".")
            for step in parents:
                node = node.setdefault(step, {})
            node[last] = values[field.path]
    return {name: value for name, value in found.items() if value is not None}


def _aggregate(field: ast.Aggregate, members: list[Document]) -> float | int | None:
    if field.path == "*":
        return len(members)
    steps = field.path.split(".")
    values = [value for member in members for value in values_at(member, steps)]
    if field.function == "COUNT":
        return len(values)
    numbers = [v for v in values if isinstance(v, float) and math.isfinite(v)]
    if not numbers:
        return None
    if field.function == "AVG":
        return sum(numbers) / len(numbers)
    if field.function == "SUM":
        return sum(numbers)
    return min(numbers) if field.function == "MIN" else max(numbers)


def first(document: Document, path: str) -> Any:
    """The first value at a path, or nothing."""
    return next(values_at(document, path.split(".")), None)


def group_row(document: Document) -> str:
    """One group's row."""
    return _text(document)


_ENCODE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
_LARGE = re.compile(r"\.0(?<=\d{8}\.0)")  # the literal first: rows are long and this is rare
_LARGE_OUTSIDE_OF_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d{8,}\.0')


def _text(value: Any) -> str:
    text = _ENCODE(value)
    return _LARGE_OUTSIDE_OF_TEXT.sub(_as_java, text) if _LARGE.search(text) else text


def _as_java(match: re.Match[str]) -> str:
    """Java writes doubles from ten million on with an exponent."""
    found = match.group()
    if found.startswith('"'):
        return found
    sign = "-" if found.startswith("-") else ""
    digits = found.lstrip("-").removesuffix(".0")
    fraction = digits[1:].rstrip("0") or "0"
    return f"{sign}{digits[0]}.{fraction}E{len(digits) - 1}"
