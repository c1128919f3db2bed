"""The action's image and its release, as far as files can tell: Dockerfile, requirements.lock, action.yml. Runs their scripts."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.session import Session
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
AWS = frozenset(Session().get_available_services())
MAKES_CLIENTS = re.compile(r"client|endpoint|ask\(")
CHAIN = {"signin", "sso", "sso-oidc"}
"""Of which botocore's own chain of credentials makes clients, beside sts."""
DIGEST = "sha256:" + "0123456789abcdef" * 4
SCRIPTS = ("script/lock", "script/release", "script/lib/machine.sh")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the scripts read, to be changed."""
    for name in (*SCRIPTS, "pyproject.toml", "requirements.lock", "CHANGELOG.md", "action.yml", "sm_ci/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    return tmp_path


def call(checkout: Path, script: str, *arguments: str) -> tuple[int, str]:
    """Exit status, and all that was said."""
    ended = subprocess.run(
        [checkout / "script" / script, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return ended.returncode, ended.stdout + ended.stderr


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {file.name}"
    file.write_text(text.replace(old, new), encoding="utf-8")


# requirements.lock.


def locked() -> dict[str, str]:
    """By package: its exact version."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK, re.MULTILINE))


def test_each_dependency_is_locked_within_its_range() -> None:
    found = locked()
    for wanted in map(Requirement, PROJECT["dependencies"]):
        version = found.get(canonicalize_name(wanted.name))
        assert version, f"{wanted.name} is not in requirements.lock"
        assert wanted.specifier.contains(version), f"{wanted} does not allow the locked {version}"


def test_every_locked_package_is_exact_and_has_hashes_and_no_address() -> None:
    entries = re.split(r"^(?=\S)", re.sub(r"^#.*\n", "", LOCK, flags=re.MULTILINE), flags=re.MULTILINE)
    entries = [entry for entry in entries if entry.strip()]
    assert len(entries) == len(locked()) > len(PROJECT["dependencies"])
    for entry in entries:
        assert re.match(r"[a-z0-9-]+==[^ ]+ (; .*)?\\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+( +#.*\n)+\Z", entry), (
            entry
        )
    assert "://" not in LOCK


def test_the_lock_is_of_the_dependencies_as_they_are() -> None:
    assert call(ROOT, "lock", "--check") == (0, "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('    "click>=8.1",\n', '    "click>=8.1",\n    "numpy>=2",\n', id="one more"),
        pytest.param('    "click>=8.1",\n', "", id="one less"),
        pytest.param('    "click>=8.1",\n', '    "click>=8.2",\n', id="another range"),
        pytest.param('requires-python = ">=3.11"', 'requires-python = ">=3.12"', id="another Python"),
    ],
)
def test_a_lock_of_other_dependencies_is_noticed_without_a_network(checkout: Path, old: str, new: str) -> None:
    replace(checkout / "pyproject.toml", old, new)
    message = (
        "lock: the dependencies in pyproject.toml have changed since requirements.lock was made: run script/lock.\n"
    )
    assert call(checkout, "lock", "--check") == (1, message)


def test_what_is_no_dependency_leaves_the_lock_alone(checkout: Path) -> None:
    replace(checkout / "pyproject.toml", 'license = "MIT"', 'license = "0BSD"')
    assert call(checkout, "lock", "--check") == (0, "")


def test_a_lock_that_is_missing_is_noticed(checkout: Path) -> None:
    (checkout / "requirements.lock").unlink()
    assert call(checkout, "lock", "--check") == (1, "lock: requirements.lock is not there: run script/lock.\n")


# Dockerfile.


def clients_in(path: Path) -> Iterator[str]:
    """The AWS services that a module names where it makes a client, or has one made."""
    text = path.read_text(encoding="utf-8")
    if not MAKES_CLIENTS.search(text):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            named = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and arg.value in AWS]
            if named and re.search(r"client|endpoint|^_?ask$", ast.unparse(node.func).rpartition(".")[2]):
                yield from map(str, named)


def test_the_image_keeps_the_service_data_of_the_clients_that_we_make() -> None:
    found = re.search(r'^ARG AWS_SERVICES="([^"]+)"$', DOCKERFILE, re.MULTILINE)
    assert found
    called = {service for path in (ROOT / "sm_ci").rglob("*.py") for service in clients_in(path)}
    assert called >= {"ecr", "ecr-public", "s3", "sts"}
    assert found[1].split() == [*sorted(called), *sorted(CHAIN)]


def test_the_context_has_what_is_copied_and_no_more() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {
        name
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for name in line.split()[:-1]
        if not name.startswith("--")
    }
    assert rules[0] == "*"
    assert "**/__pycache__" in rules
    assert allowed == copied
    assert all((ROOT / name).exists() for name in copied)


def test_the_base_is_a_tag_that_a_release_resolves() -> None:
    base = call(ROOT, "release", "base")[1].strip()
    assert re.fullmatch(r"[a-z0-9./-]+:[\w.-]+", base)
    assert DOCKERFILE.count(f"ARG BASE={base}\n") == 1
    assert set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) == {"${BASE}"}


def test_packages_are_installed_by_hash_alone() -> None:
    installs = [
        line for line in re.split(r"&& \\\n|^RUN ", DOCKERFILE.replace("\\\n        ", "")) if " install" in line
    ]
    assert len(installs) == 1
    assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(installs[0].split())


# script/release.


def test_a_release_changes_one_line_of_the_action(checkout: Path) -> None:
    before = (checkout / "action.yml").read_text(encoding="utf-8").splitlines()
    assert call(checkout, "release", "pin", f"ghcr.io/ann/sm-ci@{DIGEST}") == (0, "")
    after = (checkout / "action.yml").read_text(encoding="utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [("  image: Dockerfile", f"  image: docker://ghcr.io/ann/sm-ci@{DIGEST}")]
    again = call(checkout, "release", "pin", f"ghcr.io/ann/sm-ci@{DIGEST}")
    assert again == (1, "release: action.yml has not the one line '  image: Dockerfile'.\n")


@pytest.mark.parametrize("reference", ["ghcr.io/ann/sm-ci:1", "ghcr.io/ann/sm-ci@sha256:12", f"a|b@{DIGEST}", ""])
def test_an_image_without_its_whole_digest_is_refused(checkout: Path, reference: str) -> None:
    message = f"release: '{reference}' is not IMAGE@sha256: and 64 hexadecimal digits.\n"
    assert call(checkout, "release", "pin", reference) == (2, message)
    assert (checkout / "action.yml").read_bytes() == (ROOT / "action.yml").read_bytes()


def ready(checkout: Path) -> None:
    """Everything says 9.8.7."""
    version = f'version = "{PROJECT["version"]}"\n'
    replace(checkout / "pyproject.toml", version, 'version = "9.8.7"\n')
    (checkout / "sm_ci/__init__.py").write_text('"""Tests."""\n\n__version__ = "9.8.7"\n', encoding="utf-8")
    (checkout / "CHANGELOG.md").write_text(
        "# Changelog\n\n## [Unreleased]\n\n## [9.8.7] - 2026-11-30\n\n### Added\n\n- Much.\n\n## [9.8.6] - 2026-01-01\n\n- Less.\n",
        encoding="utf-8",
    )


def test_a_release_that_is_ready(checkout: Path) -> None:
    ready(checkout)
    assert call(checkout, "release", "check", "9.8.7") == (0, "")
    assert call(checkout, "release", "notes", "9.8.7") == (0, "### Added\n\n- Much.\n\n")


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("pyproject.toml", '"9.8.7"', '"9.8.6"', "pyproject.toml says version 9.8.6, not 9.8.7."),
        ("sm_ci/__init__.py", "9.8.7", "9.8.6", "sm_ci/__init__.py says version 9.8.6, not 9.8.7."),
        ("CHANGELOG.md", "[9.8.7]", "[9.9.0]", "the newest entry of CHANGELOG.md is 9.9.0, not 9.8.7."),
        ("CHANGELOG.md", "2026-11-30", "soon", "the entry 9.8.7 of CHANGELOG.md has no date but 'soon'."),
        ("action.yml", "image: Dockerfile", "image: Other", "action.yml has no line '  image: Dockerfile'."),
    ],
    ids=["project", "package", "changelog", "date", "action"],
)
def test_a_release_that_is_not_ready(checkout: Path, file: str, old: str, new: str, message: str) -> None:
    ready(checkout)
    replace(checkout / file, old, new)
    assert call(checkout, "release", "check", "9.8.7") == (1, f"release: {message}\n")


def test_a_release_with_a_stale_lock_is_not_ready(checkout: Path) -> None:
    ready(checkout)
    replace(checkout / "pyproject.toml", '    "click>=8.1",\n', "")
    status, said = call(checkout, "release", "check", "9.8.7")
    assert (status, said.startswith("lock: the dependencies in pyproject.toml have changed")) == (1, True)


@pytest.mark.parametrize("version", ["v1.2.3", "1.2", "1.2.3; true", ""])
def test_a_version_is_three_numbers(checkout: Path, version: str) -> None:
    message = f"release: a version is three numbers, as in 1.2.3, and not '{version}'.\n"
    assert call(checkout, "release", "check", version) == (2, message)
