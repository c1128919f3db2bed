"""Packages of rpm, from its database: SQLite since 4.16, SUSE's ndb, and Berkeley DB before. Pure but for SQLite's own reading."""

from sm_ci.engine.contents.rpm.databases import FOLDERS, packages

__all__ = ["FOLDERS", "packages"]
