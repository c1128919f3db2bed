"""The JSON Schemas 2020-12 of comparison.json and upgrade.json, made from their dataclasses. Pure.

`sm-ci.comparison.schema.json` and `sm-ci.upgrade.schema.json` at the top of the repository are their copies, and a test keeps
them current. Objects are open, as those of result.json; `schema`, and the number in the `$id`, count the changes that break readers.
"""

from __future__ import annotations

from sm_ci.report.result_schema import Schema, document, fields_of, head, object_of
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
    fields, definitions = fields_of(kind)
    whole = object_of(kind, fields | head(VERSION, _CONCLUSIONS))
    return document(identifier, title, whole, definitions)
