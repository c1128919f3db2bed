"""Each signature of a known failure, on lines as programs print them: what must match, and near misses that must not."""

import ast
import re
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sm_ci.diagnosis import find_cause, signature_of, state_cause
from sm_ci.diagnosis.__main__ import page
from sm_ci.diagnosis.lines import HEAD, LONGEST, TAIL
from sm_ci.diagnosis.signature import Role, Signature
from sm_ci.diagnosis.signatures import SIGNATURES, UNEXPLAINED

HERE = Path(__file__).parent
TESTS = HERE.parents[1]
FRAME = ["Traceback (most recent call last):", '  File "/opt/ml/model/code/inference.py", line 3, in model_fn']
MEMORY = "Give it more memory (instance_type or resources.memory), or load less."


def corpus() -> dict[str, dict[str, list[str]]]:
    """By the signature's id: `must` and `near`."""
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted((HERE / "corpus").glob("*.yml")):
        document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert not found.keys() & document.keys(), path
        found |= document
    return found


CORPUS = corpus()
BY_ID = {one.id: one for one in SIGNATURES}
LINES = [(name, which, at) for name, given in CORPUS.items() for which in given for at in range(len(given[which]))]


def told(known: Signature, said: str) -> str:
    """The id that such a log is told by: one line stands where the signature is looked for."""
    if known.role is Role.STATE:
        cause = state_cause([said])
    elif known.role is Role.EXCEPTION and "\n" not in said:
        cause = find_cause(["starting", *FRAME, said, "the end"])
    else:
        cause = find_cause(["starting", *said.splitlines(), "the end"])
    return cause.rule if cause else ""


@pytest.mark.parametrize(("name", "which", "at"), LINES, ids=[f"{name}-{which}-{at}" for name, which, at in LINES])
def test_what_must_match_is_told_by_this_signature_first_and_near_misses_are_not(
    name: str, which: str, at: int
) -> None:
    known, said = BY_ID[name], CORPUS[name][which][at]
    if which == "must":
        assert told(known, said) == name
        return
    alone = find_cause(said.splitlines())
    assert told(known, said) != name
    assert (alone.rule if alone else "") != name


def test_each_signature_has_lines_of_both_kinds() -> None:
    assert list(BY_ID) == list(dict.fromkeys(one.id for one in SIGNATURES))
    assert {name for name, given in CORPUS.items() if given["must"] and given["near"]} == set(BY_ID)
    assert len(SIGNATURES) == len(BY_ID)


@cache
def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("known", [*SIGNATURES, *UNEXPLAINED], ids=lambda one: one.id)
def test_each_says_what_it_is_what_to_do_and_where_it_was_seen(known: Signature) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", known.id)
    assert known.cause
    assert not known.cause.endswith(".")
    assert known.remedy
    assert re.fullmatch(r"https://[\w./#?=&~%-]+", known.link)
    assert 0 < known.confidence <= 1
    assert bool(known.observed) != bool(known.reported)
    if known.observed:
        path, _, test = known.observed.partition("::")
        assert test in names_in(TESTS / path)
    else:
        assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+", known.reported)
    groups = set(known.pattern.groupindex) | set(known.needs.groupindex if known.needs else ())
    assert set(re.findall(r"{(\w+)}", known.cause + known.remedy)) <= groups


def test_there_are_more_than_the_catalogues_cases_and_most_were_seen_here() -> None:
    assert len(SIGNATURES) >= 42
    assert sum(bool(one.observed) for one in SIGNATURES) >= 25


def test_a_weak_line_is_less_sure_than_a_fatal_one_of_the_same_kind() -> None:
    assert BY_ID["worker-died"].confidence < min(one.confidence for one in SIGNATURES if one.role is Role.FATAL)


BENIGN = (HERE / "benign.log").read_text(encoding="utf-8").splitlines()


def test_what_healthy_servers_print_is_no_failure() -> None:
    assert len(BENIGN) >= 40
    assert find_cause(BENIGN) is None
    assert [line for line in BENIGN if find_cause([line]) is not None] == []
    assert [line for line in BENIGN if state_cause([line]) is not None] == []


def test_an_error_that_nobody_knows_is_told_by_whose_code_raised_it() -> None:
    cause = find_cause([*FRAME, "ValueError: of the user's own"])
    assert cause is not None
    assert (cause.rule, cause.meaning, cause.remedy) == ("", "", "")
    assert signature_of(cause).id == "handler-error"
    library = find_cause([FRAME[0], '  File "/usr/lib/python3/dist-packages/x.py", line 3, in f', "ValueError: no"])
    assert library is not None
    assert signature_of(library).id == "library-error"


def test_the_words_name_what_it_is_about() -> None:
    cause = find_cause([*FRAME, "ImportError: libGL.so.1: cannot open shared object file: No such file or directory"])
    assert cause is not None
    assert cause.meaning == "the image has no libGL.so.1"
    assert cause.remedy == "Install the system package that holds it in the image."
    cause = find_cause(["/serve: line 4:    12 Killed"])
    assert cause is not None
    assert cause.meaning == "a process was killed from outside, most likely because the memory was not enough"
    assert cause.remedy == MEMORY


WARNED = (
    "/usr/lib/python3/sklearn/base.py:442: InconsistentVersionWarning: Trying to unpickle estimator SimpleImputer "
    "from version 1.0.2 when using version 1.7.2. This might lead to breaking code or invalid results."
)


def test_a_model_of_another_version_is_told_by_the_warning_before() -> None:
    error = "AttributeError: 'SimpleImputer' object has no attribute '_fill_dtype'"
    said = "the model was saved with scikit-learn 1.0.2, and the image has 1.7.2"
    both = find_cause([WARNED, *FRAME, error])
    assert both is not None
    assert (both.rule, both.meaning) == ("sklearn-version", said)
    beside = find_cause([*FRAME, error], beside=[WARNED])
    assert beside is not None
    assert beside.meaning == said
    without = find_cause([*FRAME, error])
    assert without is not None
    assert without.rule == ""
    assert find_cause([WARNED]) is None


def test_what_a_program_in_python_followed_is_told_before_it() -> None:
    """pip's own words, not the toolkit's exception that follows from them."""
    log = [
        "ERROR: No matching distribution found for nope==9",
        *FRAME,
        "ValueError: failed to install required packages",
    ]
    cause = find_cause(log)
    assert cause is not None
    assert cause.subject == "nope==9"


ATTACKS = [
    "(" * 4000,
    "Traceback (most recent call last):",
    "x Traceback (most recent call last):" + '  File "' * 500,
    '  File "' + "/a" * 2000,
    "a." * 2000,
    "A" * 4000 + ":",
    "Caused by: " * 400,
    "ERROR: Could not find a version that satisfies the requirement " + "(" * 3000,
    "unable to write " + "torch_1" * 500,
    '{"message": ' * 600,
    "[" * 4000,
    "exited " * 600,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_line_takes_long(attack: str) -> None:
    """A tenth of what is read of a huge log takes a tenth of a second."""
    count = (HEAD + TAIL) // 10 // min(len(attack), LONGEST)
    begun = time.process_time()
    find_cause([f"{number % 7} {attack}" for number in range(count)])
    assert time.process_time() - begun < 3


def test_of_a_huge_log_the_start_and_the_end_are_read() -> None:
    error = "ModuleNotFoundError: No module named 'nosuch'"
    noise = ["x" * 1000] * 2_000
    for log in ([*FRAME, error, *noise], [*noise, *FRAME, error]):
        cause = find_cause(log)
        assert cause is not None
        assert log[cause.index] == error
    assert find_cause([*noise, *FRAME, error, *noise]) is None


def test_the_page_of_all_diagnoses_is_what_the_signatures_say() -> None:
    """Made anew by: python -m sm_ci.diagnosis > docs/diagnoses.md."""
    assert (TESTS.parent / "docs/diagnoses.md").read_text(encoding="utf-8") == page()
    readme = (TESTS.parent / "README.md").read_text(encoding="utf-8")
    assert f"[{len(SIGNATURES) + len(UNEXPLAINED)} causes](docs/diagnoses.md)" in readme
