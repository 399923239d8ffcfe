"""Parses the subset of SQL that advanced queries are written in.

Accepts what the developer guide documents (config/latest/developerguide/query-components and
querying-AWS-resources) and `NOT IN`, which AWS's own workload discovery sends. Everything else is
an `InvalidExpressionException` with the position of the mistake, in the words of AWS.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from ..errors import ServiceError
from ..limits import GROUP_BY, GROUP_BY_ORDERED, WILDCARD_CHARACTERS
from . import query_ast as ast
from .searchable import PROPERTIES

T = TypeVar("T")

#: The guide's list of what there is no support for.
_UNSUPPORTED = {"ALL", "AS", "DISTINCT", "FROM", "HAVING", "JOIN", "UNION", "NULL"}
_WORDS = {"SELECT", "WHERE", "GROUP", "ORDER", "BY", "AND", "OR", "NOT", "IN"}
_KEYWORDS = _WORDS | {"BETWEEN", "LIKE", "ASC", "DESC", "TRUE", "FALSE"}
_FUNCTIONS = {"AVG", "COUNT", "MAX", "MIN", "SUM"}

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^']|'')*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<name>[A-Za-z_][\w:-]*(?:\.[\w:-]+)*)
    | (?P<mark>[(),*=<>])
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A word of the query and where it starts."""

    kind: str
    text: str
    at: int

    def is_word(self, word: str) -> bool:
        """Whether this is the keyword, in any case."""
        return self.kind == "name" and self.text.upper() == word


def invalid(message: str) -> ServiceError:
    """The error of a query that does not hold."""
    return ServiceError("InvalidExpressionException", message)


@lru_cache(maxsize=512)
def parse(expression: str) -> ast.Query:
    """The query, or an `InvalidExpressionException`."""
    return _Parser(expression).query()


class _Parser:
    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = _tokens(expression)
        self._next = 0

    def query(self) -> ast.Query:
        self._expect("SELECT")
        fields = self._list(self._field)
        where = self._or() if self._accept("WHERE") else None
        group_by: tuple[str, ...] = ()
        if self._accept("GROUP"):
            self._expect("BY")
            group_by = tuple(self._list(self._property))
        order_by: tuple[ast.Order, ...] = ()
        if self._accept("ORDER"):
            self._expect("BY")
            order_by = tuple(self._list(self._order))
        if self._peek().kind != "end":
            raise self._mistake()
        return _checked(ast.Query(tuple(fields), where, group_by, order_by))

    def _field(self) -> ast.Field:
        if self._accept_mark("*"):
            return ast.Star()
        return self._value_field()

    def _value_field(self) -> ast.Property | ast.Aggregate:
        token = self._peek()
        following = self._tokens[min(self._next + 1, len(self._tokens) - 1)]
        if token.text.upper() not in _FUNCTIONS or following.text != "(":
            return ast.Property(self._property())
        self._take()
        self._expect_mark("(")
        function = token.text.upper()
        star = function == "COUNT" and self._accept_mark("*")
        path = "*" if star else self._property()
        self._expect_mark(")")
        return ast.Aggregate(function, path)

    def _order(self) -> ast.Order:
        field = self._value_field()
        if self._accept("DESC"):
            return ast.Order(field, True)
        self._accept("ASC")
        return ast.Order(field, False)

    def _or(self) -> ast.Condition:
        condition = self._and()
        while self._accept("OR"):
            condition = ast.Or(condition, self._and())
        return condition

    def _and(self) -> ast.Condition:
        condition = self._not()
        while self._accept("AND"):
            condition = ast.And(condition, self._not())
        return condition

    def _not(self) -> ast.Condition:
        if self._accept("NOT"):
            return ast.Not(self._not())
        if self._accept_mark("("):
            condition = self._or()
            self._expect_mark(")")
            return condition
        return self._comparison()

    def _comparison(self) -> ast.Condition:
        path = self._property()
        token = self._take()
        if token.kind == "mark" and token.text in "=<>":
            return ast.Compare(path, token.text, self._literal())
        if token.is_word("IN"):
            return ast.In(path, self._literals())
        if token.is_word("NOT") and self._accept("IN"):
            return ast.Not(ast.In(path, self._literals()))
        if token.is_word("BETWEEN"):
            low = self._literal()
            self._expect("AND")
            return ast.Between(path, low, self._literal())
        if token.is_word("LIKE"):
            return _like(path, self._literal())
        raise self._mistake(token)

    def _literals(self) -> tuple[ast.Literal, ...]:
        self._expect_mark("(")
        values = self._list(self._literal)
        self._expect_mark(")")
        return tuple(values)

    def _literal(self) -> ast.Literal:
        token = self._take()
        if token.kind == "text":
            return token.text[1:-1].replace("''", "'")
        if token.kind == "number":
            return float(token.text)
        if token.is_word("TRUE") or token.is_word("FALSE"):
            return token.is_word("TRUE")
        raise self._mistake(token)

    def _property(self) -> str:
        token = self._take()
        word = token.text.upper()
        if token.kind != "name" or word in _KEYWORDS or word in _UNSUPPORTED:
            raise self._mistake(token)
        if token.text.split(".")[0] not in PROPERTIES:
            raise invalid(f"Property {token.text} is not valid")
        return token.text

    def _list(self, member: Callable[[], T]) -> list[T]:
        members = [member()]
        while self._accept_mark(","):
            members.append(member())
        return members

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _accept(self, word: str) -> bool:
        found = self._peek().is_word(word)
        self._next += found
        return found

    def _accept_mark(self, mark: str) -> bool:
        token = self._peek()
        found = token.kind == "mark" and token.text == mark
        self._next += found
        return found

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._mistake()

    def _expect_mark(self, mark: str) -> None:
        if not self._accept_mark(mark):
            raise self._mistake()

    def _mistake(self, token: Token | None = None) -> ServiceError:
        return _syntax_error(self._expression, (token or self._peek()).at)


def _tokens(expression: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while rest := expression[at:].strip():
        at = len(expression) - len(expression[at:].lstrip())
        match = _TOKEN.match(expression, at)
        if not match or not rest:
            raise _syntax_error(expression, at)
        tokens.append(Token(str(match.lastgroup), match.group().strip(), at))
        at = match.end()
    tokens.append(Token("end", "", len(expression)))
    return tokens


def _syntax_error(expression: str, at: int) -> ServiceError:
    before = expression[:at]
    line = before.count("\n") + 1
    column = at - (before.rfind("\n") + 1) + 1
    return invalid(f"syntax error at line {line}, column {column}")


def _like(path: str, pattern: ast.Literal) -> ast.Like:
    """The guide: a wildcard only at the end, after at least three characters."""
    if not isinstance(pattern, str):
        raise invalid("LIKE takes a string")
    wildcard = pattern[-1:] if pattern[-1:] in ("%", "_") else ""
    prefix = pattern.removesuffix(wildcard)
    if "%" in prefix or "_" in prefix:
        raise invalid("Only suffix wildcards are supported")
    if wildcard and len(prefix) < WILDCARD_CHARACTERS:
        raise invalid(f"Wildcard matches must be at least {WILDCARD_CHARACTERS} characters long")
    return ast.Like(path, prefix, wildcard)


def _checked(query: ast.Query) -> ast.Query:
    """What the grammar cannot say."""
    ordered_by_aggregate = any(isinstance(o.field, ast.Aggregate) for o in query.order_by)
    most = GROUP_BY_ORDERED if ordered_by_aggregate else GROUP_BY
    if len(query.group_by) > most:
        raise invalid(f"GROUP BY takes at most {most} properties here")
    if query.aggregates:
        _check_grouping(query)
    selected = {f.name for f in query.fields if not isinstance(f, ast.Star)}
    starred = any(isinstance(f, ast.Star) for f in query.fields)
    for order in query.order_by:
        # The guide: ORDER BY sorts by output properties.
        if order.field.name not in selected and not (starred and order.field.name in STAR):
            raise invalid(f"ORDER BY {order.field.name} is not selected")
    return query


def _check_grouping(query: ast.Query) -> None:
    for field in query.fields:
        if isinstance(field, ast.Star):
            raise invalid("* does not go with aggregates")
        if isinstance(field, ast.Property) and field.path not in query.group_by:
            raise invalid(f"{field.path} is neither aggregated nor in GROUP BY")


#: What `*` selects: the guide's list of top-level scalar properties.
STAR = (
    "accountId",
    "awsRegion",
    "arn",
    "availabilityZone",
    "configurationItemCaptureTime",
    "resourceCreationTime",
    "resourceId",
    "resourceName",
    "resourceType",
    "version",
)
