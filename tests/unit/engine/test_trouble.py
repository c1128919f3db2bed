"""The SDK's errors in our words."""

import http.client

import pytest
import requests
import urllib3
from docker.errors import APIError, DockerException

from sm_ci.engine.trouble import LOST_REMEDY, broken_way, explanation, fault
from sm_ci.errors import EngineFault


def wrapped(error: BaseException) -> requests.exceptions.ConnectionError:
    """As requests and urllib3 hand it over."""
    return requests.exceptions.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", error))


def refusal(status: int, words: str) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError(f"{status} Error", response=response, explanation=words)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (wrapped(PermissionError(13, "Permission denied")), "this user may not use the Docker engine"),
        (wrapped(FileNotFoundError(2, "No such file")), "the Docker engine takes no connections"),
        (wrapped(ConnectionRefusedError(111, "Connection refused")), "the Docker engine takes no connections"),
        (wrapped(ConnectionResetError(104, "reset by peer")), "the Docker engine closed the connection"),
        (wrapped(http.client.RemoteDisconnected("closed")), "the Docker engine closed the connection"),
        (
            requests.exceptions.ChunkedEncodingError(http.client.IncompleteRead(b"")),
            "the Docker engine closed the connection",
        ),
        (requests.exceptions.ReadTimeout("Read timed out."), "the Docker engine did not answer"),
        (wrapped(TimeoutError("timed out")), "the Docker engine did not answer"),
        (wrapped(http.client.BadStatusLine("what?")), "what answers is not the Docker engine"),
    ],
)
def test_a_broken_way_is_told_in_words_without_pythons_names(error: BaseException, words: str) -> None:
    lost = fault("inspect the container", error)
    assert str(lost) == f"could not inspect the container: {words}\n{LOST_REMEDY}"
    assert (lost.kind, lost.exit_status) == ("engine-lost", 3)


def test_the_engines_own_words_are_kept() -> None:
    assert explanation(refusal(409, " name is in use \n")) == "name is in use"
    assert explanation(DockerException("no such tool")) == "no such tool"
    assert explanation(DockerException()) == "DockerException"
    assert broken_way(refusal(500, "connection refused")) == ""


def test_a_refusal_and_a_failure_of_the_engine_have_other_remedies() -> None:
    refused, failed = (
        fault("create a network", refusal(403, "not you")),
        fault("create a network", refusal(500, "oops")),
    )
    assert str(refused) == "could not create a network: not you\nThe engine refused this: see its words."
    assert str(failed) == (
        "could not create a network: oops\n"
        "The engine failed at this: see its words, and its own log (journalctl -u docker)."
    )
    assert isinstance(refused, EngineFault)
    assert refused.kind == failed.kind == "engine-fault"


@pytest.mark.parametrize("words", ["write /x: no space left on device", "tar: No space left on device"])
def test_a_full_disk_is_told_as_such(words: str) -> None:
    full = fault("copy the model", refusal(500, words))
    assert str(full) == (
        f"no space left on the Docker engine's disk while trying to copy the model: {words}\n"
        "Free some: docker system df, docker system prune. Or use a larger runner."
    )
    assert full.kind == "disk-full"
