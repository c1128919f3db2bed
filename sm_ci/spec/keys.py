"""Which keys a place of the spec has, which come later, and which one a wrong key was meant to be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from sm_ci.spec.model import Model, SpecFile
from sm_ci.spec.paths import Path
from sm_ci.spec.wording import did_you_mean

_LATER_KEYS: dict[tuple[str, ...], frozenset[str]] = {
    (): frozenset({"mode", "matrix", "exclude", "evaluations"}),
    ("tests", "*"): frozenset({"cases", "ignore", "repeat", "each", "steps"}),
    ("tests", "*", "expect"): frozenset({"array", "same_as", "over"}),
}
"""Keys of the language, version 1, that are not built yet."""

_LATER_VALUES: dict[tuple[str, ...], frozenset[str]] = {}


def comes_later(path: Path) -> bool:
    """Whether this key belongs to the language and is not built yet."""
    steps = _steps(path)
    return bool(steps) and steps[-1] in _LATER_KEYS.get(steps[:-1], ())


def value_comes_later(path: Path, value: object) -> bool:
    """Whether this value belongs to the language and is not built yet."""
    return isinstance(value, str) and value in _LATER_VALUES.get(_steps(path), ())


def meant(path: Path) -> str:
    """A question that names the key that the last one of the path was meant to be, or nothing."""
    models, wrong = _models_at(path[:-1]), str(path[-1])
    children = [pair for model in models for pair in _children(model)]
    inside = [f"{name}.{wrong}" for name, child in children if wrong in _names(child)]
    names = [name for model in models for name in _names(model)]
    return f"did you mean '{inside[0]}'?" if inside else did_you_mean(wrong, names)


def of_another_kind(path: Path) -> bool:
    """Whether the last key of the path belongs to another kind of mapping that may stand there."""
    return any(path[-1] in _names(model) for model in _models_at(path[:-1]))


def belongs_beside(path: Path) -> str:
    """The key of the mapping that the last key of the path stands in, when the mapping above it has that key."""
    if len(path) < 2 or not isinstance(path[-2], str):
        return ""
    holder, wrong = path[-2:]
    models, parents = _models_at(path[:-1]), _models_at(path[:-2])
    if not models or not any(wrong in _names(parent) for parent in parents):
        return ""
    inside = any(wrong in _names(child) for model in models for _, child in _children(model))
    return "" if inside else str(holder)


def _steps(path: Path) -> tuple[str, ...]:
    return tuple("*" if isinstance(key, int) else key for key in path)


def _names(model: type[Model]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _children(model: type[Model]) -> Iterator[tuple[str, type[Model]]]:
    """The keys whose values are mappings of known keys themselves; twice where there are two kinds of mapping."""
    for name, field in model.model_fields.items():
        for child in _models_in(field.annotation):
            yield field.alias or name, child


def _models_at(path: Path) -> tuple[type[Model], ...]:
    models: tuple[type[Model], ...] = (SpecFile,)
    for key in path:
        if isinstance(key, str):
            models = tuple(child for model in models for name, child in _children(model) if name == key)
    return models


def _models_in(annotation: Any) -> tuple[type[Model], ...]:
    """The models that a field's type is made of: itself, an item's, a branch's."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return (annotation,)
    return tuple(model for argument in get_args(annotation) for model in _models_in(argument))
