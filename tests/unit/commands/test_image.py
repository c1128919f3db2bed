from __future__ import annotations

import io

import pytest

from sm_ci.commands.image import print_image
from sm_ci.errors import UsageError

LMI = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference"


def test_the_newest_of_a_version() -> None:
    out = io.StringIO()
    assert print_image("djl-lmi:0.36", region="us-east-1", stdout=out) == 0
    assert out.getvalue() == f"{LMI}:0.36.0-lmi28.0.0-cu130\n"


def test_every_one_the_newest_first() -> None:
    out = io.StringIO()
    assert print_image("djl-lmi:0.36", region="us-east-1", every=True, stdout=out) == 0
    lines = out.getvalue().splitlines()
    assert lines[0] == f"{LMI}:0.36.0-lmi28.0.0-cu130"
    assert lines[-1] == f"{LMI}:0.36.0-lmi18.0.0-cu128"
    assert len(lines) == 11


def test_the_names_that_are_known() -> None:
    out = io.StringIO()
    assert print_image("", region="", every=True, stdout=out) == 0
    assert {"djl-lmi", "djl-inference", "pytorch", "triton"} <= set(out.getvalue().splitlines())


def test_an_unknown_word_is_a_wrong_command_line() -> None:
    with pytest.raises(UsageError) as caught:
        print_image("pytroch:2.6", region="us-east-1", stdout=io.StringIO())
    assert (caught.value.exit_status, caught.value.kind) == (2, "framework-unknown")
    assert str(caught.value) == (
        "'pytroch' is no container of AWS that this version of sm-ci knows\nDid you mean 'pytorch'?"
    )
