"""Models from a real S3 server, and what goes wrong on the way: by rclone's server, and a proxy before it that breaks things."""

from __future__ import annotations

import gzip
import io
import json
import random
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from standins.proxy import Proxy, Rule, free_port
from standins.s3 import S3

from sm_ci import artifact
from sm_ci.artifact import Cache, Means, ModelData
from sm_ci.artifact.s3 import Patience
from sm_ci.aws import Aws, SignIn
from sm_ci.errors import CannotServe, CredentialsMissing, CredentialsRefused, EnvironmentFault, ModelMissing

WEIGHTS = random.Random(1).randbytes(9_000_000)
"""More than two parts of 4 MiB."""
QUICK = Patience(stall=3.0, sleep=lambda _: None)
ANSWER = "GET /models/model.tar.gz"


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """These need no engine."""


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    with S3(tmp_path_factory.mktemp("s3")) as server:
        server.place("models/model.tar.gz", packed({"weights.bin": WEIGHTS, "code/inference.py": b"pass\n"}))
        server.place("models/large/weights.tgz", packed({"a": random.Random(2).randbytes(40_000_000)}))
        server.place("models/churn/weights.bin", WEIGHTS)
        server.place("models/churn/code/inference.py", b"pass\n")
        server.place("models/churn/code/empty", b"")
        for number in range(1203):
            server.place(f"many/model/{number % 7}/{number}", b"x")
        yield server


@pytest.fixture(scope="module")
def proxied(s3: S3) -> Iterator[Proxy]:
    with Proxy(s3.url) as proxy:
        yield proxy


@dataclass
class World:
    """A run's means: S3 behind a proxy, a folder, and all that was said."""

    means: Means
    proxy: Proxy
    s3: S3
    said: list[str] = field(default_factory=list)
    progress: list[artifact.Progress] = field(default_factory=list)

    def get(self, source: str, **changed: Any) -> ModelData:
        return artifact.obtain(source, Path(), source, replace(self.means, **changed))

    def fault(self, source: str = "s3://models/model.tar.gz", **changed: Any) -> EnvironmentFault:
        with pytest.raises(EnvironmentFault) as caught:
            self.get(source, **changed)
        assert list(self.means.scratch.iterdir()) == []
        return caught.value

    def refuse(self, code: str, status: int, message: str = "", on: str = ANSWER, **headers: str) -> None:
        """As S3 answers, with a body where there is one."""
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        rules = [Rule(match=on, do="status", status=status, body=body, headers=headers)]
        self.proxy.rules = [*rules, Rule(match="HEAD", do="status", status=status, headers=headers)]


@pytest.fixture
def world(s3: S3, proxied: Proxy, tmp_path: Path) -> World:
    proxied.reset()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    said: list[str] = []
    progress: list[artifact.Progress] = []
    means = Means(
        scratch=scratch, clients=s3.clients(proxied.url), patience=QUICK, on_progress=progress.append, say=said.append
    )
    return World(means=means, proxy=proxied, s3=s3, said=said, progress=progress)


def packed(files: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz", compresslevel=1) as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return sink.getvalue()


def test_an_archive_goes_straight_into_its_folder(world: World) -> None:
    data = world.get("s3://models/model.tar.gz")
    assert (data.folder / "weights.bin").read_bytes() == WEIGHTS
    assert (data.facts.source, data.facts.files, data.packed) == ("s3://models/model.tar.gz", 2, True)
    assert data.facts.size == len(WEIGHTS) + 5
    assert [path.name for path in world.means.scratch.rglob("*.gz")] == []
    assert len(world.proxy.requests(ANSWER)) == 3  # parts


def test_a_prefix_becomes_a_folder(world: World) -> None:
    data = world.get("s3://models/churn/")
    files = {
        str(path.relative_to(data.folder)): path.stat().st_size for path in data.folder.rglob("*") if path.is_file()
    }
    assert files == {"weights.bin": len(WEIGHTS), "code/inference.py": 5, "code/empty": 0}
    assert (data.folder / "weights.bin").read_bytes() == WEIGHTS
    assert (data.facts.files, data.facts.size, data.packed) == (3, len(WEIGHTS) + 5, False)


def test_progress_counts_bytes(world: World) -> None:
    world.get("s3://models/churn/")
    last = world.progress[-1]
    assert last.done == last.total == len(WEIGHTS) + 5
    assert str(last) == "downloaded 9 of 9 MiB"


def test_a_listing_has_more_than_one_page(world: World) -> None:
    data = world.get("s3://many/model/")
    assert data.facts.files == 1203
    assert len(world.proxy.requests("list-type=2")) == 2


def test_names_that_sagemaker_refuses(world: World) -> None:
    page = """<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>churn/</Key>
    <Size>0</Size><ETag>"d41d8cd98f00b204e9800998ecf8427e"</ETag></Contents></ListBucketResult>"""
    world.proxy.rules = [Rule(match="list-type=2", do="status", status=200, body=page)]
    with pytest.raises(CannotServe) as caught:
        world.get("s3://models/churn/")
    assert str(caught.value) == (
        "the model s3://models/churn/ holds churn/, an object that stands for a folder, as the S3 console makes them; "
        "SageMaker would not bring the endpoint into service "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html)\n"
        "Remove it: aws s3 rm 's3://models/churn/'"
    )


def test_a_key_that_does_not_exist(world: World) -> None:
    assert str(world.fault("s3://models/modle.tar.gz")) == (
        "the model s3://models/modle.tar.gz does not exist; "
        "SageMaker would say: Could not find model data at s3://models/modle.tar.gz.\n"
        "Did you mean s3://models/model.tar.gz?"
    )


def test_a_key_that_does_not_exist_where_listing_is_denied(world: World) -> None:
    world.proxy.rules = [Rule(match="list-type=2", do="status", status=403)]
    fault = world.fault("s3://models/deep/modle.tar.gz")
    assert fault.remedy == "See what there is: aws s3 ls 's3://models/deep/'"


def test_a_prefix_without_its_slash(world: World) -> None:
    fault = world.fault("s3://models/churn")
    assert isinstance(fault, ModelMissing)
    assert fault.remedy == "Did you mean s3://models/churn/ ? SageMaker wants the slash at the end of a prefix."


def test_a_prefix_without_objects(world: World) -> None:
    assert str(world.fault("s3://models/none/")) == (
        "there is no object below s3://models/none/; "
        "SageMaker would say: Could not find model data at s3://models/none/.\n"
        "See what there is: aws s3 ls 's3://models/none/'"
    )


@pytest.mark.parametrize("source", ["s3://no-such/model.tar.gz", "s3://no-such/churn/"])
def test_a_bucket_that_does_not_exist(world: World, source: str) -> None:
    assert str(world.fault(source)) == (
        f"there is no bucket no-such, where the model {source} should be\n"
        "Check the bucket's name; names are the same for all accounts of a partition."
    )


def test_no_permission(world: World) -> None:
    words = "User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: s3:GetObject"
    world.refuse("AccessDenied", 403, words)
    fault = world.fault()
    statement = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::models", "arn:aws:s3:::models/*"],
    }
    assert isinstance(fault, CredentialsRefused)
    assert fault.message == f"could not read s3://models/model.tar.gz: AWS denies it (AccessDenied: {words})"
    assert json.dumps(statement, indent=2) in fault.remedy
    assert fault.remedy.endswith(
        "Without s3:ListBucket S3 answers the same for an object that does not exist: is the key right?"
    )


def test_a_key_of_kms_that_is_denied(world: World) -> None:
    key = "arn:aws:kms:eu-west-1:1:key/2"
    world.refuse("AccessDenied", 403, f"User: x is not authorized to perform: kms:Decrypt on resource: {key}")
    fault = world.fault()
    assert fault.kind == "kms-denied"
    assert '"kms:Decrypt"' in fault.remedy
    assert f'"{key}"' in fault.remedy


def test_credentials_that_have_expired(world: World) -> None:
    world.refuse("ExpiredToken", 400, "The provided token has expired.")
    fault = world.fault()
    assert (type(fault), fault.kind) == (CredentialsRefused, "credentials-expired")


def test_a_wrong_secret_key(world: World) -> None:
    fault = world.fault(clients=world.s3.clients(world.proxy.url, secret="wrong"))
    assert (type(fault), fault.kind) == (CredentialsRefused, "credentials-wrong")


def test_clients_are_those_of_the_run(world: World) -> None:
    nowhere = {"AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
    aws = Aws(SignIn(), {**world.s3.environ, **nowhere}, hide=lambda _: None)
    assert world.get("s3://models/churn/", clients=aws.client).facts.files == 3


def test_no_credentials_are_wanted(world: World) -> None:
    with pytest.raises(CredentialsMissing) as caught:
        world.get("s3://models/model.tar.gz", clients=None)
    assert caught.value.message == (
        "the model s3://models/model.tar.gz is in S3, and no AWS credentials are to be used here"
    )


def test_an_archived_object(world: World) -> None:
    world.proxy.rules = [Rule(match="HEAD", do="status", status=200, headers={"x-amz-storage-class": "GLACIER"})]
    assert str(world.fault()) == (
        "the model s3://models/model.tar.gz is archived (GLACIER) and cannot be read\n"
        "Restore it first: aws s3api restore-object --bucket models --key 'model.tar.gz' --restore-request Days=7"
    )


def test_another_region_is_followed(world: World) -> None:
    clients = world.s3.clients(world.proxy.url)
    headers = {"x-amz-bucket-region": "eu-west-1"}
    world.proxy.rules = [Rule(match="(HEAD|GET) /models", do="status", status=301, headers=headers, times=1)]
    world.get("s3://models/model.tar.gz", clients=clients)
    signed = {entry.headers["authorization"].split("/")[2] for entry in world.proxy.log[1:]}
    assert signed <= {"eu-west-1", "us-east-1"}
    assert "eu-west-1" in signed


def test_an_object_that_is_replaced_meanwhile(world: World) -> None:
    world.proxy.rules = [
        Rule(match=ANSWER, do="status", status=412, body="<Error><Code>PreconditionFailed</Code></Error>")
    ]
    assert str(world.fault()) == (
        "the model s3://models/model.tar.gz was replaced while it was read\nRun it again once the upload is over."
    )


def test_cut_connections_are_taken_up_again(world: World) -> None:
    world.proxy.rules = [Rule(match=ANSWER, do="cut", after=500_000, times=6)]
    data = world.get("s3://models/model.tar.gz")
    assert (data.folder / "weights.bin").read_bytes() == WEIGHTS
    ranges = [entry.headers["range"] for entry in world.proxy.log if entry.request.startswith(ANSWER)]
    assert len(ranges) >= 8
    assert sum(entry.sent for entry in world.proxy.log if entry.request.startswith(ANSWER)) == (
        (world.s3.folder / "models/model.tar.gz").stat().st_size  # no byte came twice
    )


def test_a_server_that_cuts_at_once_each_time(world: World) -> None:
    world.proxy.rules = [Rule(match=ANSWER, do="refuse")]
    fault = world.fault()
    assert fault.kind in {"aws-unreachable", "s3-unreachable"}
    assert fault.message.startswith("could not read s3://models/model.tar.gz: ")


def test_throttling_passes(world: World) -> None:
    body = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    world.proxy.rules = [Rule(match="/models", do="status", status=503, body=body, times=3)]
    assert world.get("s3://models/model.tar.gz").facts.files == 2


def test_throttling_that_stays(world: World) -> None:
    world.refuse("SlowDown", 503, "Please reduce your request rate.")
    assert str(world.fault()) == (
        "could not read s3://models/model.tar.gz: AWS throttles the account's requests (SlowDown)\n"
        "Run fewer jobs at a time, or again later."
    )


def test_a_stall_is_given_up(world: World) -> None:
    world.proxy.rules = [Rule(match=ANSWER, do="stall", after=100_000)]
    begun = time.monotonic()
    fault = world.fault()
    assert fault.kind == "s3-stalled"
    assert fault.message.startswith("gave up on s3://models/model.tar.gz: no byte came for 3 s (of this part ")
    assert time.monotonic() - begun < 20


def test_a_stall_before_the_first_byte_is_given_up(world: World) -> None:
    world.proxy.rules = [Rule(match="HEAD", do="stall")]
    assert world.fault().kind == "s3-stalled"


def test_nobody_listens(world: World) -> None:
    fault = world.fault(clients=world.s3.clients(f"http://127.0.0.1:{free_port()}"))
    assert fault.kind == "aws-unreachable"


@pytest.mark.parametrize(
    ("source", "name"), [("s3://models/model.tar.gz", "model.tar.gz"), ("s3://models/churn/", "churn/weights.bin")]
)
def test_corrupted_bytes_are_the_networks_fault(world: World, source: str, name: str) -> None:
    world.proxy.rules = [Rule(match=f"GET /models/{name}", do="garble", after=1_000_000)]
    assert str(world.fault(source)) == (
        f"the bytes that came for s3://models/{name} are not those that S3 has: their MD5 is another\n"
        "Run it again. If it stays so, something between here and S3 changes them: a proxy, a faulty disk or memory."
    )


def test_an_etag_under_kms_is_no_checksum(world: World) -> None:
    world.s3.put("models/sealed/a", b"content")
    body = """<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>sealed/a</Key>
    <Size>7</Size><ETag>"0123456789abcdef0123456789abcdef"</ETag></Contents></ListBucketResult>"""
    sealed = {"ETag": '"0123456789abcdef0123456789abcdef"', "x-amz-server-side-encryption": "aws:kms"}
    world.proxy.rules = [
        Rule(match="list-type=2", do="status", status=200, body=body),
        Rule(match="GET /models/sealed/a", do="status", status=206, body="content", headers=sealed),
    ]
    assert (world.get("s3://models/sealed/").folder / "a").read_bytes() == b"content"


def test_a_damaged_archive_is_the_models_fault(world: World) -> None:
    world.s3.put("models/torn.tar.gz", packed({"a": WEIGHTS})[:-1000])
    with pytest.raises(CannotServe) as caught:
        world.get("s3://models/torn.tar.gz")
    assert caught.value.message == (
        "the model s3://models/torn.tar.gz is not a complete tar.gz archive (it was cut off: gzip's own end is missing); "
        "SageMaker would say: Failed to extract model data archive"
    )


def test_an_empty_object_and_a_pointer(world: World) -> None:
    world.s3.put("models/empty.tar.gz", b"")
    with pytest.raises(CannotServe, match="is empty, not compressed with gzip"):
        world.get("s3://models/empty.tar.gz")
    world.s3.put("models/pointer.tar.gz", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert world.fault("s3://models/pointer.tar.gz").kind == "git-lfs-pointer"


def test_a_link_stops_the_transfer(world: World) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    world.s3.put("models/link.tar.gz", gzip.compress(link.tobuf() + WEIGHTS, 1))
    with pytest.raises(CannotServe, match="holds a link, link -> /etc/passwd"):
        world.get("s3://models/link.tar.gz")


@pytest.mark.parametrize("source", ["s3://models/model.tar.gz", "s3://models/churn/"])
def test_a_second_run_downloads_nothing(world: World, tmp_path: Path, source: str) -> None:
    with Cache(tmp_path / "cache") as cache:
        first = world.get(source, cache=cache)
    world.proxy.log.clear()
    with Cache(tmp_path / "cache") as cache:
        second = world.get(source, cache=cache)
        assert (second.facts, second.names) == (first.facts, first.names)
        assert (first.cached, second.cached) == (False, True)
        assert (second.folder / "weights.bin").read_bytes() == WEIGHTS
    expected = "^HEAD /models/model.tar.gz" if source.endswith("gz") else "list-type=2"
    assert world.proxy.requests() == world.proxy.requests(expected)
    assert len(world.proxy.requests()) == 1


def test_an_object_that_changed_is_fetched_again(world: World, tmp_path: Path) -> None:
    world.s3.put("models/changing.tar.gz", packed({"a": b"one"}))
    with Cache(tmp_path / "cache") as cache:
        world.get("s3://models/changing.tar.gz", cache=cache)
        world.s3.put("models/changing.tar.gz", packed({"a": b"two"}))
        data = world.get("s3://models/changing.tar.gz", cache=cache)
    assert (data.folder / "a").read_bytes() == b"two"


def test_a_failed_transfer_leaves_nothing_in_the_cache(world: World, tmp_path: Path) -> None:
    world.proxy.rules = [Rule(match=ANSWER, do="stall", after=100_000)]
    with Cache(tmp_path / "cache") as cache:
        world.fault(cache=cache)
    assert [path.name for path in (tmp_path / "cache").rglob("*")] == []


def test_two_runs_fetch_it_once(world: World, tmp_path: Path) -> None:
    world.proxy.rules = [Rule(match=ANSWER, do="delay", seconds=0.3, times=3)]
    got: list[ModelData] = []

    def run() -> None:
        with Cache(tmp_path / "cache", say=world.said.append) as cache:
            got.append(world.get("s3://models/model.tar.gz", cache=cache))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(data.cached for data in got) == [False, True]
    assert len(world.proxy.requests(ANSWER)) == 3


PROGRAM = """
import sys
from pathlib import Path
from typing import Any
sys.path[:0] = sys.argv[4:]
from standins.s3 import Clients
from sm_ci import artifact
from sm_ci.interrupts import cancellable
from sm_ci.errors import Cancelled
with cancellable(), artifact.Cache(Path(sys.argv[1]) / "cache") as cache:
    means = artifact.Means(scratch=Path(sys.argv[1]), cache=cache if sys.argv[3] else None,
        clients=Clients(*sys.argv[2].split(" "), ""), on_progress=lambda _: print("moving", flush=True))
    try:
        artifact.obtain("s3://models/large/weights.tgz", Path(), "", means)
    except Cancelled:
        sys.exit(130)
"""


@pytest.mark.parametrize("cached", ["", "cached"])
def test_an_interrupt_in_the_middle_leaves_nothing(world: World, tmp_path: Path, cached: str) -> None:
    some = Rule(match="GET /models/large", do="delay", seconds=0, times=9)  # of ten parts, which come in any order
    world.proxy.rules = [some, Rule(match="GET /models/large", do="stall")]
    roots = [str(Path(__file__).parent), str(Path(__file__).parent.parent.parent)]
    client = f"{world.proxy.url} {world.s3.key} {world.s3.secret}"
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "scratch"), client, cached, *roots], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"moving\n"
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130
    assert time.monotonic() - begun < 10
    left = [path.name for path in (tmp_path / "scratch").rglob("*") if path.name != "cache"]
    assert left == []
