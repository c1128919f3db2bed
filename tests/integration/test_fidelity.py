"""What no other test shows of rows in the README's fidelity table."""

from __future__ import annotations

import json
import signal
import time
import zipfile
from pathlib import Path

from harness import Images, Run, Spec, containers_of, do, finish, launch, read_until

from sm_ci.engine.client import Engine


def test_the_memory_limit_holds_for_swap_too_and_the_images_stop_signal_is_sent(
    images: Images, spec: Spec, run: Run, tmp_path: Path, fixture_image: str
) -> None:
    """The fixture ignores SIGTERM and would be killed after 30 s; its image asks for SIGKILL, which ends it at once."""
    image = images.of("stop-signal", f"FROM {fixture_image}\nSTOPSIGNAL SIGKILL\n")
    bundle = tmp_path / "bundle.zip"
    ended = run(spec("ignore-sigterm", image=image, resources={"memory": "256MiB"}), "--bundle", str(bundle))
    assert ended.status == 0, ended.output
    stop = ended.result["hosting"]["stop"]
    assert (stop["exit_code"], stop["signalled"], stop["killed"]) == (137, True, False)
    assert stop["seconds"] < 15
    with zipfile.ZipFile(bundle) as archive:
        host = json.loads(archive.read("inspect/container.json"))["HostConfig"]
    assert (host["Memory"], host["MemorySwap"]) == (256 * 2**20, 256 * 2**20)


def test_an_isolated_containers_only_network_is_internal(spec: Spec, engine: Engine, tmp_path: Path) -> None:
    """A container on a bridge of its own reaches no other bridge, isolated or not, so that a peer proves nothing."""
    process = launch(spec(network_isolation=True, tests=[do("sleep", seconds=50)]), tmp_path)
    try:
        read_until(process, "running 1 test")
        [container] = containers_of(engine, process)
        networks = engine.raw.inspect_container(container)["NetworkSettings"]["Networks"]
        internal = [engine.raw.inspect_network(network["NetworkID"])["Internal"] for network in networks.values()]
    finally:
        process.send_signal(signal.SIGTERM)
        ended = finish(process, tmp_path, time.monotonic())
    assert ended.status == 130, ended.output
    assert internal == [True]


def test_what_callers_of_an_endpoint_never_see_can_be_asserted_on(spec: Spec, run: Run) -> None:
    """The container's own status, all its headers, an answer of 7 MB; one that comes in parts is whole."""
    own = {"status": 418, "headers": {"X-Own": "1"}, "text": "tea"}
    tests = [
        do("status", code=418, body="tea", headers={"X-Own": "1"}, expect=own),
        do("size", bytes=7_000_000),
        do("dribble", seconds=2, expect={"text": "....", "latency": "<60s"}),
    ]
    ended = run(spec(tests=tests, defaults={"warmup": 0}))
    assert ended.status == 0, ended.output
    assert set(ended.cases.values()) == {"passed"}
    assert "the answer has 7,000,000 bytes; InvokeEndpoint's documented maximum is 6,291,456" in ended.output
    dribbled = ended.result["cases"][2]["exchanges"][0]["outcome"]
    assert dribbled["total"] - dribbled["first_byte"] > 1
