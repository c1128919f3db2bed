from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sm_ci.errors import SpecError
from sm_ci.spec import Spec, load


@pytest.fixture
def loaded(tmp_path: Path) -> Callable[..., Spec]:
    """Loads a spec of this text, below `tmp_path/repository`, with these files beside it."""

    def write_and_load(
        text: str | bytes,
        *,
        files: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        workspace: Path | None = None,
    ) -> Spec:
        folder = tmp_path / "repository"
        folder.mkdir(exist_ok=True)
        path = folder / "sm-ci.yml"
        path.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content, encoding="utf-8")
        return load(path, variables=variables or {}, environ=environ or {}, workspace=workspace)

    return write_and_load


@pytest.fixture
def told(loaded: Callable[..., Spec], tmp_path: Path) -> Callable[..., list[str]]:
    """Everything that is said about a spec, errors or else warnings, with the temporary folder left out."""

    def findings(text: str | bytes, **given: object) -> list[str]:
        try:
            found = loaded(text, **given).findings
        except SpecError as error:
            found = error.findings
        return [str(finding).replace(f"{tmp_path}/repository/", "").replace(str(tmp_path), "TMP") for finding in found]

    return findings
