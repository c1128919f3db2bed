"""The JSON Schemas 2020-12 of comparison.json and upgrade.json, made from their dataclasses. Pure.

`sm-ci.comparison.schema.json` and `sm-ci.upgrade.schema.json` at the top of the repository are their copies, and a test keeps
them current. Objects are open, as those of result.json; `schema`, and the number in the `$id`, count the changes that break readers.
"""

from __future__ import annotations

from sm_ci.report.result_schema import _DIALECT, Schema, _body, _fields, _first_paragraph, _object
from sm_ci.report.versions.documents import ComparisonDocument, UpgradeDocument

VERSION = 1
COMPARISON_ID, UPGRADE_ID = f"urn:sm-ci:comparison:{VERSION}", f"urn:sm-ci:upgrade:{VERSION}"
_CONCLUSIONS = ("success", "failure", "error", "cancelled")


def comparison() -> Schema:
    """The JSON Schema of comparison.json."""
    return _schema(ComparisonDocument, COMPARISON_ID, "comparison.json of sm-ci")


def upgrade() -> Schema:
    """The JSON Schema of upgrade.json."""
    return _schema(UpgradeDocument, UPGRADE_ID, "upgrade.json of sm-ci")


def _schema(kind: type, identifier: str, title: str) -> Schema:
    definitions: dict[str, Schema] = {"Blob": _body()}
    fields = dict(_fields(kind, definitions))
    head: dict[str, Schema] = {
        "schema": {"const": VERSION, "description": "Counts the changes of this shape that break readers."},
        "conclusion": {"enum": list(_CONCLUSIONS)},
        "exit_status": {"enum": [0, 1, 3, 130]},
    }
    return {
        "$schema": _DIALECT,
        "$id": identifier,
        "title": title,
        **_object(fields | head, _first_paragraph(kind)),
        "$defs": dict(sorted(definitions.items())),
    }
