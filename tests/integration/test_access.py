"""Images and models from elsewhere: the job's token, STS, ECR's login, the pull, S3, and what goes wrong on the way."""

from __future__ import annotations

import base64
import io
import json
import os
import random
import tarfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from harness import Ended, Images, Run, Spec, do, echo
from standins.aws import Account
from standins.ecr import named, region_of
from standins.oidc import TokenService
from standins.proxy import Proxy, Rule
from standins.registry import Registry
from standins.s3 import S3

from sm_ci.engine.client import Engine

SUBJECT = "repo:acme/models:ref:refs/heads/main"
MANIFESTS, BLOBS = "/manifests/", "GET .*/blobs/"
pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a name in /etc/hosts for a registry needs root"),
    pytest.mark.xdist_group("access"),
]


@dataclass(frozen=True)
class World:
    """AWS and GitHub on this machine. `host` is the registry's name, `proxy` the way to it, `bucket` the way to S3."""

    tokens: TokenService
    account: Account
    registry: Registry
    proxy: Proxy
    s3: S3
    bucket: Proxy
    host: str
    engine: Engine

    @property
    def role(self) -> str:
        return self.account.trust(sub=SUBJECT)

    def environ(self, **more: str) -> dict[str, str]:
        """A job with `id-token: write`, on a runner whose AWS is here."""
        aws = {**self.account.environ, "AWS_ENDPOINT_URL_S3": self.bucket.url}
        return {"GITHUB_ACTIONS": "true", **self.tokens.environ, **aws, **more}

    def image(self, name: str) -> str:
        return f"{self.host}/{name}"

    def forget(self, name: str) -> None:
        """The engine no longer has it."""
        if self.engine.api.images(name=self.image(name)):
            self.engine.api.remove_image(self.image(name), force=True)

    def unlock(self) -> None:
        """The registry takes the test's own login again; ECR's API replaces it by the one that it gives."""
        self.registry.password("of-the-tests-own", user="AWS")

    def secrets(self) -> list[str]:
        found = [*self.tokens.secrets, *self.account.secrets]
        return [*found, *(base64.b64encode(secret.encode()).decode() for secret in found)]


@pytest.fixture(scope="module")
def elsewhere(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, worker_id: str, fixture_image: str
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("elsewhere")
    host = f"123456789012.dkr.ecr.{region_of(worker_id)}.amazonaws.com"
    with ExitStack() as stack:
        registry = stack.enter_context(Registry(folder / "registry"))
        proxy = stack.enter_context(named(registry.host, host))
        tokens = stack.enter_context(TokenService())
        account = stack.enter_context(Account(tokens, htpasswd=registry.htpasswd, registry=host))
        s3 = stack.enter_context(S3(folder / "s3"))
        bucket = stack.enter_context(Proxy(s3.url))
        bucket.rewrite = s3.signed
        registry.push(engine.api, fixture_image, "team/fixture:1")
        yield World(tokens, account, registry, proxy, s3, bucket, host, engine)


@pytest.fixture
def world(elsewhere: World, tmp_path: Path) -> Iterator[World]:
    elsewhere.account.reset()
    elsewhere.tokens.mend()
    elsewhere.proxy.reset()
    elsewhere.bucket.reset()
    elsewhere.unlock()
    yield elsewhere
    elsewhere.forget("team/fixture:1")


def assert_no_secret(ended: Ended, world: World) -> None:
    """Neither in the console, but for the commands that mask them, nor in a report."""
    lines = ended.output.splitlines()
    console = "\n".join(line for line in lines if not line.startswith("::add-mask::"))
    texts = {"console": console, **{file.name: file.read_text() for file in ended.out.glob("*") if file.is_file()}}
    assert {name for name, text in texts.items() for secret in world.secrets() if secret in text} == set()


def archive(folder: Path, **files: str) -> bytes:
    """A model.tar.gz."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return buffer.getvalue()


WEIGHTS = do("read", "weights", path="/opt/ml/model/weights", expect={"json": {"text": "42"}})


def test_from_the_jobs_token_to_the_hosted_container(world: World, spec: Spec, run: Run, tmp_path: Path) -> None:
    """OIDC, STS, ECR's login, the pull, the model from S3, the container, the reports; and no secret in any of them."""
    world.s3.put("models/churn/model.tar.gz", archive(tmp_path, weights="42"))
    model = "s3://models/churn/model.tar.gz"
    path = spec(image=world.image("team/fixture:1"), pull="missing", model=model, tests=[echo(), WEIGHTS, do("env")])
    ended = run(path, "--role-to-assume", world.role, environ=world.environ())
    assert ended.status == 0, ended.output
    assert ended.cases == {"echo": "passed", "weights": "passed", "env": "passed"}
    assert ended.result["image"]["digest"].startswith("sha256:")
    assert (ended.result["model"]["source"], ended.result["model"]["files"]) == (model, 1)
    assert not [name for name in ended.body("env") if name.startswith("AWS_") and "REGION" not in name]
    assert world.account.calls == ["AssumeRoleWithWebIdentity", "GetAuthorizationToken"]
    assert_no_secret(ended, world)
    masked = [line for line in ended.output.splitlines() if line.startswith("::add-mask::")]
    assert len(masked) >= 5  # token, three parts of the credentials, the registry's login


def test_a_second_run_fetches_and_unpacks_nothing(world: World, spec: Spec, run: Run, tmp_path: Path) -> None:
    world.s3.put("models/second/model.tar.gz", archive(tmp_path, weights="42"))
    path = spec(model="s3://models/second/model.tar.gz", tests=[WEIGHTS])
    for fetched in (True, False):
        world.bucket.reset()
        ended = run(path, "--role-to-assume", world.role, environ=world.environ())
        assert ended.status == 0, ended.output
        assert bool(world.bucket.requests("^GET .*model.tar.gz")) is fetched
        assert ("kept from an earlier run" in ended.output) is not fetched


def test_files_below_a_prefix_and_additional_sources(world: World, spec: Spec, run: Run, tmp_path: Path) -> None:
    world.s3.put("models/plain/weights", b"42")
    world.s3.put("models/plain/code/inference.py", b"pass")
    (tmp_path / "draft").mkdir()
    (tmp_path / "draft" / "config").write_text("small")
    draft = do("read", "draft", path="/opt/ml/additional-model-data-sources/draft/config", expect={"status": 200})
    code = do("read", "code", path="/opt/ml/model/code/inference.py", expect={"json": {"text": "pass"}})
    model = {"source": "s3://models/plain/", "additional": {"draft": "./draft"}}
    environ = world.environ(GITHUB_WORKSPACE=str(tmp_path))
    ended = run(spec(model=model, tests=[WEIGHTS, code, draft]), "--role-to-assume", world.role, environ=environ)
    assert ended.status == 0, ended.output
    assert ended.body("draft") == {"text": "small"}


@pytest.mark.parametrize(
    ("rules", "source", "status", "kind"),
    [
        ([], "s3://models/nowhere.tar.gz", 3, "s3-no-object"),
        ([Rule(match="model.tar.gz", do="status", status=403)], "s3://models/denied/model.tar.gz", 3, "access-denied"),
        ([Rule(match="GET .*model.tar.gz", do="refuse")], "s3://models/cut/model.tar.gz", 3, "aws-unreachable"),
    ],
    ids=["missing", "denied", "cut"],
)
def test_a_model_that_s3_does_not_give(
    world: World, spec: Spec, run: Run, tmp_path: Path, rules: list[Rule], source: str, status: int, kind: str
) -> None:
    noise = random.Random(1).randbytes(20_000).hex()
    for name in ("denied", "cut"):
        world.s3.put(f"models/{name}/model.tar.gz", archive(tmp_path, weights=noise))
    world.bucket.rules = rules
    ended = run(spec(model=source), "--role-to-assume", world.role, environ=world.environ())
    assert (ended.status, ended.fault["kind"]) == (status, kind), ended.output
    assert ended.cases == {"echo": "not_run"}
    assert_no_secret(ended, world)


EXECUTION = "arn:aws:iam::123456789012:role/hosting"


@pytest.mark.alone
def test_the_container_gets_its_execution_roles_credentials_and_no_others(world: World, spec: Spec, run: Run) -> None:
    role = world.role
    world.account.trust(role=EXECUTION, sub=f"arn:aws:sts::123456789012:assumed-role/sm-ci/{SESSION}")
    path = spec(execution_role=EXECUTION, tests=[do("role"), do("env")])
    options = ("--role-to-assume", role, "--role-session-name", SESSION)
    ended = run(path, *options, environ=world.environ())
    assert ended.status == 0, ended.output
    given = ended.body("role")
    assert given["from"].startswith("http://169.254.170.2:")
    assert given["credentials"]["RoleArn"] == EXECUTION
    assert world.account.calls[-1] == "AssumeRole"
    assert sorted(name for name in ended.body("env") if name.startswith("AWS_") and "REGION" not in name) == [
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    ]
    assert_no_secret(ended, world)


SESSION = "pull-7"


@pytest.mark.alone
def test_an_isolated_container_gets_no_credentials(world: World, spec: Spec, run: Run) -> None:
    path = spec(execution_role=EXECUTION, network_isolation=True, tests=[do("role")])
    ended = run(path, environ=world.environ())
    assert ended.status == 0, ended.output
    assert ended.body("role") == {"credentials": None}
    assert world.account.calls == []


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}, "no-id-token-permission"),
        (
            {
                "ACTIONS_ID_TOKEN_REQUEST_URL": "",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "",
                "GITHUB_ACTOR": "dependabot[bot]",
            },
            "no-token-for-dependabot",
        ),
    ],
)
def test_a_job_without_a_token(world: World, spec: Spec, run: Run, environ: dict[str, str], kind: str) -> None:
    path = spec(image=world.image("team/fixture:1"), pull="missing")
    ended = run(path, "--role-to-assume", world.role, environ=world.environ(**environ))
    assert ended.status == 3
    assert ended.fault["kind"] == kind
    assert ended.seconds < 20


def fork(folder: Path) -> dict[str, str]:
    """What a pull request from a fork has."""
    repositories = {"head": {"repo": {"full_name": "ann/models"}}, "base": {"repo": {"full_name": "acme/models"}}}
    (folder / "event.json").write_text(json.dumps({"pull_request": repositories}))
    return {
        "ACTIONS_ID_TOKEN_REQUEST_URL": "",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
    }


def test_a_pull_request_from_a_fork_fails_or_is_skipped(world: World, spec: Spec, run: Run, tmp_path: Path) -> None:
    path = spec(image=world.image("team/fixture:1"), pull="missing", tests=[echo("one"), echo("two")])
    (tmp_path / "output").touch()
    environ = world.environ(**fork(tmp_path), GITHUB_OUTPUT=str(tmp_path / "output"))
    failed = run(path, "--role-to-assume", world.role, environ=environ)
    assert failed.status == 3
    why = failed.fault["message"]
    assert failed.fault["kind"] == "no-token-in-fork"
    assert "without-credentials: skip" in failed.fault["remedy"]
    skipped = run(path, "--role-to-assume", world.role, "--without-credentials", "skip", environ=environ)
    assert skipped.status == 0, skipped.output
    assert skipped.cases == {"one": "skipped", "two": "skipped"}
    assert skipped.reason("one") == why
    assert skipped.result["conclusion"] == "skipped"
    assert [case.find("skipped") is not None for case in skipped.junit.iter("testcase")][-2:] == [True, True]


def test_a_role_that_does_not_trust_the_job(world: World, spec: Spec, run: Run) -> None:
    ended = run(
        spec(image=world.image("team/fixture:1"), pull="missing"),
        "--role-to-assume",
        world.account.role,
        environ=world.environ(),
    )
    assert ended.status == 3
    assert ended.fault["kind"] == "trust-policy"
    assert SUBJECT in ended.fault["remedy"]
    assert_no_secret(ended, world)


def test_a_login_that_ecr_does_not_give(world: World, spec: Spec, run: Run) -> None:
    role = world.role
    world.account.deny("ecr:GetAuthorizationToken")
    ended = run(
        spec(image=world.image("team/fixture:1"), pull="missing"), "--role-to-assume", role, environ=world.environ()
    )
    assert (ended.status, ended.fault["kind"]) == (3, "access-denied")
    assert "ecr:GetAuthorizationToken" in ended.fault["remedy"]
    assert_no_secret(ended, world)


def test_a_tag_that_is_not_there_is_told_with_the_one_that_is(world: World, spec: Spec, run: Run) -> None:
    path = spec(image=world.image("team/fixture:v1"), pull="missing")
    ended = run(path, "--role-to-assume", world.role, environ=world.environ())
    assert (ended.status, ended.fault["kind"]) == (3, "tag-missing")
    assert ended.fault["message"].startswith(f"{world.host}/team/fixture has no tag v1: ")
    assert "'1'" in ended.fault["remedy"]
    assert world.proxy.requests(BLOBS) == []


def test_what_sagemaker_would_refuse_is_said_before_it_travels(world: World, spec: Spec, run: Run) -> None:
    entry = world.registry.image("team/attested", oci=True)
    attestation = world.registry.attestation("team/attested", entry["digest"])
    world.registry.index("team/attested:1", [entry, attestation])
    ended = run(
        spec(image=world.image("team/attested:1"), pull="missing"),
        "--role-to-assume",
        world.role,
        environ=world.environ(),
    )
    assert (ended.status, ended.fault["kind"]) == (1, "manifest-type")
    assert "Unsupported manifest media type application/vnd.oci.image.index.v1+json" in ended.fault["message"]
    assert "--provenance=false" in ended.fault["remedy"]
    assert ended.cases == {"echo": "not_run"}


def test_another_processor_is_said_before_it_travels(world: World, spec: Spec, run: Run) -> None:
    world.registry.image("team/arm:1", architecture="arm64")
    ended = run(
        spec(image=world.image("team/arm:1"), pull="missing"), "--role-to-assume", world.role, environ=world.environ()
    )
    assert (ended.status, ended.fault["kind"]) == (3, "platform-mismatch")
    assert ended.fault["message"] == (
        f"{world.host}/team/arm:1 is for linux/arm64, and the Docker engine here runs linux/amd64"
    )


class TestPull:
    """`pull: missing | newer | always`, told by what the registry is asked."""

    @pytest.fixture
    def tagged(self, world: World, fixture_image: str) -> str:
        """A tag of its own, by the name that the engine and sm-ci use."""
        world.registry.push(world.engine.api, fixture_image, "team/moving:1")
        world.engine.api.tag(fixture_image, world.image("team/moving"), "1")
        return world.image("team/moving:1")

    @pytest.fixture(autouse=True)
    def _forget(self, world: World) -> Iterator[None]:
        yield
        world.forget("team/moving:1")

    def go(self, world: World, run: Run, path: Path, **environ: str) -> Ended:
        world.proxy.reset()
        return run(path, "--role-to-assume", world.role, environ=world.environ(**environ))

    def test_missing_asks_nobody_when_it_is_there(self, world: World, spec: Spec, run: Run, tagged: str) -> None:
        ended = self.go(world, run, spec(image=tagged, pull="missing"))
        assert ended.status == 0, ended.output
        assert (world.proxy.log, world.account.calls, world.tokens.issued[1:]) == ([], [], world.tokens.issued[1:])

    def test_newer_pulls_a_tag_that_has_moved_and_no_other(
        self, world: World, spec: Spec, run: Run, tagged: str, images: Images, fixture_image: str
    ) -> None:
        first = self.go(world, run, spec(image=tagged, pull="always"))
        assert first.status == 0, first.output
        path = spec(image=tagged, pull="newer")
        same = self.go(world, run, path)
        assert same.status == 0, same.output
        assert world.proxy.requests(MANIFESTS)
        assert [one for one in world.proxy.log if "docker/" in str(one)] == []
        assert same.result["image"]["digest"] == first.result["image"]["digest"]
        other = images.of("moved", f"FROM {fixture_image}\nENV MOVED=1\n")
        world.unlock()
        digest = world.registry.push(world.engine.api, other, "team/moving:1")
        moved = self.go(world, run, path)
        assert moved.status == 0, moved.output
        assert moved.result["image"]["digest"] == digest
        [notice] = [finding for finding in moved.result["findings"] if finding["rule"] == "tag-moved"]
        assert notice["message"].startswith(f"{tagged} has moved in its registry: ")

    def test_newer_takes_a_local_image_that_no_registry_has(
        self, world: World, spec: Spec, run: Run, fixture_image: str
    ) -> None:
        world.engine.api.tag(fixture_image, world.image("team/local"), "1")
        try:
            ended = self.go(world, run, spec(image=world.image("team/local:1"), pull="newer"))
        finally:
            world.forget("team/local:1")
        assert ended.status == 0, ended.output
        [finding] = ended.result["findings"]
        assert (finding["rule"], finding["severity"]) == ("local-image", "notice")

    def test_newer_says_when_the_registry_does_not(self, world: World, spec: Spec, run: Run, tagged: str) -> None:
        role = world.role
        world.account.deny("ecr:GetAuthorizationToken")
        world.proxy.reset()
        ended = run(spec(image=tagged, pull="newer"), "--role-to-assume", role, environ=world.environ())
        assert ended.status == 0, ended.output
        [finding] = ended.result["findings"]
        assert finding["rule"] == "not-compared"
        assert finding["message"].startswith(f"whether there is a newer {tagged} is not known: ")

    def test_a_registry_that_fails_now_and_then(self, world: World, spec: Spec, run: Run) -> None:
        world.forget("team/fixture:1")
        role = world.role
        world.proxy.rules = [Rule(match=MANIFESTS, do="status", status=503, times=2)]
        ended = run(
            spec(image=world.image("team/fixture:1"), pull="missing"),
            "--role-to-assume",
            role,
            environ=world.environ(),
        )
        assert ended.status == 0, ended.output


class TestOtherRegistries:
    """A login of the command line, for the one registry that it is meant for."""

    def options(self, world: World, **more: str) -> list[str]:
        given = {"registry-username": world.registry.user, **more}
        return [part for name, value in given.items() for part in (f"--{name}", value)]

    def reference(self, world: World) -> str:
        return world.registry.reference("team/fixture:1")

    @pytest.fixture(autouse=True)
    def _known(self, world: World) -> Iterator[None]:
        world.registry.password("a-long-enough-password", user="bob")
        yield
        if world.engine.api.images(name=self.reference(world)):
            world.engine.api.remove_image(self.reference(world), force=True)

    def test_a_login(self, world: World, spec: Spec, run: Run) -> None:
        ended = run(
            spec(image=self.reference(world), pull="missing"),
            *self.options(world),
            environ={"SM_CI_REGISTRY_PASSWORD": world.registry.secret},
        )
        assert ended.status == 0, ended.output
        assert world.registry.secret not in ended.output

    @pytest.mark.parametrize(
        ("password", "registry", "kind"),
        [("wrong-password", "", "registry-login-refused"), ("", "other.example", "registry-login-missing")],
        ids=["wrong", "for another registry"],
    )
    def test_a_login_that_does_not_fit(
        self, world: World, spec: Spec, run: Run, password: str, registry: str, kind: str
    ) -> None:
        ended = run(
            spec(image=self.reference(world), pull="missing"),
            *self.options(world, **({"registry": registry} if registry else {})),
            environ={"SM_CI_REGISTRY_PASSWORD": password or world.registry.secret},
        )
        assert (ended.status, ended.fault["kind"]) == (3, kind), ended.output
        assert (password or world.registry.secret) not in ended.output


class Metadata(BaseHTTPRequestHandler):
    """The instance metadata service, as far as it is asked."""

    def do_PUT(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"token")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("where", "warned"), [("self-hosted", True), ("github-hosted", False)])
def test_a_runner_whose_role_is_open_to_the_container_is_told(spec: Spec, run: Run, where: str, warned: bool) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        ended = run(spec(), environ={"RUNNER_ENVIRONMENT": where, "AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint})
        server.shutdown()
    assert ended.status == 0, ended.output
    assert [finding["rule"] for finding in ended.result["findings"]] == ["instance-metadata-reachable"] * warned


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--registry-username", "bob"), "--registry-username is given without --registry-password"),
        (("--registry-password", "x"), "--registry-password is given without --registry-username"),
        (("--stall-timeout", "60"), "--stall-timeout '60' is not a time; write a number and a unit"),
        (("--cache-size", "lots"), "--cache-size 'lots' is not a size; write a number and a unit"),
        (("--without-credentials", "maybe"), "'maybe' is not one of 'fail', 'skip'"),
    ],
)
def test_options_that_cannot_be(spec: Spec, run: Run, options: tuple[str, ...], said: str) -> None:
    ended = run(spec(), *options)
    assert ended.status == 2
    assert said in ended.output.replace("\n", "; ").replace("W", "w"), ended.output
    assert not ended.out.exists()


def test_a_framework_that_nobody_knows_is_told_at_its_place(spec: Spec, run: Run) -> None:
    path = spec(image={"framework": "pytrch", "version": "2.6"})
    ended = run(path)
    assert ended.status == 2
    lines = ended.output.splitlines()
    assert lines[0].startswith(f"{path}:4:14: image.framework: 'pytrch' is no container of AWS")
    assert "did you mean 'pytorch'?" in lines[0].lower()


def test_an_aws_container_is_found_by_its_name(spec: Spec, run: Run) -> None:
    image = {"framework": "djl-lmi", "version": "0.36.0", "region": "us-west-2", "accelerator": "gpu"}
    ended = run(spec(image=image, pull="never"))
    assert (ended.status, ended.fault["kind"]) == (3, "image-missing")
    assert "763104351884.dkr.ecr.us-west-2.amazonaws.com/djl-inference:0.36.0-lmi" in ended.fault["message"]
