from __future__ import annotations

import pytest

from sm_ci.errors import CannotServe, EnvironmentFault, ImageMissing, Severity
from sm_ci.image import manifest as kinds
from sm_ci.image.admission import SERVERLESS, Admission, Ground, admit
from sm_ci.image.manifest import Child, Image, Layer, Manifest
from sm_ci.image.platform import Platform
from sm_ci.image.reference import Reference

ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn"
AMD, ARM = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
HERE = Ground(platform=AMD)
GIB = 2**30


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


def image(
    *sizes: int,
    platform: Platform | None = AMD,
    media_type: str = kinds.DOCKER_MANIFEST,
    layer_type: str = "application/vnd.docker.image.rootfs.diff.tar.gzip",
    config_type: str = "application/vnd.docker.container.image.v1+json",
    foreign: bool = False,
) -> Image:
    layers = tuple(
        Layer(media_type=layer_type, digest=digest(at), size=size, diff_id=digest(1000 + at), foreign=foreign)
        for at, size in enumerate(sizes or (10,), 1)
    )
    return Image(
        digest=digest(77),
        media_type=media_type,
        config_type=config_type,
        config_digest=digest(9),
        layers=layers,
        platform=platform,
    )


def plain(found: Image, name: str = f"{ECR}:1") -> Manifest:
    return Manifest(reference=Reference.parse(name), digest=digest(77), media_type=found.media_type, image=found)


def index(
    *platforms: Platform,
    picked: Image | None,
    attestations: int = 0,
    name: str = f"{ECR}:1",
    media_type: str = kinds.OCI_INDEX,
) -> Manifest:
    children = [Child(media_type=kinds.OCI_MANIFEST, digest=digest(1), size=1, platform=one) for one in platforms]
    unknown = Platform.of("unknown", "unknown")
    children += [
        Child(media_type=kinds.OCI_MANIFEST, digest=digest(2), size=1, platform=unknown, attestation=True)
        for _ in range(attestations)
    ]
    return Manifest(
        reference=Reference.parse(name), digest=digest(5), media_type=media_type, children=tuple(children), image=picked
    )


def told(admission: Admission) -> list[tuple[type, str, str, str]]:
    assert not admission.findings
    return [(type(fault), fault.kind, fault.message, fault.remedy) for fault in admission.faults]


REBUILD = (
    "Build and push one Docker manifest: docker buildx build --provenance=false --sbom=false "
    f"--output type=image,name={ECR}:1,oci-mediatypes=false,push=true ."
)


def test_a_docker_manifest_for_this_machine_is_admitted() -> None:
    assert admit(plain(image(100, 50)), HERE) == Admission(download=150, unpacked=375)


def test_an_index_with_attestations_on_ecr_is_refused_as_sagemaker_would() -> None:
    found = index(AMD, picked=image(media_type=kinds.OCI_MANIFEST), attestations=1)
    assert told(admit(found, HERE)) == [
        (
            CannotServe,
            "manifest-type",
            (
                f"{ECR}:1 is an OCI index of linux/amd64 and 1 attestation manifest (buildx's provenance or SBOM); "
                "SageMaker refuses it: Unsupported manifest media type application/vnd.oci.image.index.v1+json"
            ),
            REBUILD,
        )
    ]


def test_a_docker_image_in_a_list_can_be_deployed_by_its_digest() -> None:
    found = index(AMD, ARM, picked=image(), media_type=kinds.DOCKER_LIST)
    assert told(admit(found, HERE)) == [
        (
            CannotServe,
            "manifest-type",
            (
                f"{ECR}:1 is a Docker manifest list of linux/amd64, linux/arm64; SageMaker refuses it: "
                "Unsupported manifest media type application/vnd.docker.distribution.manifest.list.v2+json"
            ),
            f"Deploy the image in it by its digest: {ECR}@{digest(77)}",
        )
    ]


def test_an_oci_image_manifest_is_refused_too() -> None:
    assert told(admit(plain(image(media_type=kinds.OCI_MANIFEST)), HERE)) == [
        (
            CannotServe,
            "manifest-type",
            (
                f"{ECR}:1 is an OCI image manifest; SageMaker refuses it: "
                "Unsupported manifest media type application/vnd.oci.image.manifest.v1+json"
            ),
            REBUILD,
        )
    ]


def test_elsewhere_than_on_ecr_it_is_a_warning() -> None:
    admission = admit(plain(image(media_type=kinds.OCI_MANIFEST), "ghcr.io/a/b:1"), HERE)
    (finding,) = admission.findings
    assert not admission.faults
    assert (finding.rule, finding.severity) == ("manifest-type", Severity.WARNING)
    assert finding.message == (
        "ghcr.io/a/b:1 is an OCI image manifest; copied to ECR as it is, SageMaker refuses it: "
        "Unsupported manifest media type application/vnd.oci.image.manifest.v1+json"
    )


def test_amazons_own_are_taken() -> None:
    found = plain(image(media_type=kinds.OCI_MANIFEST))
    admission = admit(found, Ground(platform=AMD, amazons=frozenset({"123456789012"})))
    assert not admission.faults
    assert [(one.severity, one.message) for one in admission.findings] == [
        (Severity.NOTICE, f"{ECR}:1 is an OCI image manifest; AWS hosts it nevertheless")
    ]


def test_the_first_schema_is_refused_everywhere() -> None:
    found = Manifest(reference=Reference.parse("r.io/a:1"), digest=digest(1), media_type=kinds.SCHEMA1_SIGNED)
    (fault,) = admit(found, HERE).faults
    assert isinstance(fault, CannotServe)
    assert fault.message == (
        "r.io/a:1 is in the first schema of manifests, which registries and engines have dropped; SageMaker refuses it: "
        "Unsupported manifest media type application/vnd.docker.distribution.manifest.v1+prettyjws"
    )


def test_artifacts_are_no_images() -> None:
    helm = image(media_type=kinds.OCI_MANIFEST, config_type="application/vnd.cncf.helm.config.v1+json", platform=None)
    assert told(admit(plain(helm), HERE)) == [
        (
            ImageMissing,
            "not-an-image",
            f"{ECR}:1 is no container image but an artifact: its config is application/vnd.cncf.helm.config.v1+json",
            "Check the name and the tag.",
        )
    ]
    odd = Manifest(reference=Reference.parse("r.io/a:1"), digest=digest(1), media_type="text/x-odd")
    assert told(admit(odd, HERE))[0][2] == "r.io/a:1 is no container image: its manifest is text/x-odd"


@pytest.mark.parametrize("found", [plain(image(platform=ARM)), index(ARM, picked=None, name="r.io/a:1")])
def test_another_processor_cannot_run_here(found: Manifest) -> None:
    fault = next(fault for fault in admit(found, HERE).faults if not isinstance(fault, CannotServe))
    assert type(fault) is EnvironmentFault
    assert (fault.kind, fault.exit_status) == ("platform-mismatch", 3)
    assert fault.message == (
        f"{found.reference.familiar} is for linux/arm64, and the Docker engine here runs linux/amd64"
    )
    assert fault.remedy == (
        "Use a runner of that kind (for arm64: runs-on: ubuntu-24.04-arm), or build it with --platform linux/amd64."
    )


def test_an_image_for_a_newer_amd64_does_not_run_on_the_plain_one() -> None:
    assert admit(plain(image(platform=Platform.parse("linux/amd64/v3"))), HERE).faults[0].kind == "platform-mismatch"
    assert not admit(plain(image(platform=Platform.parse("linux/x86_64"))), HERE).faults


def test_more_than_the_disk_holds_is_said_before_it_travels() -> None:
    need = (
        f"{ECR}:1 needs about 52.5 GiB on the Docker engine's disk (15.0 GiB compressed, about 2.5 times that unpacked), "
        "and {} are free"
    )
    remedy = "Free some: docker system df, docker system prune. Or use a larger runner."
    found = plain(image(15 * GIB))
    assert told(admit(found, Ground(platform=AMD, free=14 * GIB))) == [
        (EnvironmentFault, "disk-full", need.format("14.0 GiB"), remedy)
    ]
    unsure = admit(found, Ground(platform=AMD, free=30 * GIB))
    assert not unsure.faults
    assert [(one.rule, one.message, one.remedy) for one in unsure.findings] == [
        ("disk-space", need.format("30.0 GiB"), remedy)
    ]
    assert admit(found, Ground(platform=AMD, free=53 * GIB)).findings == ()
    assert admit(found, HERE).findings == ()


def test_layers_that_are_there_need_no_room() -> None:
    found = plain(image(15 * GIB, 10))
    admission = admit(found, Ground(platform=AMD, free=GIB, present=frozenset({digest(1001)})))
    assert admission == Admission(download=10, unpacked=25)


def test_a_layer_twice_travels_once() -> None:
    found = image(7, 5)
    twice = Image(
        digest=found.digest,
        media_type=found.media_type,
        config_type=found.config_type,
        config_digest=found.config_digest,
        layers=(*found.layers, found.layers[0]),
        platform=AMD,
    )
    assert twice.compressed == 12
    assert admit(plain(twice), HERE).download == 12


def test_serverless_takes_ten_gib() -> None:
    serverless = Ground(platform=AMD, serverless=True)
    assert told(admit(plain(image(SERVERLESS + 1)), serverless)) == [
        (
            CannotServe,
            "serverless-size",
            (
                f"{ECR}:1 has 10.0 GiB compressed, and a serverless endpoint takes images up to 10 GiB; SageMaker would say: "
                "Image size 10737418241 is greater than supported size 10737418240"
            ),
            "Make the image smaller, or use a real-time endpoint.",
        )
    ]
    (finding,) = admit(plain(image(6 * GIB)), serverless).findings
    assert finding.message == (
        f"{ECR}:1 has 6.0 GiB compressed, unpacked about 15.0 GiB, and a serverless endpoint takes images up to 10 GiB"
    )
    assert admit(plain(image(6 * GIB)), HERE).findings == ()


@pytest.mark.parametrize(("engine", "refused"), [("20.10.24+dfsg1", True), ("23.0.0", False), ("", False)])
def test_zstd_layers_need_docker_23(engine: str, refused: bool) -> None:
    found = image(media_type=kinds.OCI_MANIFEST, layer_type="application/vnd.oci.image.layer.v1.tar+zstd")
    faults = admit(plain(found, "r.io/a:1"), Ground(platform=AMD, engine=engine)).faults
    assert [(fault.kind, fault.message) for fault in faults] == (
        [
            (
                "layers-zstd",
                "r.io/a:1 has layers packed with zstd, which Docker unpacks since version 23; here is 20.10.24+dfsg1",
            )
        ]
        if refused
        else []
    )


def test_foreign_layers_are_a_warning() -> None:
    (finding,) = admit(plain(image(foreign=True)), HERE).findings
    assert finding.message == f"{ECR}:1 has 1 layer that the registry does not hold itself"


def test_what_sagemaker_refuses_is_raised_before_what_is_missing_here() -> None:
    both = admit(plain(image(platform=ARM, media_type=kinds.OCI_MANIFEST)), HERE)
    assert [fault.kind for fault in both.faults] == ["manifest-type", "platform-mismatch"]
    with pytest.raises(CannotServe):
        both.enforce()
    Admission().enforce()
