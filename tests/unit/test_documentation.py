"""What users read is what the code does: README.md, CHANGELOG.md, action.yml, the examples. Reads the repository's files.

When a key, option, output or matcher is added, these tests fail and say which row is missing.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import click
import pytest
import yaml

import entrypoint
import sm_ci
from sm_ci.checks.matching import compare
from sm_ci.cli import cli
from sm_ci.cli.options import access_options
from sm_ci.contract import suite
from sm_ci.differences import Comparison, ImageVersion, Subject, UpgradeResult, UpgradeVerdict, Verdict
from sm_ci.errors import Cancelled, SmCiError
from sm_ci.results import ImageFacts, RunResult
from sm_ci.runner import Runner
from sm_ci.spec import keys, load, units
from sm_ci.spec.document import read
from sm_ci.spec.matchers import OPERATORS, STRICT
from sm_ci.spec.model import SpecFile, Tolerance
from sm_ci.spec.schema import schema

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
EXAMPLES = sorted(ROOT.glob("examples/**/sm-ci.yml"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])

OWN_INPUTS = {"command", "spec", "working-directory"}  # what is the verb, the argument and the folder of a command line
NO_INPUTS = {"--list", "--online", "--json"}  # what a person asks at a terminal
NO_EXAMPLE: dict[str, str] = {}
"""Keys that no example uses, each with the reason."""
ACCESS = {option.opts[0] for option in cast("click.Command", access_options(click.command()(lambda: 0))).params}
"""The options for AWS, registries and the cache, which the README tells once."""


def section(title: str) -> str:
    """What stands under a heading, its own headings included."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,6}} |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no heading {title!r}"
    level, start = len(found[1]), found.start(2)
    end = re.search(rf"^#{{1,{level}}} ", README[start:], re.MULTILINE)
    return README[start : start + end.start()] if end else README[start:]


def rows(title: str) -> list[list[str]]:
    """The rows of the tables under a heading, heads left out, cells without the backslash before a pipe."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    cells = [[cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {at - 1 for at, row in enumerate(cells) if set("".join(row)) <= set("-: ")}
    return [row for at, row in enumerate(cells) if at not in heads and at - 1 not in heads]


def code(cell: str) -> str:
    """What a cell holds in backticks."""
    found = re.search(r"`+ ?(.+?) ?`+", cell)
    assert found, f"no code in {cell!r}"
    return found[1]


def blocks(language: str, begin: str = "") -> list[str]:
    """The README's fenced blocks of a language that begin so."""
    found = re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [block for block in found if block.startswith(begin)]


# The spec language.


def value_words(node: dict[str, Any]) -> str:
    """What may stand there, from the JSON schema of a key."""
    branches = node.get("anyOf") or node.get("oneOf")
    if branches:
        words = dict.fromkeys(value_words(branch) for branch in branches if branch.get("type") != "null")
        return "scalar" if set(words) >= {"text", "whole number or number"} else " or ".join(words)
    if "pattern" in node:
        return {
            units.DURATION_PATTERN: "time",
            units.SIZE_PATTERN: "size",
            units.LIMIT_PATTERN: "limit",
            units.RATE_PATTERN: "rate",
            units.SHARE_PATTERN: "share",
        }[node["pattern"]]
    if "const" in node or "enum" in node:
        return " or ".join(f"`{value}`" for value in node.get("enum", [node.get("const")]))
    match node.get("type"):
        case "array":
            return f"list of {value_words(node['items'])}"
        case "object" if "additionalProperties" in node and "properties" not in node:
            inner = node["additionalProperties"]
            return f"mapping of {value_words(inner if isinstance(inner, dict) else {})}"
        case None if "$ref" not in node:
            return "any value"
        case kind:
            words_of = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
            return words_of.get(str(kind), "mapping")


def default_words(node: dict[str, Any], *, required: bool) -> str:
    """The default as a spec would say it."""
    default = node.get("default")
    if required:
        return "required"
    if default is None or default in ({}, []) or isinstance(default, dict):
        return ""
    kind = value_words(node)
    if kind == "time":
        return f"`{default:g}s`"
    if kind == "size":
        return f"`{default // 2**20}MiB`" if default % 2**20 == 0 else f"`{default // 10**6}MB`"
    return f"`{default if isinstance(default, str) else json.dumps(default)}`"


def branches(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The branches of a union, and those of the unions among them."""
    for branch in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield branch
        yield from branches(branch)


def key_rows() -> Iterator[list[str]]:
    """Key, value, default, meaning: a row for every key of every model."""
    whole = SpecFile.model_json_schema(by_alias=True)

    def walk(model: dict[str, Any], prefix: str) -> Iterator[list[str]]:
        for key, node in model["properties"].items():
            path = f"{prefix}{key}"
            required = key in model.get("required", ())
            words = value_words(node)
            if path.startswith("tests[].expect.") and key != "schema":
                words = words.replace("any value", "expected value")
            yield [f"`{path}`", words, default_words(node, required=required), node["description"]]
            for part in (node, node.get("items", {}), *branches(node)):
                if "$ref" in part:
                    inner = whole["$defs"][part["$ref"].rpartition("/")[2]]
                    yield from walk(inner, f"{path}{'[]' if part is node.get('items') else ''}.")

    return walk(whole, "")


def key_paths(value: Any, known: set[str], prefix: str = "") -> Iterator[str]:
    """The keys of a written spec, those of free mappings left out."""
    if isinstance(value, list):
        for item in value:
            yield from key_paths(item, known, f"{prefix}[]")
    elif isinstance(value, dict):
        for key, inner in value.items():
            path = f"{prefix}.{key}" if prefix else str(key)
            if path in known:
                yield path
                yield from key_paths(inner, known, path)


def test_every_key_of_the_spec_has_its_row() -> None:
    wanted, found = list(key_rows()), rows("Every key")
    missing = [
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in wanted if row not in found
    ]
    assert missing == []
    assert [row for row in found if row not in wanted] == []


def test_the_json_schema_has_every_key() -> None:
    made = schema()
    places = {"": made["properties"], **{name: node.get("properties", {}) for name, node in made["$defs"].items()}}
    assert {key for place in places.values() for key in place} == {
        row[0].strip("`").split(".")[-1] for row in key_rows()
    }


def test_every_key_is_used_by_an_example() -> None:
    known = {row[0].strip("`") for row in key_rows()}
    texts = [*(path.read_text(encoding="utf-8") for path in EXAMPLES), *blocks("yaml", "version: 1\n")]
    used = {path for text in texts for path in key_paths(read("sm-ci.yml", text.encode()).root.value, known)}
    assert known - used == set(NO_EXAMPLE)


@pytest.mark.parametrize("text", blocks("yaml", "version: 1\n"), ids=lambda text: str(text).splitlines()[1])
def test_the_specs_of_the_readme_are_sound(tmp_path: Path, text: str) -> None:
    files = {
        ".git/HEAD": "",
        "container/Dockerfile": "FROM scratch\n",
        "container/serving.Dockerfile": "FROM scratch AS serve\n",
        "model/code/inference.py": "",
        "data/rows.csv": "1,2\n",
        "schemas/answer.json": "{}",
        "sm-ci.yml": text,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    assert load(tmp_path / "sm-ci.yml", variables={}, environ={"HF_TOKEN": "hf_x"}).findings == ()


def test_every_matcher_has_its_row() -> None:
    assert sorted(code(row[0]) for row in rows("Matchers")) == sorted({*OPERATORS, STRICT})


@pytest.mark.parametrize("row", rows("Matchers"), ids=lambda row: code(row[0]))
def test_a_matchers_example_holds(row: list[str]) -> None:
    matcher, accepted, refused = (read("row", f"x: {code(cell)}".encode()).root.value["x"] for cell in row[2:5])
    assert code(row[0]) in str(matcher)
    assert list(compare(matcher, accepted, tolerance=Tolerance())) == []
    assert list(compare(matcher, refused, tolerance=Tolerance())) != []


def test_what_is_not_supported_yet_is_listed() -> None:
    listed = {code(row[0]) for row in rows("Not supported yet")}
    later_keys = {
        ".".join((*place, key)).replace(".*", "[]") for place, names in keys._LATER_KEYS.items() for key in names
    }
    later_values = {f"{'.'.join(place)}: {value}" for place, values in keys._LATER_VALUES.items() for value in values}
    assert later_keys | later_values <= listed
    assert not listed & {code(row[0]) for row in key_rows()}


# The command line and the action.


def options(command: str) -> dict[str, str]:
    """The options of a command, each with its help."""
    params = cli.commands[command].params
    return {param.opts[0]: str(getattr(param, "help", "")) for param in params if param.opts[0].startswith("--")}


def test_the_command_line_has_its_rows() -> None:
    assert set(cli.commands) == {
        *("run", "serve", "init", "validate", "contract", "compare", "upgrade", "doctor", "image", "schema")
    }
    for command in cli.commands:
        table = rows(f"`sm-ci {command}`") if options(command) else []
        elsewhere = ACCESS if command in {"contract", "serve", "init", "compare", "upgrade"} else set()
        assert {code(row[0]).split()[0] for row in table} == set(options(command)) - elsewhere, command


def test_inputs_are_options_and_rows() -> None:
    inputs = ACTION["inputs"]
    taken: set[str] = set()
    for command, verb in entrypoint.COMMANDS.items():
        asked = {*verb.values, *verb.lists, *verb.flags, *(entrypoint.HIDDEN if verb.uses_registry else ())}
        assert {f"--{name}" for name in asked} == set(options(command)) - NO_INPUTS, command
        taken |= {*asked, verb.arguments} - {""}
    assert set(inputs) == taken | OWN_INPUTS
    table = {code(row[0]): row[1:] for row in rows("Inputs")}
    shown = {name: f"`{given['default']}`" if given["default"] else "" for name, given in inputs.items()}
    assert {name: row[0] for name, row in table.items()} == shown
    assert {name: row[1] for name, row in table.items()} == {
        name: given["description"] for name, given in inputs.items()
    }


def test_outputs_are_written_and_rows(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("junit.xml", "summary.md", "report.html", "result.json")]
    outputs = tmp_path / "outputs"
    outputs.touch()
    runner = Runner(workspace=tmp_path, output=outputs)
    runner.write_outputs([a_result()], files)
    versions = [tmp_path / name for name in ("junit.xml", "summary.md", "report.html", "upgrade.json")]
    runner.write_comparison_outputs(a_comparison(), versions)
    runner.write_upgrade_outputs(an_upgrade(), versions)
    assert set(re.findall(r"^(\S+)<<", outputs.read_text(), re.MULTILINE)) == set(ACTION["outputs"])
    table = {code(row[0]): row[1] for row in rows("Outputs")}
    assert table == {name: given["description"] for name, given in ACTION["outputs"].items()}


def a_result() -> RunResult:
    image = ImageFacts(reference="churn:1", id="sha256:1")
    now = datetime.now(UTC)
    return RunResult(
        schema=1, tool="sm-ci", id="1", name="churn", spec="sm-ci.yml", started=now, seconds=1.0, image=image
    )


def a_comparison() -> Comparison:
    side = Subject(label="image:churn:1", result=a_result())
    return Comparison(**ANY, verdict=Verdict.ALLOWED, baseline=side, candidate=side)


def an_upgrade() -> UpgradeResult:
    current = ImageVersion(reference="churn:1", tag="1")
    return UpgradeResult(**ANY, verdict=UpgradeVerdict.CURRENT, current=current)


ANY: dict[str, Any] = {
    "schema": 1,
    "tool": "sm-ci",
    "id": "1",
    "name": "churn",
    "spec": "sm-ci.yml",
    "started": datetime(2026, 1, 1, tzinfo=UTC),
    "seconds": 1.0,
}


def test_exit_statuses() -> None:
    def statuses(error: type[SmCiError]) -> Iterator[int]:
        yield error.exit_status
        for kind in error.__subclasses__():
            yield from statuses(kind)

    assert {int(code(row[0])) for row in rows("Exit status")} == {0, *statuses(SmCiError), Cancelled.exit_status}


def test_the_workflow_of_the_readme_is_the_example() -> None:
    (shown,) = blocks("yaml", "name: ")
    assert shown == (ROOT / "examples/workflows/pull-request.yml").read_text(encoding="utf-8")


# What SageMaker does, and what we do.


def test_every_check_of_the_contract_suite_has_its_row() -> None:
    told = [[f"`{rule.name}`", rule.weight, rule.level, f"[{rule.title}]({rule.source})"] for rule in suite.RULES]
    assert rows("The contract suite") == told


# The pages as such.


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## \[(\d[^]]*)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert project["version"] == sm_ci.__version__ == newest[1]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|mailto:)([^)\s#]*)(#[^)\s]+)?\)", page.read_text(encoding="utf-8"))
    for target, anchor in targets:
        file = (page.parent / target) if target else page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert anchor[1:] in slugs, anchor
