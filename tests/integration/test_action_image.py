"""What the action's image has and has not: packages without what nobody calls, compiled ahead, deaf to the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from harness import BASE, ROOT, Images

from sm_ci.engine.client import Engine

IMPORT_ALL = """
import ast, importlib, pathlib
import sm_ci

failed, tried, here = [], set(), pathlib.Path(sm_ci.__file__).parent
class Run(ast.NodeTransformer):
    def visit_If(self, node):
        return None if "TYPE_CHECKING" in ast.unparse(node.test) else self.generic_visit(node)

for path in [*here.rglob("*.py"), *here.parent.glob("*.py")]:
    for node in ast.walk(Run().visit(ast.parse(path.read_text()))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module]
        else:
            continue
        for name in set(names) - tried:
            tried.add(name)
            try:
                importlib.import_module(name)
            except ImportError as error:
                failed.append(f"{path.relative_to(here.parent)}: {error}")
print(len(tried) > 100, *failed, sep="\\n")
"""
"""Imports whatever a module of ours imports anywhere, in its functions too."""
CLIENTS = """
import os
from botocore.session import Session

session = Session()
for service in os.environ["SERVICES"].split():
    region = "us-east-1" if service == "ecr-public" else "cn-north-1"
    client = session.create_client(service, region, aws_access_key_id="a", aws_secret_access_key="b")
    print(service, len(client.meta.service_model.operation_names) > 0, client.meta.endpoint_url)
print(len(session.get_available_services()))
"""


@pytest.fixture(scope="session")
def action(images: Images) -> str:
    return images.context("action", ROOT, BASE=BASE)


class Ran:
    """A program that ran in the image to its end: what it printed, and the files that it made."""

    def __init__(self, engine: Engine, image: str, *command: str, environ: Mapping[str, str], workspace: Path) -> None:
        host = engine.api.create_host_config(binds=[f"{workspace}:/github/workspace"], network_mode="none")
        container = engine.api.create_container(
            image, entrypoint=[command[0]], command=list(command[1:]), environment=dict(environ), host_config=host
        )["Id"]
        try:
            engine.api.start(container)
            self.status = int(engine.api.wait(container, timeout=120)["StatusCode"])
            self.output = engine.api.logs(container).decode()
            self.made = [str(change["Path"]) for change in engine.api.diff(container) or []]
        finally:
            engine.api.remove_container(container, force=True)


def python(engine: Engine, image: str, program: str, workspace: Path, **environ: str) -> Ran:
    command = ("/opt/sm-ci/venv/bin/python", "-I", "-c", program)
    return Ran(engine, image, *command, environ=environ, workspace=workspace)


def test_everything_that_is_imported_is_there_and_compiled(engine: Engine, action: str, tmp_path: Path) -> None:
    ran = python(engine, action, IMPORT_ALL, tmp_path)
    assert (ran.status, ran.output) == (0, "True\n")
    assert [path for path in ran.made if path.endswith(".pyc")] == []


def test_each_client_of_aws_can_be_made_and_no_other(engine: Engine, action: str, tmp_path: Path) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    services = dockerfile.partition('ARG AWS_SERVICES="')[2].partition('"')[0].split()
    ran = python(engine, action, CLIENTS, tmp_path, SERVICES=" ".join(services))
    assert ran.status == 0, ran.output
    *made, count = ran.output.splitlines()
    assert int(count) == len(services) > 3
    assert [line.split()[:2] for line in made] == [[service, "True"] for service in services]
    assert "sts True https://sts.cn-north-1.amazonaws.com.cn" in made
    assert "s3 True https://s3.cn-north-1.amazonaws.com.cn" in made


def test_no_module_of_the_workspace_or_of_home_takes_the_place_of_ours(
    engine: Engine, action: str, tmp_path: Path
) -> None:
    """As a workflow would have it: PYTHONPATH names the checkout, and HOME is shared with other actions of the job."""
    site = tmp_path / "home" / ".local" / "lib"
    folders = [tmp_path, *(site / f"python3.{minor}" / "site-packages" for minor in range(11, 16))]
    for folder in folders:
        for module in ("sm_ci", "click", "json", "usercustomize"):
            (folder / module).mkdir(parents=True)
            (folder / module / "__init__.py").write_text(f"raise SystemExit('{module} of somebody else')\n")
    environ = {
        "INPUT_COMMAND": "validate",
        "INPUT_SPEC": "none.yml",
        "PYTHONPATH": "/github/workspace",
        "PYTHONSTARTUP": "/github/workspace/sm_ci/__init__.py",
        "PYTHONHOME": "/github/workspace",
        "HOME": "/github/workspace/home",
    }
    ran = Ran(engine, action, "/opt/sm-ci/entrypoint.py", environ=environ, workspace=tmp_path)
    assert (ran.status, ran.output) == (
        2,
        "none.yml:1:1: does not exist; name the spec's YAML file\n1 error\n",
    )
