"""The spec language: YAML in, a frozen Spec out, with a place for everything. `load` reads files, the rest is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from sm_ci.errors import Finding, Location

if TYPE_CHECKING:  # pydantic and YAML are slow to import
    from sm_ci.spec.model import SpecFile, Test
    from sm_ci.spec.tree import Document

__all__ = ["Case", "Spec", "load", "of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test of a spec. `id` is `spec::test`; `at` is where its name stands."""

    id: str
    name: str
    test: Test
    at: Location
    document: Document = field(repr=False, compare=False)
    index: int = field(repr=False)

    def place(self, *keys: str | int) -> Location:
        """Where a value of this test stands, such as ("expect", "status"); its nearest ancestor if it is not given."""
        return self.document.place(("tests", self.index, *keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One spec, ready to run. `path` is as the user gave it, `directory` its folder, absolute.

    `findings` are warnings; `secrets` the values of the environment variables that the spec names.
    """

    path: Path
    directory: Path
    name: str
    file: SpecFile
    cases: tuple[Case, ...]
    findings: tuple[Finding, ...]
    secrets: Mapping[str, str] = field(repr=False)
    document: Document = field(repr=False, compare=False)

    def place(self, *keys: str | int) -> Location:
        """Where a value of the spec stands; its nearest ancestor if it is not given."""
        return self.document.place(keys)


def load(
    path: Path,
    *,
    variables: Mapping[str, str],
    environ: Mapping[str, str],
    workspace: Path | None = None,
    need_secrets: bool = True,
) -> Spec:
    """Read and check the spec at `path`. SpecError has every error at once, and the warnings after them.

    `variables` are those of --var. Of `environ` only declared variables and listed secrets are read. With a `workspace`,
    as on a runner, files outside it are errors. Without `need_secrets` a secret that is not set is a warning.
    """
    from sm_ci.spec.loading import load_spec

    return load_spec(path, variables=variables, environ=environ, workspace=workspace, need_secrets=need_secrets)


def of(values: Mapping[str, object], title: Path, *, environ: Mapping[str, str], workspace: Path | None = None) -> Spec:
    """The spec that these values make, as if a file of that path held them. SpecError as for a file."""
    from sm_ci.spec.loading import spec_of

    return spec_of(values, title, environ=environ, workspace=workspace)
