"""What values a key can have: times, sizes, texts, unions by kind. Pure."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Strict, Tag, WithJsonSchema

from sm_ci.spec import units

Duration = Annotated[
    float,
    BeforeValidator(units.duration),
    WithJsonSchema({"type": "string", "pattern": units.DURATION_PATTERN, "examples": ["60s"]}),
]
Size = Annotated[
    int,
    BeforeValidator(units.size),
    WithJsonSchema({"type": "string", "pattern": units.SIZE_PATTERN, "examples": ["4GiB"]}),
]
Rate = Annotated[
    float,
    BeforeValidator(units.rate),
    WithJsonSchema({"type": "string", "pattern": units.RATE_PATTERN, "examples": ["20/s"]}),
]
Share = Annotated[
    float,
    BeforeValidator(units.share),
    WithJsonSchema({"type": "string", "pattern": units.SHARE_PATTERN, "examples": ["5%"]}),
]
UpperLimit = Annotated[
    units.Limit,
    BeforeValidator(units.limit),
    WithJsonSchema({"type": "string", "pattern": units.LIMIT_PATTERN, "examples": ["<250ms"]}),
]

TEXT, NUMBER, BOOLEAN, NULL, LIST, MAPPING = "<text>", "<number>", "<boolean>", "<null>", "<list>", "<mapping>"
KINDS = {TEXT: "text", NUMBER: "a number", BOOLEAN: "a boolean", NULL: "null", LIST: "a list", MAPPING: "a mapping"}
"""The tags of every union, each with its words in messages; no path of a document begins with `<`."""


def kind(value: object) -> str:
    """Which branch of a union is meant, so that a wrong value gives one error and not one a branch."""
    if isinstance(value, bool):
        return BOOLEAN
    for types, tag in ((str, TEXT), (int | float, NUMBER), (list | tuple, LIST), (dict | BaseModel, MAPPING)):
        if isinstance(value, types):
            return tag
    return NULL


Text = Annotated[str, Tag(TEXT)]
Whole = Annotated[int, Tag(NUMBER)]
Scalar = Annotated[
    Text | Annotated[int | float, Tag(NUMBER)] | Annotated[bool, Tag(BOOLEAN)] | Annotated[None, Tag(NULL)],
    Discriminator(kind),
]
Texts = Annotated[tuple[str, ...], Strict(strict=False)]
Rows = Annotated[tuple[Annotated[tuple[Scalar, ...], Strict(strict=False)], ...], Strict(strict=False)]
Status = Annotated[Whole | Text, Discriminator(kind)]
Statuses = Annotated[
    Whole | Text | Annotated[tuple[Status, ...], Strict(strict=False), Tag(LIST)],
    Discriminator(kind),
]
CsvBody = Annotated[Text | Annotated[Rows, Tag(LIST)] | Annotated[None, Tag(NULL)], Discriminator(kind)]
JsonSchema = Annotated[
    Text | Annotated[dict[str, Any], Tag(MAPPING)] | Annotated[None, Tag(NULL)],
    Discriminator(kind),
]
Expected = Any
"""A literal, or a mapping of `$` operators, at any depth; checked by `matchers`."""


class Model(BaseModel):
    """Frozen; unknown keys are errors; a value is never converted to another type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False, protected_namespaces=()
    )
