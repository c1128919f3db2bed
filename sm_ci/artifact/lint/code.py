"""The modules that a family loads: whether they can be read, and have the functions that are called. Pure."""

from __future__ import annotations

import ast
import difflib
import posixpath
import sys
from collections import deque
from collections.abc import Iterator

from sm_ci.artifact.lint.definitions import Definitions, Function, arity, definitions
from sm_ci.artifact.lint.handlers import TOOLKIT_FUNCTIONS, Handler, handlers
from sm_ci.artifact.lint.host import TOOLKITS, Family
from sm_ci.artifact.lint.source import OURS, Trouble, parse, shown
from sm_ci.artifact.lint.view import ERROR, NOTICE, WARNING, Place, View, name
from sm_ci.errors import Finding, Severity

_MOST_MODULES = 300
_MOST_BYTES = 4 * 2**20
"""Bytes of the modules that a handler imports which are read."""
_COUNTING = frozenset({Family.PYTORCH, Family.MXNET, Family.MMS})
"""Families whose toolkit counts a function's arguments before it calls it."""
_TRITON_CLASS = "TritonPythonModel"


def check(view: View) -> Iterator[Finding]:
    """What is wrong with the modules that are loaded, and with those of the model that they import."""
    seen: set[str] = set()
    for handler in handlers(view):
        module, found = _read(view, handler.file, sure=handler.sure)
        seen.add(handler.file)
        yield from found
        if module is not None:
            yield from _functions(view, handler, module)
            yield from _imported(view, handler, module, seen)


def _read(view: View, file: str, *, sure: bool) -> tuple[ast.Module | None, list[Finding]]:
    """A module, or what keeps Python from reading it; neither when it is not there."""
    source = view.tree.text(file)
    parsed = parse(source, view.python) if source is not None else None
    if not isinstance(parsed, Trouble):
        return parsed, []
    message, severity, remedy = f"SyntaxError: {parsed.message}", ERROR if sure else WARNING, ""
    if parsed.newer:
        message = f"Python {shown(OURS)}, which sm-ci runs on, cannot read this: {message}"
        severity, remedy = WARNING, "look whether the image's Python is newer and can"
    elif parsed.older and view.python:
        message = f"{message}, for the image's Python {shown(view.python)}"
    at = Place(file=file, line=parsed.line, column=parsed.column)
    return None, [view.finding("handler-syntax", severity, message, remedy, at=at)]


def _imported(view: View, handler: Handler, module: ast.Module, seen: set[str]) -> Iterator[Finding]:
    """Syntax errors of the model's own modules that are imported in any case."""
    root, left = posixpath.dirname(handler.file), _MOST_BYTES
    waiting = deque([(handler.file, module)])
    while waiting and len(seen) < _MOST_MODULES:
        file, module = waiting.popleft()
        for node in definitions(module).imports:
            for candidate in _files(node, root, file):
                entry = view.tree.file(candidate)
                if entry is None or candidate in seen or entry.size > left:
                    continue
                seen.add(candidate)
                left -= entry.size
                inner, found = _read(view, candidate, sure=handler.sure)
                yield from found
                if inner is not None:
                    waiting.append((candidate, inner))


def _files(node: ast.Import | ast.ImportFrom, root: str, file: str) -> Iterator[str]:
    """Where a module of the model's own would stand that this statement loads."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _module(root, alias.name)
        return
    start = root
    if node.level:
        start = posixpath.dirname(file)
        for _ in range(node.level - 1):
            start = posixpath.dirname(start)
    if node.module:
        yield from _module(start, node.module, absolute=not node.level)
        start = posixpath.join(start, *node.module.split("."))
    for alias in node.names:
        if node.level or (node.module or "").partition(".")[0] not in sys.stdlib_module_names:
            yield from (posixpath.join(start, f"{alias.name}.py"), posixpath.join(start, alias.name, "__init__.py"))


def _module(start: str, dotted: str, *, absolute: bool = True) -> Iterator[str]:
    parts = dotted.split(".")
    if absolute and parts[0] in sys.stdlib_module_names:
        return
    for count in range(1, len(parts) + 1):
        path = posixpath.join(start, *parts[:count])
        yield from (f"{path}.py", f"{path}/__init__.py")


def _functions(view: View, handler: Handler, module: ast.Module) -> Iterator[Finding]:
    found = definitions(module)
    if view.family in TOOLKITS and handler.functions:
        yield from _toolkit(view, handler, found)
    elif view.family is Family.TENSORFLOW:
        yield from _tensorflow(view, handler, found)
    elif view.family is Family.DJL:
        yield from _djl(view, handler, found, module)
    elif view.family is Family.TRITON and not found.may_define(_TRITON_CLASS):
        message = f"has no class {_TRITON_CLASS}, which Triton's Python backend loads"
        yield view.finding("function-missing", view.refusal, message, at=Place(file=handler.file))
    for called, count in handler.functions.items():
        function = found.function(called)
        if function is not None and not found.open:
            yield from _call(view, handler, function, count)


def _toolkit(view: View, handler: Handler, found: Definitions) -> Iterator[Finding]:
    parts = [one for one in ("input_fn", "predict_fn", "output_fn") if found.has(one)]
    if found.has("transform_fn") and parts and not found.open:
        message = f"defines transform_fn together with {' and '.join(parts)}, and the toolkit refuses both at once"
        severity = ERROR if view.told else WARNING
        at = _at(handler, found.function("transform_fn"))
        yield view.finding("handler-mixed", severity, message, "keep transform_fn, or the others", at=at)
    needs_model = view.family in {Family.SKLEARN, Family.XGBOOST} and view.certain
    near = dict(_near(found))
    if needs_model and not found.may_define("model_fn") and "model_fn" not in near.values():
        message = f"has no function model_fn, and {view.family} has no other way to load the model"
        remedy = "write def model_fn(model_dir): …"
        yield view.finding("function-missing", view.refusal, message, remedy, at=Place(file=handler.file))
    for wrong, right in near.items():
        message = f"{name(wrong)} is no function that the toolkit calls"
        at = _at(handler, found.function(wrong))
        yield view.finding("function-missing", WARNING, message, f"did you mean {right}?", at=at)


def _near(found: Definitions) -> Iterator[tuple[str, str]]:
    """Functions whose name is nearly one that the toolkit calls, and which it does not have."""
    missing = [one for one in TOOLKIT_FUNCTIONS if not found.may_define(one)]
    used = "transform_fn" if found.has("transform_fn") else ""
    for one in found.functions:
        if one in TOOLKIT_FUNCTIONS or found.open or one.startswith("_"):
            continue
        near = difflib.get_close_matches(one.lower(), missing, n=1, cutoff=0.88)
        if near and not used:
            yield one, near[0]


def _tensorflow(view: View, handler: Handler, found: Definitions) -> Iterator[Finding]:
    both = ("input_handler", "output_handler")
    if found.has("handler") and any(found.has(one) for one in both) and not found.open:
        unused = " and ".join(one for one in both if found.has(one))
        message = f"defines handler, so that {unused} {'is' if ' and ' not in unused else 'are'} never called"
        at = _at(handler, found.function("handler"))
        yield view.finding("handler-mixed", WARNING, message, "keep handler, or the other two", at=at)
    elif not found.may_define("handler") and not all(found.may_define(one) for one in both):
        message = "has neither handler nor both of input_handler and output_handler"
        severity = ERROR if view.told else WARNING
        yield view.finding("function-missing", severity, message, at=Place(file=handler.file))


def _djl(view: View, handler: Handler, found: Definitions, module: ast.Module) -> Iterator[Finding]:
    called = next(iter(handler.functions))
    used = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    if found.may_define(called) or used & {"input_formatter", "output_formatter"}:
        return
    message = f"has no function {called}, which DJL Serving calls for each request"
    remedy = f"write def {called}(inputs): …"
    yield view.finding("function-missing", WARNING, message, remedy, at=Place(file=handler.file))


def _call(view: View, handler: Handler, function: Function, count: int) -> Iterator[Finding]:
    """Whether a function can be called as it will be."""
    takes, called = arity(function), function.name
    at = _at(handler, function)
    counts = (count, count + 1) if handler.context else (count,)
    severity = _fatal(view)
    if not any(takes.takes(one) for one in counts):
        needed = f"it is called with {count}" + (f", or with {count + 1} and the context" if handler.context else "")
        yield view.finding("function-arguments", severity, f"{called} takes {takes}, and {needed}", at=at)
    elif view.family in _COUNTING and takes.listed not in counts:
        message = f"{called} lists {takes.listed} arguments, and newer toolkits take {count} or {count + 1} only"
        yield view.finding("function-arguments", NOTICE, message, at=at)
    elif isinstance(function, ast.AsyncFunctionDef) and view.family is not Family.DJL:
        message = f"{called} is async, and {view.family} does not await it"
        yield view.finding("function-async", min(severity, WARNING, key=_weight), message, "write def", at=at)


def _fatal(view: View) -> Severity:
    return ERROR if view.told else NOTICE


def _weight(severity: Severity) -> int:
    return (NOTICE, WARNING, ERROR).index(severity)


def _at(handler: Handler, function: Function | None) -> Place:
    if function is None:
        return Place(file=handler.file)
    return Place(file=handler.file, line=function.lineno, column=function.col_offset + 1)
