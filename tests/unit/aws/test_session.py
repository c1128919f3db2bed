"""What signing in raises: our errors alone, with none of botocore's behind them."""

import traceback

import botocore.exceptions as aws
import pytest

from sm_ci.aws.session import _told
from sm_ci.errors import CredentialsMissing, EnvironmentFault


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (aws.SSLError(endpoint_url="x", error="y"), "could not go: TLS failed (SSL validation failed for x y)"),
        (
            aws.ReadTimeoutError(endpoint_url="x"),  # an OSError, by botocore's ancestry
            'could not go: AWS could not be reached (Read timeout on endpoint URL: "x")',
        ),
        (FileNotFoundError(2, "No such file", "/token"), "could not go: No such file: /token"),
    ],
)
def test_errors_of_botocore_end_here(error: Exception, message: str) -> None:
    with pytest.raises(EnvironmentFault) as caught, _told("go"):
        raise error
    assert caught.value.message == message
    assert type(error).__name__ not in "".join(traceback.format_exception(caught.value))


def test_ours_pass() -> None:
    with pytest.raises(CredentialsMissing, match="none here"), _told("go"):
        raise CredentialsMissing("none here")
    with pytest.raises(KeyError), _told("go"):
        raise KeyError("a bug")
