"""What a Python module defines at its top, as far as can be told without running it. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef
_DYNAMIC = frozenset({"exec", "eval", "globals", "vars", "setattr", "__import__", "locals"})
_BLOCKS = ("body", "orelse", "finalbody")


@dataclass(slots=True)
class Definitions:
    """The names that a module binds. `open`: it may bind others, such as by `from x import *`."""

    functions: dict[str, list[Function]] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    conditional: set[str] = field(default_factory=set)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    open: bool = False

    def may_define(self, name: str) -> bool:
        """Whether the module has that name, or may have it."""
        return self.open or name in self.bound

    def has(self, name: str) -> bool:
        """Whether the module surely binds that name."""
        return name in self.bound and name not in self.conditional

    def function(self, name: str) -> Function | None:
        """The function of that name, when it is surely this one: defined once, plainly, without decorators."""
        found = self.functions.get(name, [])
        if len(found) != 1 or name in self.conditional or found[0].decorator_list:
            return None
        return found[0]


def definitions(module: ast.Module) -> Definitions:
    """All that the module binds at its top, under `if`, `try`, `with` and loops too."""
    found = Definitions()
    for node in ast.walk(module):
        if isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in _DYNAMIC):
            found.open = True
        if isinstance(node, ast.Attribute) and node.attr == "modules":  # sys.modules[__name__]
            found.open = True
    for statement, conditional in _statements(module.body):
        for name in _names(statement, found):
            if name in found.bound or conditional:
                found.conditional.add(name)  # it is bound twice: which of the two holds is not known
            found.bound.add(name)
        if isinstance(statement, ast.Import | ast.ImportFrom) and not conditional:
            found.imports.append(statement)
    return found


def _statements(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, bool]]:
    """Every statement at the module's top, and whether it may not be run."""
    waiting = [(statement, False) for statement in reversed(body)]
    while waiting:
        statement, conditional = waiting.pop()
        yield statement, conditional
        if isinstance(statement, Function | ast.ClassDef):
            continue
        sure = isinstance(statement, ast.With | ast.AsyncWith)
        inner = [one for block in _BLOCKS for one in getattr(statement, block, [])]
        for part in (*getattr(statement, "handlers", []), *getattr(statement, "cases", [])):
            inner += part.body
        waiting += [(one, conditional or not sure) for one in reversed(inner)]


def _names(statement: ast.stmt, found: Definitions) -> Iterator[str]:
    if isinstance(statement, Function):
        found.functions.setdefault(statement.name, []).append(statement)
        found.open = found.open or statement.name == "__getattr__"
        yield statement.name
    elif isinstance(statement, ast.ClassDef):
        yield statement.name
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            found.open = found.open or alias.name == "*"
            yield alias.asname or alias.name.partition(".")[0]
    else:
        yield from (
            node.id
            for part in _own(statement)
            for node in ast.walk(part)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del)
        )


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """The parts of a statement that are no statements."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child


@dataclass(frozen=True, slots=True, kw_only=True)
class Arity:
    """How many arguments a function takes by position. `named`: one that must be given by its name."""

    least: int
    most: int | None
    listed: int
    named: str = ""

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many."""
        return not self.named and self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.named:
            return f"{self.named} by its name"
        if self.most is None:
            return f"{self.least} or more arguments"
        if self.least != self.most:
            return f"{self.least} to {self.most} arguments"
        return f"{self.least} argument{'s' * (self.least != 1)}" if self.least else "no arguments"


def arity(function: Function) -> Arity:
    """The arguments of a function."""
    given = function.args
    plain = len(given.posonlyargs) + len(given.args)
    needed = (arg.arg for arg, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is None)
    extra = len(given.kwonlyargs) + bool(given.vararg) + bool(given.kwarg)
    return Arity(
        least=plain - len(given.defaults),
        most=None if given.vararg else plain,
        listed=plain + extra,
        named=next(needed, ""),
    )
