"""Tags page after page, from a server that answers as it is told, on this machine."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sm_ci.errors import CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image.listing import Listing, Meant, listed, meant
from sm_ci.image.login import Login
from sm_ci.image.reference import Reference
from sm_ci.image.registry import Patience, Registry

LIST = "/v2/team/churn/tags/list"


@dataclass(frozen=True)
class Page:
    """An answer of the server's."""

    body: str = '{"name": "team/churn", "tags": []}'
    link: str = ""
    status: int = 200
    asks: str = ""
    kind: str = "application/json"

    @classmethod
    def of(cls, *tags: object, link: str = "") -> Page:
        return cls(json.dumps({"name": "team/churn", "tags": tags}), link)


Answers = Callable[[str], Page]


@dataclass
class Server:
    """`asked` are the paths, in order."""

    host: str
    answer: Answers
    asked: list[str] = field(default_factory=list)

    def registry(
        self,
        name: str = "team/churn:1.0",
        login: Login | None = None,
        patience: Patience = Patience(attempts=1),  # noqa: B008 - frozen
    ) -> Registry:
        return Registry(Reference.parse(f"{self.host}/{name}"), login, patience=patience, sleep=lambda _: None)

    def listed(self, **limits: int) -> Listing:
        with self.registry() as registry:
            return listed(registry, **limits)

    def fault(self, login: Login | None = None) -> EnvironmentFault:
        with self.registry(login=login) as registry, pytest.raises(EnvironmentFault) as caught:
            listed(registry)
        return caught.value


@contextmanager
def serving(answer: Answers | Mapping[str, Page]) -> Iterator[Server]:
    """A registry of which each path answers as is said."""
    pages = answer if callable(answer) else lambda path: answer.get(path, Page(status=404))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            page = server.answer(self.path)
            self.send_response(page.status)
            self.send_header("Content-Type", page.kind)
            self.send_header("Content-Length", str(len(page.body.encode())))
            for name, value in (("Link", page.link), ("WWW-Authenticate", page.asks)):
                if value:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page.body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server = Server(host=f"127.0.0.1:{http.server_address[1]}", answer=pages)
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        http.shutdown()


FIRST = f"{LIST}?n=1000"


@pytest.mark.parametrize(
    "link",
    [
        f'<{LIST}?last=b&n=1000>; rel="next"',
        f"<{LIST}?last=b&n=1000>; rel=next",
        '<list?last=b&n=1000>; rel="next"',
        f'<http://127.0.0.1:1{LIST}?last=b&n=1000>; rel="next"',
        f'<https://elsewhere.invalid{LIST}?last=b&n=1000>; rel="next"',
        f'<{LIST}?n=1>; rel="first", <{LIST}?last=b&n=1000>; title="x"; rel="next"',
    ],
)
def test_the_next_page_is_asked_of_the_same_registry_however_the_link_is_written(link: str) -> None:
    pages = {FIRST: Page.of("a", "b", link=link), f"{LIST}?last=b&n=1000": Page.of("c", "b")}
    with serving(pages) as server:
        assert server.listed() == Listing(tags=("a", "b", "c"))
        assert server.asked[-2:] == [FIRST, f"{LIST}?last=b&n=1000"]


def test_ten_thousand_tags_in_small_pages() -> None:
    def page(path: str) -> Page:
        start = int(path.rpartition("last=")[2]) if "last=" in path else 0
        link = f'<{LIST}?n=100&last={start + 100}>; rel="next"' if start < 9_900 else ""
        return Page.of(*(f"1.0.{number}" for number in range(start, start + 100)), link=link)

    with serving(page) as server:
        found = server.listed(page=100)
        assert (len(found.tags), found.cut, found.tags[-1]) == (10_000, "", "1.0.9999")
        assert server.asked.count(f"{LIST}?n=100") == 1


OUT = "the link to its next page leads out of the registry's interface"


def around(path: str) -> Page:
    following = {"n=1000": "b", "last=b": "c", "last=c": "b"}[path.rpartition("?")[2]]
    return Page.of(f"1.{ord(following)}", link=f'<{LIST}?last={following}>; rel="next"')


def endless(path: str) -> Page:
    number = int(path.rpartition("last=")[2]) if "last=" in path else 0
    return Page.of(f"1.{number}", link=f'<{LIST}?last={number + 1}>; rel="next"')


@pytest.mark.parametrize(
    ("answer", "limits", "tags", "cut"),
    [
        (around, {}, ("1.98", "1.99"), "its pages lead round in a circle"),
        (endless, {"pages": 5}, ("1.0", "1.1", "1.2", "1.3", "1.4"), "only its first 5 tags were read"),
        (endless, {"tags": 3}, ("1.0", "1.1", "1.2"), "only its first 3 tags were read"),
        (lambda _: Page.of("a", "b", "c"), {"tags": 2}, ("a", "b"), "only its first 2 tags were read"),
        (lambda _: Page.of("a", link='</login>; rel="next"'), {}, ("a",), OUT),
        (lambda _: Page.of("a", link='<http://[x>; rel="next"'), {}, ("a",), "the link to its next page is malformed"),
        (lambda _: Page.of(link=f'<{LIST}?last=x>; rel="next"'), {}, (), ""),
        (lambda _: Page.of("a", link=f'<{LIST}?last=x>; rel="prev"'), {}, ("a",), ""),
    ],
    ids=["circle", "pages", "tags", "one-page", "elsewhere", "malformed", "nothing-more", "another-link"],
)
def test_pages_without_end_end(answer: Answers, limits: dict[str, int], tags: tuple[str, ...], cut: str) -> None:
    with serving(answer) as server:
        assert server.listed(**limits) == Listing(tags=tags, cut=cut)


@pytest.mark.parametrize("body", ['{"name": "team/churn", "tags": null}', '{"name": "team/churn"}', '{"tags": []}'])
def test_an_empty_repository(body: str) -> None:
    with serving({FIRST: Page(body)}) as server:
        assert server.listed() == Listing(tags=())


def test_a_registry_that_gives_no_thousand_at_once_is_asked_for_as_many_as_it_likes() -> None:
    no = Page('{"errors": [{"code": "PAGINATION_NUMBER_INVALID", "message": "invalid number"}]}', status=400)
    following = f"{LIST}?last=a"
    with serving({FIRST: no, LIST: Page.of("a", link=f"<{following}>; rel=next"), following: Page.of("b")}) as server:
        assert server.listed() == Listing(tags=("a", "b"))
    with serving({FIRST: no, LIST: no}) as server:
        assert server.fault().kind == "registry-refused"


def test_what_is_no_tag_of_an_image_is_left_out() -> None:
    digest = "ab" * 32
    signatures = (f"sha256-{digest}.sig", f"sha256-{digest}.att", f"sha256-{digest}", f"sha256-{digest}.sbom")
    odd = ("", "-x", "a b", "a/b", "::error::x", "x" * 129, 7, None, {"a": 1})
    with serving({FIRST: Page.of("1.0", *signatures, *odd, "1.0", "sha-3f2a9bc")}) as server:
        assert server.listed().tags == ("1.0", "sha-3f2a9bc")


DENIED = '{"errors": [{"code": "DENIED", "message": "not authorized to list"}]}'
UNKNOWN = '{"errors": [{"code": "NAME_UNKNOWN", "message": "repository name not known to registry"}]}'


def test_what_a_registry_says_in_place_of_tags() -> None:
    login = Login(username="ann", password="secret")
    with serving({FIRST: Page(UNKNOWN, status=404)}) as server:
        fault = server.fault()
        assert isinstance(fault, ImageMissing)
        assert (fault.kind, fault.message) == (
            "repository-missing",
            (
                f"the registry {server.host} has no repository team/churn: "
                "HTTP 404, NAME_UNKNOWN: repository name not known to registry"
            ),
        )
    with serving({FIRST: Page(DENIED, status=403)}) as server:
        fault = server.fault(login)
        assert isinstance(fault, CredentialsRefused)
        assert (fault.kind, fault.message, fault.remedy) == (
            "tags-denied",
            (
                f"the registry {server.host} does not tell the tags of {server.host}/team/churn: "
                "HTTP 403, DENIED: not authorized to list"
            ),
            "Does the login still hold, and may it list what is in the repository?",
        )
        fault = server.fault()
        assert (fault.kind, fault.message, fault.remedy) == (
            "tags-denied",
            (
                f"the registry {server.host} does not tell the tags of {server.host}/team/churn: "
                "HTTP 403, DENIED: not authorized to list"
            ),
            "Give registry-username and registry-password of somebody who may list them, if strangers may not.",
        )
    with serving({FIRST: Page(DENIED, status=405)}) as server:
        assert server.fault().kind == "tags-denied"
    with serving({FIRST: Page("", status=401)}) as server:
        assert server.fault().kind == "registry-login-missing"
    with serving({FIRST: Page("busy", status=503)}) as server:
        assert server.fault().kind == "registry-failed"


REALMS = {
    "http://127.0.0.1:1/token": (
        "nothing listens at 127.0.0.1:1, to which the registry {host} sends for {host}/team/churn:1.0: connection refused\n"
        "Is the registry set up right?"
    ),
    "https://nowhere.invalid/token": (
        "there is no host nowhere.invalid, to which the registry {host} sends for {host}/team/churn:1.0\n"
        "Check the host's name. Does this machine resolve names of that network?"
    ),
}


@pytest.mark.parametrize("realm", REALMS)
def test_a_token_service_that_does_not_answer_is_told_by_its_own_name(realm: str) -> None:
    with serving({FIRST: Page(status=401, asks=f'Bearer realm="{realm}",service="x"')}) as server:
        assert str(server.fault()) == REALMS[realm].replace("{host}", server.host)


def test_a_token_service_that_cuts_and_one_that_is_silent_are_told_by_their_own_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as service:
        host = f"127.0.0.1:{service.getsockname()[1]}"

        def cut() -> None:
            connection, _ = service.accept()
            connection.recv(1000)
            connection.close()

        threading.Thread(target=cut, daemon=True).start()
        with serving({FIRST: Page(status=401, asks=f'Bearer realm="http://{host}/token"')}) as server:
            message = server.fault().message
            start = f"the connection to {host}, to which the registry {server.host} sends, was cut: "
            assert message.startswith(start)
            hasty = server.registry(patience=Patience(attempts=1, read=0.2))
            with hasty as registry, pytest.raises(EnvironmentFault) as silent:
                listed(registry)
            assert silent.value.message == f"{host}, to which the registry {server.host} sends, did not answer in time"


@pytest.mark.parametrize(
    "body", ["<!doctype html>", "{", "[]", "{}", '{"tags": "1.0"}', "[" * 100_000, "null", '{"tags": 7}']
)
def test_what_is_no_list_of_tags(body: str) -> None:
    with serving({FIRST: Page(body)}) as server:
        fault = server.fault()
        assert (fault.kind, fault.message) == (
            "not-a-registry",
            (
                f"{server.host} does not answer as a registry does: HTTP 200 with application/json, "
                f"asked for {server.host}/team/churn:1.0"
            ),
        )


def test_the_digest_that_a_tag_means_and_those_in_an_index() -> None:
    one, other, note = (f"sha256:{letter * 64}" for letter in "abc")
    index = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [
                {"mediaType": "x", "size": 1, "digest": one, "platform": {"os": "linux", "architecture": "amd64"}},
                {"mediaType": "x", "size": 1, "digest": other, "platform": {"os": "linux", "architecture": "arm64"}},
                {"mediaType": "x", "size": 1, "digest": note, "platform": {"os": "unknown", "architecture": "unknown"}},
            ],
        }
    )
    plain = json.dumps({"schemaVersion": 2, "config": {}, "layers": []})
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    with serving(
        {
            "/v2/team/churn/manifests/1.0": Page(plain, kind=kind),
            "/v2/team/churn/manifests/1.1": Page(index, kind="application/vnd.oci.image.index.v1+json"),
            "/v2/team/churn/manifests/1.2": Page("<html>"),
        }
    ) as server:
        digest = f"sha256:{hashlib.sha256(plain.encode()).hexdigest()}"
        assert meant(server.registry()) == Meant(digest=digest)
        digest = f"sha256:{hashlib.sha256(index.encode()).hexdigest()}"
        assert meant(server.registry("team/churn:1.1")) == Meant(digest=digest, images=frozenset({one, other}))
        with pytest.raises(EnvironmentFault) as caught:
            meant(server.registry("team/churn:1.2"))
        assert caught.value.kind == "not-a-registry"
