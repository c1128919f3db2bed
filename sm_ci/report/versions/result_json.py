"""comparison.json and upgrade.json: what the other reports show, for programs, in the forms of result.json. Pure."""

from __future__ import annotations

import dataclasses

from sm_ci.differences import Comparison, UpgradeResult
from sm_ci.report.result_json import document, text_of
from sm_ci.report.versions import documents, masking


def render(subject: Comparison | UpgradeResult) -> str:
    """The JSON document, secrets masked and left out; a line for each answer, change or candidate."""
    clean = masking.redactor(subject)
    of = documents.of_comparison(subject) if isinstance(subject, Comparison) else documents.of_upgrade(subject)
    return document({field.name: text_of(getattr(of, field.name), clean) for field in dataclasses.fields(of)})
