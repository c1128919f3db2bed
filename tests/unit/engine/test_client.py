"""An engine that hangs costs its time-out once."""

import socket
import tempfile
import time
from pathlib import Path

import pytest
import requests

from sm_ci.engine import client
from sm_ci.engine.client import Client


def test_an_engine_that_hung_once_is_given_less_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AFTER_HANGING", 0.05)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(Path(folder) / "sock"))
        listener.listen()
        api = Client(base_url=f"unix://{folder}/sock", version="1.41", timeout=0.4)  # type: ignore[arg-type] # whole seconds, say the stubs
        took = []
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(requests.exceptions.Timeout):
                api.containers()
            took.append(time.monotonic() - begun)
        api.close()
    assert took[0] >= 0.4
    assert took[1] < took[0]
