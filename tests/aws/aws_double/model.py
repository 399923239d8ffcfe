"""botocore's service models: which operations there are, and whether a value fits its shape.

Stricter than AWS in one point: an unknown member is a violation everywhere, where some services
drop it silently. A member that AWS would ignore is a mistake in what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)

Path = tuple[str | int, ...]

_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float, str),
    "structure": dict,
    "map": dict,
    "list": list,
}


@dataclass(frozen=True)
class Violation:
    """A rule that the value at `path` breaks: `required`, `max_length`, `enum` and so on."""

    path: Path
    rule: str
    bound: Any
    value: Any


@lru_cache
def service(name: str) -> ServiceModel:
    """The model of a service, by botocore's name for it."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


@lru_cache
def operation(name: str, action: str) -> OperationModel | None:
    """The model of one operation, or nothing where AWS has no such operation."""
    model = service(name)
    return model.operation_model(action) if action in model.operation_names else None


def check(
    shape: Shape | None, value: Any, path: Path = (), opaque: frozenset[str] = frozenset()
) -> Iterator[Violation]:
    """Everything in which the value does not fit the shape; `opaque` shapes are not looked into."""
    if shape is None:
        return
    if not _is_type(shape.type_name, value):
        yield Violation(path, "type", shape.type_name, value)
        return
    if shape.name in opaque:
        return
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, path, opaque)
    elif isinstance(shape, ListShape):
        yield from _check_size(shape, len(value), "items", value, path)
        for index, member in enumerate(value):
            yield from check(shape.member, member, (*path, index), opaque)
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from check(shape.key, key, (*path, key))
            yield from check(shape.value, member, (*path, key))
    elif isinstance(shape, StringShape):
        yield from _check_string(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _check_number(shape, value, path)


def _is_type(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES.get(name, object))


def _check_structure(
    shape: StructureShape, value: Any, path: Path, opaque: frozenset[str]
) -> Iterator[Violation]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield Violation(path, "required", name, None)
    for name, member in value.items():
        if name not in shape.members:
            yield Violation(path, "unknown", name, member)
        elif member is not None:  # AWS reads a null as an absent member
            yield from check(shape.members[name], member, (*path, name), opaque)


def _check_string(shape: StringShape, value: str, path: Path) -> Iterator[Violation]:
    yield from _check_size(shape, len(value), "length", value, path)
    if shape.enum and value not in shape.enum:
        yield Violation(path, "enum", list(shape.enum), value)
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield Violation(path, "pattern", pattern, value)


def _check_number(shape: Shape, value: float, path: Path) -> Iterator[Violation]:
    if (low := shape.metadata.get("min")) is not None and value < low:
        yield Violation(path, "min", low, value)
    if (high := shape.metadata.get("max")) is not None and value > high:
        yield Violation(path, "max", high, value)


def _check_size(shape: Shape, size: int, unit: str, value: Any, path: Path) -> Iterator[Violation]:
    if (low := shape.metadata.get("min")) is not None and size < low:
        yield Violation(path, f"min_{unit}", low, value)
    if (high := shape.metadata.get("max")) is not None and size > high:
        yield Violation(path, f"max_{unit}", high, value)


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # The models write Java's regular expressions: `\p{L}` and friends have no Python twin, and
    # more than four digits after `\u` are what Python writes with `\U` and eight.
    python = re.sub(r"\\u(10[0-9A-F]{4}|1[0-9A-F]{4})", lambda m: "\\U" + m[1].zfill(8), pattern)
    python = re.sub(r"\\p\{[LN]\}", r"\\w", python).replace(r"\p{Z}", r"\s")
    return re.compile(python, re.DOTALL)
