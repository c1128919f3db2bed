"""What every page is made with: the templates, the style sheet and its hash. Pure but for the files beside it."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from sm_ci import text

_UNIT = re.compile(
    r"(?<=\d) (?=(?:µs|ms|s|min|h|[KMGT]?i?B|cores)\b)|(?:(?<=\bp\d\d)|(?<=\bp\d\d\.\d)|(?<=\bp\d\d\.\d\d)) (?=\d)"
)
_FOLDER = Path(__file__).parent / "templates"


def page(template: str, **values: Any) -> str:
    """A whole page, with the style sheet and the policy that allows nothing else."""
    style, policy = _style()
    return str(rendered(template, style=style, policy=policy, **values))


def rendered(template: str, **values: Any) -> Markup:
    """What a template makes of the values: every one of them escaped, none of them able to hide."""
    made = _templates().get_template(template).render(**values)
    return Markup(made)  # noqa: S704 - a template's own output, escaped there


@cache
def _style() -> tuple[Markup, str]:
    """The style sheet, and the policy that allows it alone."""
    sheet = (_FOLDER / "style.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Markup(sheet), policy  # noqa: S704 - a file of this package


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        autoescape=True,
        finalize=_inert,
        loader=jinja2.FileSystemLoader(_FOLDER),
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["unbroken"] = _unbroken
    return made


def _unbroken(said: str) -> str:
    """The same with a figure, its unit and its percentile on one line."""
    return _UNIT.sub("\u00a0", said)


def _inert(value: Any) -> Any:
    """What every value goes through before it is escaped: no control characters, lone surrogates, changes of direction."""
    return text.terminal(value) if isinstance(value, str) and not isinstance(value, Markup) else value
