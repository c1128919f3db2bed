"""Which keys a place of the spec has, which come later, and which one a wrong key was meant to be. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from sm_ci.spec.model import Model, SpecFile
from sm_ci.spec.paths import Path
from sm_ci.spec.wording import did_you_mean

_LATER_KEYS: dict[tuple[str, ...], frozenset[str]] = {
    (): frozenset({"mode", "matrix", "exclude", "gpu", "execution_role", "evaluations", "load", "upgrade"}),
    ("image",): frozenset({"framework", "version", "region", "accelerator"}),
    ("contract",): frozenset({"fail_on", "skip"}),
    ("tests", "*"): frozenset({"cases", "ignore", "repeat", "each", "steps"}),
    ("tests", "*", "request"): frozenset({"stream"}),
    ("tests", "*", "expect"): frozenset({"array", "same_as", "over", "stream"}),
}
"""Keys of the language, version 1, that are not built yet."""

_LATER_VALUES: dict[tuple[str, ...], frozenset[str]] = {
    ("pull",): frozenset({"newer", "always"}),
    ("contract", "level"): frozenset({"quick", "full"}),
}


def comes_later(path: Path) -> bool:
    """Whether this key belongs to the language and is not built yet."""
    steps = _steps(path)
    return bool(steps) and steps[-1] in _LATER_KEYS.get(steps[:-1], ())


def value_comes_later(path: Path, value: object) -> bool:
    """Whether this value belongs to the language and is not built yet."""
    if path == ("model",):
        return isinstance(value, dict)
    return isinstance(value, str) and value in _LATER_VALUES.get(_steps(path), ())


def meant(path: Path) -> str:
    """A question that names the key that the last one of the path was meant to be, or nothing."""
    model = _model_at(path[:-1])
    wrong = str(path[-1])
    if model is None:
        return ""
    inside = [f"{name}.{wrong}" for name, child in _children(model) if wrong in _names(child)]
    return f"did you mean '{inside[0]}'?" if inside else did_you_mean(wrong, _names(model))


def belongs_beside(path: Path) -> str:
    """The key of the mapping that the last key of the path stands in, when the mapping above it has that key."""
    if len(path) < 2 or not isinstance(path[-2], str):
        return ""
    holder, wrong = path[-2:]
    model, parent = _model_at(path[:-1]), _model_at(path[:-2])
    if model is None or parent is None or wrong not in _names(parent):
        return ""
    return "" if any(wrong in _names(child) for _, child in _children(model)) else str(holder)


def _steps(path: Path) -> tuple[str, ...]:
    return tuple("*" if isinstance(key, int) else key for key in path)


def _names(model: type[Model]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _children(model: type[Model]) -> Iterator[tuple[str, type[Model]]]:
    """The keys whose values are mappings of known keys themselves."""
    for name, field in model.model_fields.items():
        child = _model_in(field.annotation)
        if child:
            yield field.alias or name, child


def _model_at(path: Path) -> type[Model] | None:
    model: type[Model] | None = SpecFile
    for key in path:
        if isinstance(key, str) and model:
            model = dict(_children(model)).get(key)
    return model


def _model_in(annotation: Any) -> type[Model] | None:
    """The model that a field's type is made of: itself, an item's, a branch's."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    return next((model for model in map(_model_in, get_args(annotation)) if model), None)
