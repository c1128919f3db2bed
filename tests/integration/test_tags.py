"""Newer versions of an image: from a real registry with a login, and from ECR's interface behind its gate.

The registry holds real tags of several families. ECR's names lead to it by `connect`: what is signed and asked is real.
"""

from __future__ import annotations

import io
import json
import secrets
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from standins.aws import NUMBER, REGION, Account
from standins.oidc import TokenService
from standins.proxy import Proxy, Rule
from standins.registry import DOCKER_CONFIG, DOCKER_MANIFEST, Registry

from sm_ci.differences import ImageVersion, UpgradeLevel
from sm_ci.engine.client import Engine
from sm_ci.errors import CredentialsMissing, CredentialsRefused, EnvironmentFault, ImageMissing
from sm_ci.image import catalogue
from sm_ci.image.known import tags
from sm_ci.image.login import Login
from sm_ci.image.reference import Reference
from sm_ci.image.registry import Patience
from sm_ci.image.registry import Registry as Client
from sm_ci.progress import Silent
from sm_ci.session.access import Access, Gate
from sm_ci.spec.model import Framework
from sm_ci.spec.tags import tag_pattern
from sm_ci.upgrade import looking, naming
from sm_ci.upgrade.candidates import Newer, Wanted, candidates
from sm_ci.upgrade.looking import Looked, Way

ECR = f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"
AMAZON = f"763104351884.dkr.ecr.{REGION}.amazonaws.com"
FAMILIES = {  # a framework and a version of each
    "djl-inference": ("djl-lmi", "0.36"),
    "pytorch-inference": ("pytorch", "2.6"),
    "huggingface-pytorch-tgi-inference": ("huggingface-llm", "3.2"),
    "sagemaker-xgboost": ("xgboost", "1.7-1"),
    "vllm": ("vllm", "0.20"),
}
DLC = "2.6.0-gpu-py312-cu124-ubuntu22.04-sagemaker"
BUILDS = [f"{DLC}-v1.{build}" for build in (1, 2, 9, 10)] + [f"{DLC}-v1.10-2026-08-01-12-00-00"]


def real(repository: str) -> list[str]:
    """All tags that the shipped catalogue has of it."""
    framework, version = FAMILIES[repository]
    return [*tags(catalogue.find(framework, version, region=REGION))]


@dataclass
class World:
    """`way` leads ECR's hosts to the stand-in of a registry; `waits` are the pauses between attempts, not waited."""

    registry: Registry
    proxy: Proxy
    account: Account
    manifest: bytes = b""
    digests: dict[str, str] = field(default_factory=dict)

    def way(
        self, environ: dict[str, str] | None = None, *, engine: Engine | None = None, page: int = 1000, **login: Any
    ) -> Way:
        def connect(reference: Reference, given: Login | None) -> Client:
            host = reference.registry if reference.registry.startswith("127.") else self.proxy.host
            return Client(replace(reference, registry=host), given, patience=Patience(attempts=1))

        keys = self.account.user() if environ is None else environ
        gate = Gate(
            Access(**login),
            {**self.account.environ, **keys},
            run="1",
            hide=lambda _: None,
            say=lambda _: None,
        )
        return Way(gate=gate, progress=Silent(), engine=engine, connect=connect, page=page)

    def own(self, **more: Any) -> Way:
        """With the registry's own login, as `--registry-username` gives it."""
        return self.way(username=self.registry.user, password=self.registry.secret, **more)

    def look(self, name: str, **more: Any) -> Looked:
        return looking.look(f"{self.proxy.host}/{name}", self.own(**more))


def put(registry: Registry, repository: str, names: list[str]) -> str:
    """One small manifest under many tags; its digest."""
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": DOCKER_CONFIG, **registry.blob(repository, b"{}")},
        "layers": [],
    }
    with ThreadPoolExecutor(8) as several:
        return set(several.map(lambda name: registry.put(f"{repository}:{name}", manifest), names)).pop()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("tags")
    with ExitStack() as stack:
        registry = stack.enter_context(Registry(folder))
        proxy = stack.enter_context(Proxy(registry.host))
        account = stack.enter_context(Account(stack.enter_context(TokenService())))
        world = World(registry, proxy, account)
        for repository in FAMILIES:
            more = BUILDS if repository == "pytorch-inference" else []
            world.digests[repository] = put(registry, repository, real(repository) + more)
        yield world


@pytest.fixture
def world(filled: World) -> World:
    filled.account.reset()
    filled.proxy.reset()
    return filled


def newer(found: Looked, **wanted: Any) -> Newer:
    return candidates(found.current, found.versions, Wanted(**wanted), counted=found.counted)


def shown(found: Newer) -> list[str]:
    return [f"{one.version.tag} {one.level}" for one in found.candidates]


def test_every_tag_of_a_registry_is_found_and_the_newest_of_the_family_comes_first(world: World) -> None:
    found = world.look("djl-inference:0.36.0-lmi27.0.0-cu130")
    assert {version.tag for version in found.versions} == set(real("djl-inference"))
    assert found.findings == ()
    assert found.current == ImageVersion(
        reference=f"{world.proxy.host}/djl-inference:0.36.0-lmi27.0.0-cu130",
        tag="0.36.0-lmi27.0.0-cu130",
        digest=world.digests["djl-inference"],
    )
    chosen = newer(found)
    assert shown(chosen) == ["0.38.0-lmi29.0.0-cu130 minor", "0.36.0-lmi28.0.0-cu130 minor"]
    assert chosen.candidates[0].version.reference == f"{world.proxy.host}/djl-inference:0.38.0-lmi29.0.0-cu130"
    assert chosen.passed_over == ()


@pytest.mark.parametrize(
    ("name", "wanted", "chosen"),
    [
        (f"pytorch-inference:{DLC}-v1.9", {}, [f"{DLC}-v1.10 patch"]),
        (f"pytorch-inference:{DLC}", {}, []),
        ("pytorch-inference:2.5.1-gpu-py311", {}, ["2.6.0-gpu-py312 minor"]),
        ("pytorch-inference:2.5.1-gpu-py311", {"hold": ("python",)}, []),
        ("sagemaker-xgboost:1.2-1", {}, ["1.7-1 minor", "1.5-1 minor", "1.3-1 minor", "1.2-2 patch"]),
        ("sagemaker-xgboost:1.7-1", {"level": UpgradeLevel.MAJOR}, ["3.2-0 major", "3.0-5 major"]),
        ("vllm:server-sagemaker-cuda-v2.4", {}, ["server-sagemaker-cuda-v2.6 minor", "server-sagemaker-cuda-v2.5 minor"]),
        (
            "huggingface-pytorch-tgi-inference:2.6.0-tgi3.1.1-gpu-py311-cu124-ubuntu22.04",
            {"pattern": "2.6.*", "matches": tag_pattern("2.6.*").matches},
            [
                "2.6.0-tgi3.2.3-gpu-py311-cu124-ubuntu22.04 minor",
                "2.6.0-tgi3.2.0-gpu-py311-cu124-ubuntu22.04 minor",
            ],
        ),
    ],
    ids=["build", "floating", "python", "held", "revisions", "major", "words", "pattern"],
)  # fmt: skip
def test_candidates_among_real_tags(world: World, name: str, wanted: dict[str, Any], chosen: list[str]) -> None:
    found = world.look(name)
    # all tags of this registry mean one image, which is told of none: only the current one's digest was asked for
    assert shown(newer(found, **wanted)) == chosen


def test_small_pages_of_a_registry_give_the_same_tags(world: World) -> None:
    every = real("djl-inference")
    pages = [every[start : start + 20] for start in range(0, len(every), 20)]
    world.proxy.rules = [
        Rule(
            rf"tags/list.n=20{f'&last={number}' if number else ''}$",
            "status",
            status=200,
            body=json.dumps({"name": "djl-inference", "tags": page}),
            headers={"Link": f'</v2/djl-inference/tags/list?n=20&last={number + 1}>; rel="next"'}
            if number + 1 < len(pages)
            else {},
        )
        for number, page in enumerate(pages)
    ]
    found = world.look("djl-inference:0.36.0-lmi27.0.0-cu130", page=20)
    assert {version.tag for version in found.versions} == set(every)
    assert len(world.proxy.requests("tags/list")) == len(pages) == 3


def test_a_tag_that_moved_since_it_was_pinned_is_noticed(world: World) -> None:
    old = world.registry.image("moving:1.0", layers=(b"old",))["digest"]
    new = world.registry.image("moving:1.0", layers=(b"new",))["digest"]
    found = world.look(f"moving:1.0@{old}")
    assert (found.current.digest, found.current.reference) == (old, f"{world.proxy.host}/moving:1.0@{old}")
    (moved,) = newer(found, level=UpgradeLevel.PATCH).candidates
    assert (moved.level, moved.version.digest) == (UpgradeLevel.DIGEST, new)
    assert moved.version.reference == f"{world.proxy.host}/moving:1.0@{new}"
    assert newer(world.look(f"moving:1.0@{new}")) == Newer()
    assert newer(world.look("moving:1.0")) == Newer()
    entry = world.registry.image("moving", layers=(b"child",))
    world.registry.index("moving:2.0", [entry])
    assert newer(world.look(f"moving:2.0@{entry['digest']}")) == Newer()  # the image in the index that the tag means
    world.registry.image("moving:1.1")
    (newest, _) = newer(world.look(f"moving:1.0@{old}")).candidates
    asked = looking.pinned(newest.version, Reference.parse(found.current.reference), world.own())
    assert (newest.version.digest, asked.digest[:7]) == ("", "sha256:")


@pytest.fixture
def small_image(engine: Engine) -> Iterator[str]:
    """An image of one empty file, which travels at once."""
    name = f"sm-ci-test-tags:{secrets.token_hex(6)}"
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.addfile(tarfile.TarInfo(name.partition(":")[2]), io.BytesIO())
        repository, _, tag = name.partition(":")
        engine.raw.import_image_from_data(file.getvalue(), repository=repository, tag=tag)
    yield name
    engine.raw.remove_image(name)


def test_a_tag_that_moved_since_the_engine_pulled_it_is_noticed(world: World, engine: Engine, small_image: str) -> None:
    host = world.registry.host
    old = world.registry.push(engine.raw, small_image, "local:1.0")
    engine.raw.pull(f"{host}/local", "1.0", auth_config=world.registry.auth_config)
    try:
        same = looking.look(f"{host}/local:1.0", world.own(engine=engine))
        new = world.registry.image("local:1.0")["digest"]
        found = looking.look(f"{host}/local:1.0", world.own(engine=engine))
    finally:
        engine.raw.remove_image(f"{host}/local:1.0")
    assert (same.current.digest, newer(same)) == (old, Newer())
    assert (found.current.reference, found.current.digest) == (f"{host}/local:1.0", old)
    assert [(one.level, one.version.digest) for one in newer(found).candidates] == [(UpgradeLevel.DIGEST, new)]


def test_what_the_list_of_a_registry_cannot_tell(world: World) -> None:
    digest = world.digests["djl-inference"]
    gone = world.look("djl-inference:0.1.0-lmi1.0.0-cu130")
    assert [str(finding) for finding in gone.findings] == [
        (
            f"{world.proxy.host}/djl-inference has no tag 0.1.0-lmi1.0.0-cu130, or none any more; "
            "the image can be had no longer than somebody keeps a copy: move to another tag"
        )
    ]
    bare = world.look(f"djl-inference@{digest}")
    assert [finding.message for finding in bare.findings] == [
        f"{world.proxy.host}/djl-inference@{digest} names no tag, so that nothing is known to be newer"
    ]
    assert newer(bare).passed_over == (
        f"a digest alone tells no version, so that none of {len(real('djl-inference'))} other tags is known to be newer",
    )
    link = {"Link": '</v2/djl-inference/tags/list?n=1000>; rel="next"'}
    body = json.dumps({"name": "djl-inference", "tags": ["0.36.0-lmi28.0.0-cu130"]})
    world.proxy.rules = [Rule("tags/list", "status", status=200, body=body, headers=link)]
    cut = world.look("djl-inference:0.36.0-lmi27.0.0-cu130")
    assert [str(finding) for finding in cut.findings] == [
        (
            f"not all tags of {world.proxy.host}/djl-inference are known: its pages lead round in a circle; "
            "newer ones may be missing"
        )
    ]
    assert shown(newer(cut)) == ["0.36.0-lmi28.0.0-cu130 minor"]


@pytest.mark.parametrize(
    ("name", "kind", "error"),
    [
        ("127.0.0.1:9/churn:1.0", "registry-down", EnvironmentFault),
        ("UPPER/case:1.0", "image-reference", ImageMissing),
        ("HOST/nowhere:1.0", "repository-missing", ImageMissing),
    ],
    ids=["down", "name", "repository"],
)
def test_what_cannot_be_listed(world: World, name: str, kind: str, error: type[EnvironmentFault]) -> None:
    with pytest.raises(error) as caught:
        looking.look(name.replace("HOST", world.proxy.host), world.own())
    assert (caught.value.kind, caught.value.exit_status) == (kind, 3)
    with pytest.raises(CredentialsMissing):
        looking.look(f"{world.proxy.host}/djl-inference:1", world.way())


@pytest.fixture
def ecr(world: World) -> Any:
    """A repository in ECR with three images of two tags each, a signature, and one without a tag."""
    client = world.way().gate.client("ecr", REGION)
    client.create_repository(repositoryName="churn")
    yield client
    client.delete_repository(repositoryName="churn", force=True)


def image(client: Any, number: int, *names: str, kind: str = DOCKER_CONFIG) -> None:
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": kind, "digest": f"sha256:{number:064x}", "size": 1000 + number},
        "layers": [{"mediaType": "x", "digest": f"sha256:{number + 100:064x}", "size": 5}],
    }
    for name in names:
        client.put_image(repositoryName="churn", imageManifest=json.dumps(manifest), imageTag=name)


def test_what_ecr_tells_of_a_repository(world: World, ecr: Any) -> None:
    for number, names in enumerate([("1.9.0", "1.9"), ("1.10.0", "1.10"), ("2.0.0", "latest")]):
        image(ecr, number, *names)
    found = looking.look(f"{ECR}/churn:1.9.0", world.way())
    by_tag = {version.tag: version for version in found.versions}
    assert set(by_tag) == {"1.9.0", "1.9", "1.10.0", "1.10", "2.0.0", "latest"}
    one = by_tag["1.10.0"]
    assert (one.reference, one.size) == (f"{ECR}/churn:1.10.0", 1001)
    assert one.digest == by_tag["1.10"].digest != by_tag["1.9"].digest
    assert one.pushed is not None
    assert abs((datetime.now(UTC) - one.pushed).total_seconds()) < 600
    assert found.current.digest == by_tag["1.9"].digest
    assert shown(newer(found, level=UpgradeLevel.MAJOR)) == ["2.0.0 major", "1.10.0 minor"]
    bare = looking.look(f"{ECR}/churn@{found.current.digest}", world.way())
    assert (bare.current.tag, bare.findings) == ("1.9.0", ())
    assert newer(bare).candidates[0].version.reference == f"{ECR}/churn:1.10.0@{one.digest}"
    assert world.account.calls.count("DescribeImages") == 2
    assert "GetAuthorizationToken" not in world.account.calls


def test_pages_of_ecr_and_what_is_no_image(world: World) -> None:
    def page(first: int, count: int, token: str = "", **more: Any) -> str:
        details = [
            {"imageDigest": f"sha256:{number:064x}", "imageTags": [f"1.{number}.0"], "imageSizeInBytes": number, **more}
            for number in range(first, first + count)
        ]
        return json.dumps({"imageDetails": details} | ({"nextToken": token} if token else {}))

    world.account.garble("DescribeImages", status=200, body=page(0, 1000, "two", artifactMediaType=DOCKER_CONFIG))
    world.account.garble(
        "DescribeImages", status=200, body=page(1000, 5, "three", artifactMediaType="application/vnd.soci")
    )
    world.account.garble("DescribeImages", status=200, body=page(2000, 3))
    found = looking.look(f"{ECR}/churn:1.5.0", world.way())
    assert len(found.versions) == 1003
    assert found.current.size == 5
    assert newer(found).candidates[0].version.tag == "1.2002.0"
    assert world.account.calls == ["DescribeImages"] * 3


DENIED = (
    f"User: arn:aws:iam::{NUMBER}:user/ann is not authorized to perform: ecr:DescribeImages on resource: "
    "arn:aws:ecr:{region}:{account}:repository/{repository} because no resource-based policy allows the ecr:DescribeImages action"
)


def deny(world: World, account: str, repository: str) -> str:
    words = DENIED.format(region=REGION, account=account, repository=repository)
    world.account.refuse("DescribeImages", "AccessDeniedException", words)
    return words


def test_ecr_that_denies_to_describe_is_asked_as_a_registry(world: World) -> None:
    words = deny(world, "763104351884", "djl-inference")
    world.registry.password("of-ecr")
    try:
        way = world.way(engine=None)
        login = replace(
            way, connect=lambda reference, _: way.connect(reference, Login(username="AWS", password="of-ecr"))
        )
        found = looking.look(f"{AMAZON}/djl-inference:0.36.0-lmi27.0.0-cu130", login)
    finally:
        world.registry.password("another", user="AWS")
    assert [str(finding) for finding in found.findings] == [
        (
            f"days and sizes of {AMAZON}/djl-inference are not known: could not list the tags of {AMAZON}/djl-inference: "
            f"AWS denies it (AccessDeniedException: {words})"
        )
    ]
    assert shown(newer(found)) == ["0.38.0-lmi29.0.0-cu130 minor", "0.36.0-lmi28.0.0-cu130 minor"]
    assert found.current.digest == world.digests["djl-inference"]
    assert world.account.calls == ["DescribeImages", "GetAuthorizationToken", "GetAuthorizationToken"]


NOT_LISTED = '{"errors": [{"code": "DENIED", "message": "not authorized to perform: ecr:ListImages"}]}'


def test_where_ecr_tells_nothing_of_awss_own_image_the_catalogue_does(world: World) -> None:
    deny(world, "763104351884", "pytorch-inference")
    manifest = {"status": 200, "body": "{}", "headers": {"Content-Type": DOCKER_MANIFEST}}
    world.proxy.rules = [
        Rule("tags/list", "status", status=403, body=NOT_LISTED),
        Rule("manifests/", "status", **manifest),  # type: ignore[arg-type]
    ]
    found = looking.look(f"{AMAZON}/pytorch-inference:{DLC}-v1.9", world.way())
    assert [(finding.rule, finding.severity.value) for finding in found.findings] == [
        ("not-described", "notice"),
        ("tags-catalogued", "warning"),
    ]
    assert found.findings[1].message == (
        f"the registry {world.proxy.host} does not tell the tags of {world.proxy.host}/pytorch-inference: HTTP 403, "
        "DENIED: not authorized to perform: ecr:ListImages; the tags that this version of sm-ci knows are looked at"
    )
    assert str(found.current.support_ends) == "2026-06-30"
    assert found.current.tag in {version.tag for version in found.versions}
    deny(world, NUMBER, "pytorch-inference")
    with pytest.raises(CredentialsRefused) as caught:
        looking.look(f"{ECR}/pytorch-inference:{DLC}", world.way())
    assert caught.value.kind == "tags-denied"


def test_ecr_without_credentials_or_without_the_repository(world: World) -> None:
    with pytest.raises(CredentialsMissing):
        looking.look(f"{ECR}/churn:1.0", world.way({}))
    with pytest.raises(ImageMissing) as caught:
        looking.look(f"{ECR}/nowhere:1.0", world.way())
    assert caught.value.kind == "repository-missing"
    assert caught.value.message.startswith(
        f"the registry {ECR} has no repository nowhere: RepositoryNotFoundException: "
    )
    world.account.refuse("DescribeImages", "InvalidParameterException", "Invalid parameter")
    with pytest.raises(EnvironmentFault) as odd:
        looking.look(f"{ECR}/churn:1.0", world.way())
    assert str(odd.value) == (
        f"could not list the tags of {ECR}/churn: InvalidParameterException: Invalid parameter\n"
        "Try it alone: aws ecr describe-images"
    )


def test_an_image_named_by_its_version_moves_to_what_the_catalogue_has(world: World) -> None:
    details = [
        {"imageDigest": f"sha256:{number:064x}", "imageTags": [tag]}
        for number, tag in enumerate(("0.36.0-lmi28.0.0-cu130", "0.99.0-lmi99.0.0-cu150"))
    ]
    world.account.garble("DescribeImages", status=200, body=json.dumps({"imageDetails": details}))
    found = naming.look(Framework(framework="djl-lmi", version="0.36"), world.way())
    assert found.current.tag == "0.36.0-lmi28.0.0-cu130"
    assert found.current.digest == f"sha256:{0:064x}"
    chosen = newer(found)
    assert shown(chosen) == ["0.38.0-lmi29.0.0-cu130 minor"]
    assert found.written[chosen.candidates[0].version.reference] == "0.38"
    assert [str(finding) for finding in found.findings] == [
        (
            f"{AMAZON}/djl-inference has a newer tag than sm-ci knows: 0.99.0-lmi99.0.0-cu150; "
            "name the image by its address to move to one of them, or use a newer sm-ci"
        )
    ]


def test_an_image_named_by_its_version_needs_no_registry(world: World) -> None:
    found = naming.look(Framework(framework="sklearn", version="1.2-1", region="us-east-1"), world.way({}))
    assert [finding.rule for finding in found.findings] == ["not-listed"]
    assert [(one, found.written[one]) for one in found.written if found.written[one] == "1.9-0"] == [
        ("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3", "1.9-0")
    ]
    assert shown(newer(found)) == ["1.9-0-cpu-py3 minor", "1.4-2-py312-cpu-py3 minor"]
    with pytest.raises(ImageMissing):
        naming.look(Framework(framework="sklearn", version="9.9"), world.way({}))
