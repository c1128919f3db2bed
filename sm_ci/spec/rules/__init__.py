"""What must hold between the keys of a spec and around it: every rule over the values, whatever the model said of them.

Reads the files that the spec names, of the environment only the secrets that it lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from sm_ci.errors import Finding
from sm_ci.spec.rules import environment, expectations, hosting, load, model, requests, streams, tests, upgrade
from sm_ci.spec.rules.files import Files
from sm_ci.spec.rules.schemas import Schemas
from sm_ci.spec.value import Value


def check(root: Value, *, directory: Path, workspace: Path | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Everything that is wrong or odd, in no order. `directory` is the spec's, absolute."""
    files = Files(directory=directory, workspace=workspace)
    schemas = Schemas(files=files)
    yield from hosting.check(root, files)
    yield from model.check(root, files)
    yield from environment.check(root, environ)
    yield from tests.check(root)
    yield from load.check(root)
    yield from upgrade.check(root, files)
    yield from requests.headers(root.at("defaults", "request"))
    for test in root.at("tests").items():
        yield from requests.check(test.at("request"), files)
        yield from expectations.check(test.at("expect"), schemas)
        yield from streams.check(test)
