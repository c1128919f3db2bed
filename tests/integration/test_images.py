"""Images that are not given, cannot run as they are, or are odd: what is said, when, and in every report."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

import pytest
from harness import Ended, Images, Run, Spec, do, echo, junit_element

from sm_ci.engine.client import Engine

BASE = "FROM sm-ci-base:latest\n"


def told(ended: Ended, name: str = "container comes into service") -> tuple[str, str, str]:
    """What JUnit says of a case: how it ended, as which kind, and why."""
    child = junit_element(ended, name)
    return ("passed", "", "") if child is None else (child.tag, child.get("type", ""), child.get("message", ""))


def assert_fault(ended: Ended, status: int, kind: str, message: str, remedy: str) -> None:
    """The run ended with this, before any test, and every report says so. A `…` stands for the engine's own words."""
    assert ended.status == status, ended.output
    assert "Traceback" not in ended.output
    start, engine, end = message.partition("…")
    said = ended.fault["message"]
    assert said == message if not engine else said.startswith(start) and said.endswith(end), said
    assert (ended.fault["kind"], ended.fault["remedy"]) == (kind, remedy)
    assert told(ended) == ("failure" if status == 1 else "error", kind, ended.fault["message"])
    assert told(ended, "echo")[0] == "skipped"
    assert ended.cases == {"echo": "not_run"}
    assert ended.result["conclusion"] == {1: "failure", 3: "error"}[status]
    assert f"✗ {ended.fault['message']}\n  {remedy}" in ended.output
    assert "Why the run stopped" in ended.summary
    assert ended.seconds < 45


class Refusing(http.server.BaseHTTPRequestHandler):
    """A registry that gives nothing to strangers: 401 asks for a login, 403 for none."""

    status: ClassVar[int] = 401
    errors: ClassVar[dict[int, tuple[str, str]]] = {
        401: ("UNAUTHORIZED", "authentication required"),
        403: ("DENIED", "requested access to the resource is denied"),
        500: ("UNKNOWN", "unknown error"),
    }

    def do_GET(self) -> None:
        code, message = self.errors[self.status]
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.send_response(self.status)
        if self.status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="registry"')
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def registry(status: int) -> Iterator[str]:
    """Its host and port; the engine speaks plain HTTP to 127.0.0.0/8."""
    handler = type("Handler", (Refusing,), {"status": status})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


LOGIN = "Give registry-username and registry-password."


@pytest.mark.parametrize(
    ("status", "kind", "message", "remedy"),
    [
        (
            401,
            "registry-login-missing",
            (
                "the registry {host} gives {image} only with a login, and there is none: HTTP 401, "
                "UNAUTHORIZED: authentication required"
            ),
            LOGIN,
        ),
        (
            403,
            "registry-denied",
            (
                "the registry {host} does not allow to pull {image}: HTTP 403, "
                "DENIED: requested access to the resource is denied"
            ),
            "Ask its owner to let this login pull from it.",
        ),
        (
            500,
            "registry-failed",
            "the registry {host} fails: HTTP 500, UNKNOWN: unknown error, asked for {image}",
            "Try again later; look at the registry's status page or log.",
        ),
    ],
    ids=["login wanted", "denied", "broken"],
)
def test_a_registry_that_does_not_give_the_image(
    spec: Spec, run: Run, status: int, kind: str, message: str, remedy: str
) -> None:
    with registry(status) as host:
        image = f"{host}/team/churn:1.9"
        ended = run(spec(image=image, pull="missing"))
    assert_fault(ended, 3, kind, message.format(host=host, image=image), remedy)


SHELL_FORM = (
    "The image's ENTRYPOINT is in shell form (sh -c …), which drops the argument 'serve'; "
    'write it in exec form: ENTRYPOINT ["serve"].'
)


def test_an_entry_point_that_swallows_the_argument_and_waits(images: Images, spec: Spec, run: Run) -> None:
    """To `sh -c` the argument `serve` is the name `$0`, and no program sees it."""
    image = images.of("swallows", BASE + 'ENTRYPOINT ["/bin/sh", "-c", "exec sleep 1000"]\n')
    ended = run(spec(image=image, startup_timeout="3s"))
    assert (ended.status, ended.fault["kind"]) == (1, "never-listened")
    assert ended.fault["message"] == (
        "GET /ping did not answer 200 within 3 s "
        "(the last try: connection refused; nothing listens in the container); "
        "SageMaker would say: did not pass the ping health check"
    )
    assert ended.fault["remedy"].startswith(f"{SHELL_FORM} It still ran, perhaps still loading; its log is empty.")
    assert told(ended) == ("failure", "never-listened", ended.fault["message"])
    assert ended.cases == {"echo": "not_run"}
    assert SHELL_FORM in ended.output
    assert ended.seconds < 45


def test_an_entry_point_in_shell_form_whose_program_is_not_there(images: Images, spec: Spec, run: Run) -> None:
    ended = run(spec(image=images.of("shell-form", BASE + "ENTRYPOINT train.py\n"), startup_timeout="60s"))
    assert_fault(
        ended,
        1,
        "exited-at-start",
        "the container exited with code 127 before GET /ping answered 200: serve: 1: train.py: not found",
        (
            "The image has no program train.py. Install it in the image, or give its whole path. "
            f"{SHELL_FORM} The log lines say where."
        ),
    )
    assert [line["text"] for line in ended.fault["log"]] == ["serve: 1: train.py: not found"]


PRIVATE = "RUN install -m 700 /usr/local/bin/serve /usr/local/bin/private && echo '[]' > /labels && chmod 600 /labels\n"


@pytest.mark.parametrize(
    ("name", "rest", "kind", "message", "remedy"),
    [
        (
            "private-program",
            'USER 1234\nENTRYPOINT ["/usr/local/bin/private"]\n',
            "not-executable",
            (
                "the image's program cannot be executed: /usr/local/bin/private is executable for its owner only "
                "(mode 700), and the image runs as 1234"
            ),
            "Add RUN chmod a+rx /usr/local/bin/private to the Dockerfile.",
        ),
        (
            "no-such-user",
            "USER nosuch\n",
            "not-executable",
            "the image's program cannot be executed: unable to find user nosuch: …",
            "Check ENTRYPOINT, USER and WORKDIR of the Dockerfile.",
        ),
        (
            "private-file",
            'USER 1234\nENTRYPOINT ["/bin/sh", "-c", "cat /labels && exec serve"]\n',
            "exited-at-start",
            "the container exited with code 1 before GET /ping answered 200: cat: /labels: Permission denied",
            (
                "The container's user may not do this. Change the file's mode or owner in the image (COPY --chmod), "
                "or the image's USER. The log lines say where."
            ),
        ),
    ],
    ids=["program", "no such user", "file"],
)
def test_a_user_that_may_not_use_its_own_files(
    images: Images, spec: Spec, run: Run, fixture_image: str, name: str, rest: str, kind: str, message: str, remedy: str
) -> None:
    image = images.of(name, f"FROM {fixture_image}\n{PRIVATE}{rest}")
    ended = run(spec(image=image, startup_timeout="60s"))
    assert_fault(ended, 1, kind, message, remedy)
    if name == "private-file":
        assert [line["text"] for line in ended.fault["log"]] == ["cat: /labels: Permission denied"]
        assert "cat: /labels: Permission denied" in ended.output


def test_a_user_of_a_number_alone_serves(images: Images, spec: Spec, run: Run, fixture_image: str) -> None:
    image = images.of("user-1234", f"FROM {fixture_image}\nUSER 1234:5678\n")
    ended = run(spec(image=image, tests=[do("whoami", expect={"json": {"uid": 1234}})]))
    assert ended.status == 0, ended.output
    assert ended.result["image"]["user"] == "1234:5678"


@pytest.mark.parametrize(
    ("name", "dockerfile", "kind", "message", "remedy"),
    [
        (
            "empty",
            "FROM scratch\nLABEL empty=1\n",
            "no-serve",
            "the image has no executable 'serve' on its PATH, and no ENTRYPOINT that takes it: …",
            (
                "SageMaker runs 'docker run IMAGE serve'. Put an executable file 'serve' on PATH (chmod +x), "
                'or set an ENTRYPOINT in exec form: ENTRYPOINT ["python", "/opt/program/serve.py"].'
            ),
        ),
        (
            "empty-with-entry-point",
            'FROM scratch\nENTRYPOINT ["/opt/serve"]\n',
            "not-executable",
            "the image's program cannot be executed: …/opt/serve: no such file or directory: unknown",
            "Check ENTRYPOINT, USER and WORKDIR of the Dockerfile.",
        ),
    ],
    ids=["empty", "entry point"],
)
def test_an_image_with_nothing_in_it(
    images: Images, spec: Spec, run: Run, name: str, dockerfile: str, kind: str, message: str, remedy: str
) -> None:
    ended = run(spec(image=images.of(name, dockerfile), startup_timeout="60s"))
    assert_fault(ended, 1, kind, message, remedy)
    assert ended.result["image"]["size"] == 0


def test_a_health_check_and_triggers_of_the_image_are_not_asked(
    images: Images, spec: Spec, run: Run, fixture_image: str
) -> None:
    """SageMaker knows neither: its health check is /ping, and triggers are for the next build."""
    dockerfile = f"FROM {fixture_image}\nHEALTHCHECK --interval=1s --retries=1 CMD exit 1\nONBUILD RUN exit 1\n"
    ended = run(spec(image=images.of("unhealthy", dockerfile), tests=[do("sleep", seconds=2.5), echo()]))
    assert ended.status == 0, ended.output
    assert ended.cases == {"sleep": "passed", "echo": "passed"}
    assert ended.result["findings"] == []


def test_a_crash_after_it_was_ready_ends_the_run_in_the_middle_of_a_request(spec: Spec, run: Run) -> None:
    tests = [echo("before"), do("sleep", seconds=50), echo("after")]
    ended = run(spec("crash-late", {"CRASH_AFTER": "2"}, tests=tests))
    assert ended.status == 1
    assert ended.cases == {"before": "passed", "sleep": "errored", "after": "not_run"}
    said = "the container exited with code 3"
    assert ended.reason("sleep").endswith(said)
    assert (ended.fault["kind"], ended.fault["remedy"]) == ("exited", "The tests after that were not run.")
    assert ended.fault["message"] == f"the container died while it was tested: {said}"
    assert "fixture: a thread gave up" in [line["text"] for line in ended.fault["log"]]
    assert told(ended) == ("failure", "exited", ended.fault["message"])
    assert (told(ended, "before")[0], told(ended, "sleep")[0], told(ended, "after")[0]) == (
        "passed",
        "error",
        "skipped",
    )
    assert ended.result["hosting"]["stop"]["exit_code"] == 3
    assert ended.seconds < 45  # the request alone would take 50


def read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    assert file is not None
    return file.read()


def of_another_architecture(engine: Engine, image: str, architecture: str, tag: str) -> str:
    """The same image, but its config says that it is for another architecture."""
    with tarfile.open(fileobj=io.BytesIO(b"".join(engine.raw.get_image(image)))) as saved:
        files = {member.name: read(saved, member) for member in saved if member.isreg()}
    (manifest,) = json.loads(files["manifest.json"])
    config = json.dumps({**json.loads(files[manifest["Config"]]), "architecture": architecture}).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    described = json.dumps([{**manifest, "Config": name, "RepoTags": [tag]}]).encode()
    kept = {layer: files[layer] for layer in manifest["Layers"]}
    loaded = io.BytesIO()
    with tarfile.open(fileobj=loaded, mode="w") as archive:
        for path, data in {**kept, name: config, "manifest.json": described}.items():
            info = tarfile.TarInfo(path)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    for line in engine.raw.load_image(loaded.getvalue()):
        assert "error" not in line, line
    return tag


def test_an_image_that_says_it_is_for_another_architecture(
    engine: Engine, images: Images, spec: Spec, run: Run
) -> None:
    """Its programs run here, and the manifest alone is wrong: SageMaker would still not start it."""
    small = images.of("for-arm64-source", "FROM scratch\nLABEL source=1\nCOPY serve /serve\n", serve="#!/nope\n")
    tag = of_another_architecture(engine, small, "arm64", "sm-ci-test/for-arm64:latest")
    ended = run(spec(image=tag, instance_type="ml.t2.medium"))
    assert ended.status == 1
    assert ended.result["image"]["platform"] == "linux/arm64"
    (warning,) = (finding for finding in ended.result["findings"] if finding["rule"] == "architecture")
    assert (warning["severity"], warning["path"]) == ("warning", "instance_type")
    assert warning["message"] == (
        "ml.t2.medium is x86_64, and the image is for linux/arm64: SageMaker could not start it"
    )
    assert warning["remedy"] == "build it with --platform linux/amd64"
    assert warning["message"] in ended.output
    assert warning["message"] in (ended.out / "junit.xml").read_text()
