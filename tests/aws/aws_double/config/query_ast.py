"""What an advanced query says, parsed."""

from __future__ import annotations

from dataclasses import dataclass

Literal = str | float | bool


@dataclass(frozen=True)
class Property:
    """A property by its path, such as `configuration.state.name`."""

    path: str

    @property
    def name(self) -> str:
        """As `QueryInfo` lists it."""
        return self.path


@dataclass(frozen=True)
class Aggregate:
    """`COUNT(*)`, or a function over one property."""

    function: str
    path: str

    @property
    def name(self) -> str:
        """As `QueryInfo` lists it, and the key of the value in a row."""
        return f"{self.function}({self.path})"


@dataclass(frozen=True)
class Star:
    """`*`: the top-level scalar properties."""


Field = Property | Aggregate | Star


@dataclass(frozen=True)
class Compare:
    """`path = value`, or with `<` or `>`."""

    path: str
    operator: str
    value: Literal


@dataclass(frozen=True)
class In:
    """`path IN (values)`."""

    path: str
    values: tuple[Literal, ...]


@dataclass(frozen=True)
class Between:
    """`path BETWEEN low AND high`, both included."""

    path: str
    low: Literal
    high: Literal


@dataclass(frozen=True)
class Like:
    """`path LIKE 'prefix%'` or `'prefix_'`: the text before one wildcard at the end."""

    path: str
    prefix: str
    wildcard: str


@dataclass(frozen=True)
class Not:
    """The contrary of a condition, over the whole item."""

    condition: Condition


@dataclass(frozen=True)
class And:
    """Both conditions, each for itself."""

    left: Condition
    right: Condition


@dataclass(frozen=True)
class Or:
    """At least one of the conditions."""

    left: Condition
    right: Condition


Condition = Compare | In | Between | Like | Not | And | Or


@dataclass(frozen=True)
class Order:
    """One term of `ORDER BY`."""

    field: Property | Aggregate
    descending: bool


@dataclass(frozen=True)
class Query:
    """A whole query."""

    fields: tuple[Field, ...]
    where: Condition | None
    group_by: tuple[str, ...]
    order_by: tuple[Order, ...]

    @property
    def aggregates(self) -> bool:
        """Whether the query gives groups rather than items."""
        return bool(self.group_by) or any(isinstance(f, Aggregate) for f in self.fields)
