"""What changes in which kind of file, and what does not."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from sm_ci.image.reference import Reference
from sm_ci.upgrade.writing import Outside, Plan, Source, plan, rebuilt
from sm_ci.upgrade.writing.dockerfiles import base

CURRENT, NEW = "registry.example.com/ml/churn:1.9", "registry.example.com/ml/churn:1.10"
OLD_PIN, NEW_PIN = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
LMI = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.36.0-lmi28.0.0-cu130"
NEW_LMI = "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:0.38.0-lmi29.0.0-cu130"


def planned(
    files: Mapping[str, str],
    current: str = CURRENT,
    new: str = NEW,
    *,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Plan:
    sources = [Source(path=name, file=Path(name), content=text.encode()) for name, text in files.items()]
    outside = Outside(variables=variables or {}, environ=environ or {})
    return plan(sources, Reference.parse(current), Reference.parse(new), outside)


def after(files: Mapping[str, str], made: Plan) -> dict[str, str]:
    changed = {change.source.path: change.content.decode() for change in made.changes}
    return {name: changed.get(name, text) for name, text in files.items()}


def told(made: Plan) -> list[str]:
    return [f"{finding.severity} {finding}" for finding in made.findings]


def check(files: Mapping[str, str], wanted: Mapping[str, str], *findings: str, **given: object) -> None:
    """The files as they are and as they shall be; a second plan has nothing more to do."""
    before = {name: textwrap.dedent(text) for name, text in files.items()}
    made = planned(before, **given)  # type: ignore[arg-type]
    assert after(before, made) == {name: textwrap.dedent(text) for name, text in wanted.items()}
    assert told(made) == list(findings)
    again = planned(after(before, made), **given)  # type: ignore[arg-type]
    assert again.changes == ()


HEAD = "version: 1\n"

SPECS = {
    "a text": ("image: registry.example.com/ml/churn:1.9", "image: registry.example.com/ml/churn:1.10"),
    "in single quotes, with a comment": (
        "image:   'registry.example.com/ml/churn:1.9'   # of 1.9\npull: never",
        "image:   'registry.example.com/ml/churn:1.10'   # of 1.9\npull: never",
    ),
    "in double quotes, in a flow mapping": (
        'x: {image: "registry.example.com/ml/churn:1.9"}\nimage: "registry.example.com/ml/churn:1.9"',
        'x: {image: "registry.example.com/ml/churn:1.9"}\nimage: "registry.example.com/ml/churn:1.10"',
    ),
    "a variable that is the tag": (
        'variables: {ECR: registry.example.com/ml, TAG: "1.9"}\nimage: "${ECR}/churn:${TAG}"',
        'variables: {ECR: registry.example.com/ml, TAG: "1.10"}\nimage: "${ECR}/churn:${TAG}"',
    ),
    "a number gets quotes": (
        "variables:\n  TAG:  1.9  # it\nimage: registry.example.com/ml/churn:${TAG}",
        'variables:\n  TAG:  "1.10"  # it\nimage: registry.example.com/ml/churn:${TAG}',
    ),
    "a variable that is all": (
        "variables:\n  IMAGE: &image registry.example.com/ml/churn:1.9\nimage: ${IMAGE}",
        "variables:\n  IMAGE: &image registry.example.com/ml/churn:1.10\nimage: ${IMAGE}",
    ),
    "a variable that is a part of the tag": (
        'variables: {MINOR: "9"}\nimage: "registry.example.com/ml/churn:1.${MINOR}"',
        'variables: {MINOR: "10"}\nimage: "registry.example.com/ml/churn:1.${MINOR}"',
    ),
    "a literal tag behind a variable without a value here": (
        "variables: {ECR: null}\nimage: ${ECR}/churn:1.9",
        "variables: {ECR: null}\nimage: ${ECR}/churn:1.10",
    ),
    "a block": (
        "image: >-\n  registry.example.com/ml/churn:1.9\npull: never",
        "image: >-\n  registry.example.com/ml/churn:1.10\npull: never",
    ),
    "pinned": (
        f"image: registry.example.com/ml/churn:1.9@{OLD_PIN}",
        f"image: registry.example.com/ml/churn:1.10@{NEW_PIN}",
    ),
    "pinned alone": (
        f"image: registry.example.com/ml/churn@{OLD_PIN}",
        f"image: registry.example.com/ml/churn@{NEW_PIN}",
    ),
    "tests are left alone": (
        "image: registry.example.com/ml/churn:1.9\ntests: [{name: 'registry.example.com/ml/churn:1.9'}]",
        "image: registry.example.com/ml/churn:1.10\ntests: [{name: 'registry.example.com/ml/churn:1.9'}]",
    ),
}


@pytest.mark.parametrize(("before", "wanted"), SPECS.values(), ids=SPECS.keys())
def test_specs(before: str, wanted: str) -> None:
    check(
        {"sm-ci.yml": HEAD + before + "\n"},
        {"sm-ci.yml": HEAD + wanted + "\n"},
        current=f"{CURRENT}@{OLD_PIN}",
        new=f"{NEW}@{NEW_PIN}",
    )


FRAMEWORKS = {
    "as short as it was": ('{framework: djl-lmi, version: "0.36", region: us-east-1}', '"0.36"', '"0.38"'),
    "as long as it was": ("{framework: djl-lmi, version: 0.36.0}", "0.36.0", "0.38.0"),
}


@pytest.mark.parametrize(("image", "old", "new"), FRAMEWORKS.values(), ids=FRAMEWORKS.keys())
def test_a_framework_gets_the_version_that_is_the_new_image(image: str, old: str, new: str) -> None:
    check(
        {"sm-ci.yml": f"{HEAD}image: {image}\n"},
        {"sm-ci.yml": f"{HEAD}image: {image.replace(old, new)}\n"},
        current=LMI,
        new=NEW_LMI,
    )


def test_a_frameworks_version_may_be_a_variable() -> None:
    text = HEAD + "variables:\n  V: '0.36'\nimage:\n  framework: lmi\n  version: ${V}\n"
    check({"a.yml": text}, {"a.yml": text.replace("0.36", "0.38")}, current=LMI, new=NEW_LMI)


def test_a_framework_whose_new_version_nobody_knows_here() -> None:
    made = planned(
        {"a.yml": HEAD + 'image:\n  framework: djl-lmi\n  version: "0.36"\n'},
        LMI,
        "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:9.99.0-lmi99.0.0-cu999",
    )
    assert made.changes == ()
    assert told(made) == [
        (
            "error a.yml:4:13: this version of sm-ci knows no djl-lmi whose tag is 9.99.0-lmi99.0.0-cu999; write the image out: "
            "image: 763104351884.dkr.ecr.us-east-1.amazonaws.com/djl-inference:9.99.0-lmi99.0.0-cu999"
        )
    ]


NOT_SPECS = {
    "given by --var": (
        {"variables": {"TAG": "1.9"}},
        "${TAG}",
        "the tag 1.9 comes from outside, as TAG; change it there",
    ),
    "given by the environment": (
        {"environ": {"TAG": "1.9"}},
        "${TAG}",
        "the tag 1.9 comes from outside, as TAG; change it there",
    ),
    "put together": (
        {"new": "registry.example.com/ml/churn:2.0"},
        "${ONE}.9",
        "no one part of 1.9 makes 2.0 of it; change it by hand",
    ),
}


@pytest.mark.parametrize(("given", "tag", "message"), NOT_SPECS.values(), ids=NOT_SPECS.keys())
def test_a_tag_that_cannot_be_changed_in_its_place(given: dict[str, object], tag: str, message: str) -> None:
    text = f"{HEAD}variables: {{TAG: '1.8', ONE: '1'}}\nimage: registry.example.com/ml/churn:{tag}\n"
    made = planned({"sm-ci.yml": text}, **given)  # type: ignore[arg-type]
    assert made.changes == ()
    (finding,) = told(made)
    assert finding.startswith("warning sm-ci.yml:")
    assert finding.endswith(f": {message}")


def test_a_matrix_is_left_alone() -> None:
    text = HEAD + "image: registry.example.com/ml/churn:${TAG}\nmatrix: {TAG: ['1.8', '1.9']}\n"
    check(
        {"sm-ci.yml": text},
        {"sm-ci.yml": text},
        "warning sm-ci.yml:1:1: names registry.example.com/ml/churn:1.9 nowhere; it was looked for in image: with its args, "
        "and in the variables that it is made of; there is registry.example.com/ml/churn:${TAG} in line 2; nothing is changed in it",
    )


YAML = {
    "Helm values": (
        """\
        # churn:1.9
        replicas: 2
        image:   &image
          registry:   registry.example.com
          repository: "ml/churn"     # ours
          tag: 1.9
        other: {repository: ml/churn, tag: 1.9}
        sidecar:
          repository: registry.example.com/ml/churn
          tag: &tag '1.9'
          pullPolicy: Always
        appVersion: *tag
        copy: *image
        """,
        """\
        # churn:1.9
        replicas: 2
        image:   &image
          registry:   registry.example.com
          repository: "ml/churn"     # ours
          tag: "1.10"
        other: {repository: ml/churn, tag: 1.9}
        sidecar:
          repository: registry.example.com/ml/churn
          tag: &tag '1.10'
          pullPolicy: Always
        appVersion: *tag
        copy: *image
        """,
    ),
    "Kustomize": (
        f"""\
        images:
          - name: churn
            newName: registry.example.com/ml/churn
            newTag: "1.9"
          - {{name: registry.example.com/ml/churn, newTag: '1.9', digest: {OLD_PIN}}}
        """,
        f"""\
        images:
          - name: churn
            newName: registry.example.com/ml/churn
            newTag: "1.10"
          - {{name: registry.example.com/ml/churn, newTag: '1.10', digest: {NEW_PIN}}}
        """,
    ),
    "documents, CloudFormation and a workflow": (
        """\
        Resources:
          Model:
            Image: !Sub "${AWS::AccountId}.example.com/ml/churn:1.9"
            Ours: !Sub ${Registry}/ml/churn:1.9
            Exact: !Ref registry.example.com/ml/churn:1.9
        ---
        {image: registry.example.com/ml/churn:1.9, tag: 1.9}
        ---
        jobs:
          a:
            uses: docker://registry.example.com/ml/churn:1.9
            run: |
              # registry.example.com/ml/churn:1.9 is text here
              docker pull registry.example.com/ml/churn:1.9
              docker pull registry.example.com/ml/churn:1.90 registry.example.com/ml/churn:1.9-gpu
              docker pull eu.registry.example.com/ml/churn:1.9 my/registry.example.com/ml/churn:1.9
              docker pull registry.example.com/ml/churn:1.9${X} ${Y}registry.example.com/ml/churn:1.9
        """,
        """\
        Resources:
          Model:
            Image: !Sub "${AWS::AccountId}.example.com/ml/churn:1.10"
            Ours: !Sub ${Registry}/ml/churn:1.10
            Exact: !Ref registry.example.com/ml/churn:1.10
        ---
        {image: registry.example.com/ml/churn:1.10, tag: 1.9}
        ---
        jobs:
          a:
            uses: docker://registry.example.com/ml/churn:1.10
            run: |
              # registry.example.com/ml/churn:1.10 is text here
              docker pull registry.example.com/ml/churn:1.10
              docker pull registry.example.com/ml/churn:1.90 registry.example.com/ml/churn:1.9-gpu
              docker pull eu.registry.example.com/ml/churn:1.9 my/registry.example.com/ml/churn:1.9
              docker pull registry.example.com/ml/churn:1.9${X} ${Y}registry.example.com/ml/churn:1.9
        """,
    ),
    "Compose": (
        "services: {a: {image: 'registry.example.com/ml/churn:${TAG:-1.9}'}, b: {image: '${R:-registry.example.com}/ml/churn:1.9'}}\n",
        "services: {a: {image: 'registry.example.com/ml/churn:${TAG:-1.10}'}, b: {image: '${R:-registry.example.com}/ml/churn:1.10'}}\n",
    ),
    "a template that is no YAML": (
        "{{- if .x }}\nimage: registry.example.com/ml/churn:1.9\n{{- end }}\n",
        "{{- if .x }}\nimage: registry.example.com/ml/churn:1.10\n{{- end }}\n",
    ),
}


YAML_LEFT = {
    "documents, CloudFormation and a workflow": [
        "warning values.yaml:17:19: registry.example.com/ml/churn:1.9${X} is left as it is: its tag is not known here; look at it"
    ]
}


@pytest.mark.parametrize("name", YAML)
def test_other_yaml(name: str) -> None:
    before, wanted = YAML[name]
    check({"values.yaml": before}, {"values.yaml": wanted}, *YAML_LEFT.get(name, ()), new=f"{NEW}@{NEW_PIN}")


DOCKERFILES = {
    "stages": (
        """\
        # syntax=docker/dockerfile:1
        # FROM registry.example.com/ml/churn:1.9
        FROM debian:12.5 AS tools
        FROM --platform=linux/amd64 registry.example.com/ml/churn:1.9 AS serve
        RUN echo "FROM registry.example.com/ml/churn:1.9"
        COPY --from=tools /a /a
        COPY --chown=1:1 --from=registry.example.com/ml/churn:1.9 /a /b
        FROM registry.example.com/ml/churn:1.90
        from   "registry.example.com/ml/churn:1.9"   as last
        """,
        """\
        # syntax=docker/dockerfile:1
        # FROM registry.example.com/ml/churn:1.9
        FROM debian:12.5 AS tools
        FROM --platform=linux/amd64 registry.example.com/ml/churn:1.10 AS serve
        RUN echo "FROM registry.example.com/ml/churn:1.9"
        COPY --from=tools /a /a
        COPY --chown=1:1 --from=registry.example.com/ml/churn:1.10 /a /b
        FROM registry.example.com/ml/churn:1.90
        from   "registry.example.com/ml/churn:1.10"   as last
        """,
    ),
    "arguments": (
        """\
        ARG REPO=registry.example.com/ml/churn  TAG="1.9"
        ARG IMAGE=${REPO}:${TAG}
        FROM $IMAGE AS a
        FROM ${REPO}:$TAG AS b
        ARG TAG
        ARG TAG=1.9
        """,
        """\
        ARG REPO=registry.example.com/ml/churn  TAG="1.10"
        ARG IMAGE=${REPO}:${TAG}
        FROM $IMAGE AS a
        FROM ${REPO}:$TAG AS b
        ARG TAG
        ARG TAG=1.9
        """,
    ),
    "defaults": (
        "ARG REGISTRY\nFROM ${REGISTRY}/ml/churn:${TAG:-1.9}\nFROM ${REGISTRY:-registry.example.com}/ml/churn:${TAG-1.9}\n",
        "ARG REGISTRY\nFROM ${REGISTRY}/ml/churn:${TAG:-1.10}\nFROM ${REGISTRY:-registry.example.com}/ml/churn:${TAG-1.10}\n",
    ),
    "continued lines, and another escape": (
        "# escape=`\nARG `\n  # a comment\n  TAG=1.9\nFROM `\n\n  registry.example.com/ml/churn:${TAG} `\n  AS x\n",
        "# escape=`\nARG `\n  # a comment\n  TAG=1.10\nFROM `\n\n  registry.example.com/ml/churn:${TAG} `\n  AS x\n",
    ),
    "heredocs": (
        """\
        FROM registry.example.com/ml/churn:1.9
        RUN <<EOF cat >/a && cat <<-"END"
        FROM registry.example.com/ml/churn:1.9
        EOF
        FROM registry.example.com/ml/churn:1.9
        \tEND
        RUN echo $((1<<a))
        RUN --mount=type=bind,from=registry.example.com/ml/churn:1.9,target=/x ls
        """,
        """\
        FROM registry.example.com/ml/churn:1.10
        RUN <<EOF cat >/a && cat <<-"END"
        FROM registry.example.com/ml/churn:1.9
        EOF
        FROM registry.example.com/ml/churn:1.9
        \tEND
        RUN echo $((1<<a))
        RUN --mount=type=bind,from=registry.example.com/ml/churn:1.10,target=/x ls
        """,
    ),
    "pinned": (
        f"FROM registry.example.com/ml/churn:1.9@{OLD_PIN} AS a\n",
        f"FROM registry.example.com/ml/churn:1.10@{NEW_PIN} AS a\n",
    ),
}


LEFT = f"{CURRENT} stands in %s, which is left as it is; change it by hand"
DOCKERFILES_LEFT = {
    "stages": [f"warning Dockerfile.gpu:5:16: {LEFT % 'RUN'}"],
    "heredocs": [f"warning Dockerfile.gpu:{line}:6: {LEFT % 'a heredoc'}" for line in (3, 5)],
}


@pytest.mark.parametrize("name", DOCKERFILES)
def test_dockerfiles(name: str) -> None:
    before, wanted = DOCKERFILES[name]
    left = DOCKERFILES_LEFT.get(name, ())
    check({"Dockerfile.gpu": before}, {"Dockerfile.gpu": wanted}, *left, new=f"{NEW}@{NEW_PIN}")


def test_hadolint_reads_a_dockerfile_before_and_after_alike(tmp_path: Path) -> None:
    """The same remarks at the same places."""
    text = textwrap.dedent("\n".join(before for before, _ in (DOCKERFILES["stages"], DOCKERFILES["pinned"])))
    made = planned({"Dockerfile": text}, new=f"{NEW}@{NEW_PIN}")

    def remarks(name: str, content: bytes) -> str:
        (tmp_path / name).write_bytes(content)
        linter = Path(sys.executable).with_name("hadolint")
        command = [str(linter), "-f", "tty", "--no-color", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "unexpected" not in done.stdout
        return done.stdout.replace(name, "Dockerfile")

    before, now = remarks("before", text.encode()), remarks("after", made.changes[0].content)
    assert now == before
    assert "DL" in now


BASES = {
    "the only one": ("FROM python:3.12\n", None, {}, "python:3.12"),
    "the last one": ("FROM a:1\nFROM b:2\n", None, {}, "b:2"),
    "through stages": ("FROM a:1 AS x\nFROM x as Y\nFROM y\n", None, {}, "a:1"),
    "the target's": ("FROM a:1 AS x\nFROM b:2\n", "X", {}, "a:1"),
    "the target by number": ("FROM a:1\nFROM b:2\n", "0", {}, "a:1"),
    "with arguments": ("ARG T=1\nFROM --platform=linux/amd64 r.io/a:${T}@sha256:1\n", None, {}, "r.io/a:1@sha256:1"),
    "with given arguments": ("ARG T=1\nFROM a:${T}\n", None, {"T": "2"}, "a:2"),
    "no tag": ("FROM r.io:5000/a\n", None, {}, ""),
    "nothing": ("FROM scratch\n", None, {}, ""),
    "no such stage": ("FROM a:1\n", "x", {}, ""),
    "no stage": ("", None, {}, ""),
    "an argument that nobody gives": ("ARG T\nFROM a:${T}\n", None, {}, ""),
}


@pytest.mark.parametrize(("text", "target", "given", "wanted"), BASES.values(), ids=BASES.keys())
def test_what_a_dockerfile_builds_on(text: str, target: str | None, given: dict[str, str], wanted: str) -> None:
    assert base(Source(path="D", file=Path("D"), content=text.encode()), target, given) == wanted


def test_an_argument_that_is_another_images_tag_too() -> None:
    text = "ARG TAG=1.9\nFROM registry.example.com/ml/churn:${TAG}\nFROM other:${TAG}\n"
    check(
        {"Dockerfile": text},
        {"Dockerfile": text},
        "warning Dockerfile:1:9: TAG is in the tag of other:1.9 too, so it is left as it is; "
        "give each image a variable of its own",
    )


TERRAFORM = """\
# registry.example.com/ml/churn:1.9
locals {
  repository = "registry.example.com/ml/churn"
  tag        = "1.9"   # the tag
  images = {
    churn = "registry.example.com/ml/churn:1.9", "old" : "registry.example.com/ml/churn:1.8"
  }
}

variable "serving_tag" {
  type    = string
  default = "1.9"
}

variable "unrelated" {
  default = "1.9"
}

resource "aws_ecr_repository" "churn" { name = "ml/churn" }

resource "aws_sagemaker_model" "all" {
  container { image = "${local.repository}:${local.tag}" }
  container { image = "${aws_ecr_repository.churn.repository_url}:${ var.serving_tag }" }
  container { image = "${data.aws_caller_identity.this.account_id}.example.com/ml/churn:1.9" }
  container { image = "${lookup({ a = "registry.example.com/ml/churn:1.9" }, "a")}" }
  container { image = "registry.example.com/ml/churn:1.90" }
  /* image = "registry.example.com/ml/churn:1.9" */ // "registry.example.com/ml/churn:1.9"
  tags = { Version = local.tag, text = "say \\"registry.example.com/ml/churn:1.9\\"" }
}

module "chart" {
  repository = local.repository
  tag        = var.module_tag
}
"""


def test_terraform() -> None:
    wanted = TERRAFORM
    for old in (
        'tag        = "1.9"',
        'churn = "registry.example.com/ml/churn:1.9"',
        'string\n  default = "1.9"',
        '.example.com/ml/churn:1.9" }\n',
        'lookup({ a = "registry.example.com/ml/churn:1.9"',
        'say \\"registry.example.com/ml/churn:1.9',
    ):
        assert wanted.count(old) == 1
        wanted = wanted.replace(old, old.replace("1.9", "1.10"))
    check(
        {"infra/main.tf": TERRAFORM, "infra/prod.tfvars": 'module_tag = "1.9"\nserving_tag = "1.8"\n'},
        {"infra/main.tf": wanted, "infra/prod.tfvars": 'module_tag = "1.10"\nserving_tag = "1.8"\n'},
    )


def test_awss_own_containers_by_terraforms_data_source() -> None:
    text = """\
        data "aws_sagemaker_prebuilt_ecr_image" "lmi" {
          repository_name = "djl-inference"
          image_tag       = "0.36.0-lmi28.0.0-cu130"
        }
        data "aws_sagemaker_prebuilt_ecr_image" "other" {
          repository_name = "djl-serving"
          image_tag       = "0.36.0-lmi28.0.0-cu130"
        }
        """
    check(
        {"main.tf": text},
        {"main.tf": text.replace("0.36.0-lmi28.0.0-cu130", "0.38.0-lmi29.0.0-cu130", 1)},
        current=LMI,
        new=NEW_LMI,
    )


TERRAFORM_LEFT = {
    "a heredoc": (
        'x = <<-EOT\n  a "registry.example.com/ml/churn:1.9"\nEOT\ny = "b"\n',
        (
            "warning main.tf:2:6: registry.example.com/ml/churn:1.9 stands in a heredoc, which is left as it is; "
            "change it by hand"
        ),
    ),
    "a repository that nobody knows": (
        'variable "tag" { default = "1.9" }\nx = "${var.repository}:${var.tag}"\n',
        (
            "warning main.tf:1:1: names registry.example.com/ml/churn:1.9 nowhere; it was looked for in quoted texts, with the "
            "locals and variables that they are made of; there is ${var.repository}:1.9 in line 2; nothing is changed in it"
        ),
    ),
    "a tag of two images": (
        'locals { tag = "1.9" }\nx = "registry.example.com/ml/churn:${local.tag}"\ny = "a/b:${local.tag}-gpu"\n',
        (
            "warning main.tf:1:17: local.tag is in the tag of a/b:1.9-gpu too, so it is left as it is; "
            "give each image a variable of its own"
        ),
    ),
    "a tag of the same repository's other image": (
        (
            'locals { tag = "1.9" }\nx = "registry.example.com/ml/churn:${local.tag}"\n'
            'y = "registry.example.com/ml/churn:${local.tag}-gpu"\n'
        ),
        (
            "warning main.tf:1:17: local.tag is in the tag of registry.example.com/ml/churn:1.9-gpu too, so it is left as it is; "
            "give each image a variable of its own"
        ),
    ),
}


@pytest.mark.parametrize(("text", "finding"), TERRAFORM_LEFT.values(), ids=TERRAFORM_LEFT.keys())
def test_what_is_left_alone_in_terraform(text: str, finding: str) -> None:
    check({"main.tf": text}, {"main.tf": text}, finding)


IS_LEFT = "is left as it is: its tag is not known here; look at it"
HALF = {
    "Terraform, by an index": (
        "main.tf",
        'x = "{image}:1.9"\ny = "{image}:${local.tags[0]}"\nz = "a/${var.z}:1.9-${var.y}"\n',
        [f"2:6: {{image}}:${{local.tags[0]}} {IS_LEFT}"],
    ),
    "Terraform, by functions": (
        "main.tf",
        (
            'x = "{image}:1.9"\nz = format("{image}:%s", "1.9")\ny = format("%s:%s", "{image}", "1.9")\n'
            'a = join(":", ["{image}", local.tag])\nb = "{image}:%{ if var.old }1.8%{ else }1.9%{ endif }"\n'
        ),
        [
            f"2:13: {{image}}:%… {IS_LEFT}",
            f"5:6: {{image}}:${{if var.old}}1.8${{else}}1.9${{endif}} {IS_LEFT}",
            "3:22: {image} is left as it is: it stands without a tag; look at what uses it",
            "4:17: {image} is left as it is: it stands without a tag; look at what uses it",
        ],
    ),
    "a repository that is used with a tag": (
        "main.tf",
        (
            'locals {\n  repository = "{image}"\n  tag = "1.9"\n  old = "1.8"\n}\nx = "${local.repository}:${local.tag}"\n'
            'module "x" {\n  image_repository = "{image}"\n  image_tag = "1.8"\n}\nname = "ml/churn"\nname = "churn"\n'
        ),
        [],
    ),
    "a workflow": (
        "ci.yml",
        (
            "env: {TAG: '1.9'}\njobs:\n  a:\n    container: {image}:1.9\n    steps:\n"
            "      - run: docker run {image}:${{ env.TAG }}\n      - run: docker run {image}:$TAG && docker run {image}:$TAG\n"
        ),
        [
            f"6:25: {{image}}:${{{{ env.TAG }}}} {IS_LEFT}",
            f"7:25: {{image}}:$TAG {IS_LEFT}",
            f"7:74: {{image}}:$TAG {IS_LEFT}",
        ],
    ),
    "Helm": (
        "values.yaml",
        "a: '{image}:1.9'\nb: '{image}:{{ .Chart.AppVersion }}'\nc: {repository: '{image}', tag: '{{ .tag }}'}\n",
        [
            f"2:5: {{image}}:{{{{ .Chart.AppVersion }}}} {IS_LEFT}",
            f"3:18: {{image}}:{{{{ .tag }}}} {IS_LEFT}",
        ],
    ),
    "Helm, without a tag": ("values.yaml", "a: '{image}:1.9'\nb: {repository: '{image}', tag: ''}\nc: '{image}'\n", []),
    "a Dockerfile": (
        "Dockerfile",
        "ARG TAG\nFROM {image}:${TAG} AS a\nFROM {image}:1.9\nENV BASE={image}:1.9\n",
        [
            "4:10: {image}:1.9 stands in ENV, which is left as it is; change it by hand",
            f"2:6: {{image}}:${{TAG}} {IS_LEFT}",
        ],
    ),
    "Python": ("a.py", "A = '{image}:1.9'\nB = f'{image}:{TAG}'\n", [f"2:7: {{image}}:{{… {IS_LEFT}"]),
    "a placeholder": ("README.md", "Run {image}:1.9, or {image}:<tag>, {image}:* or {image}: as you like\n", []),
}


@pytest.mark.parametrize("name", HALF)
def test_what_stays_in_a_file_that_changes_is_told(name: str) -> None:
    file, text, findings = HALF[name]
    text = text.replace("{image}", CURRENT[:-4])
    made = planned({file: text})
    (changed,) = after({file: text}, made).values()
    assert changed == text.replace(":1.9", ":1.10", 1 if "main.tf" in file or "Dockerfile" in file else 9).replace(
        'tag = "1.9"', f'tag = "{1.9 if findings else "1.10"}"'
    )
    assert told(made) == [f"warning {file}:{finding.replace('{image}', CURRENT[:-4])}" for finding in findings]


def test_a_digest_that_is_not_known_keeps_its_tag_too() -> None:
    text = "ARG DIGEST\nFROM registry.example.com/ml/churn:1.9@${DIGEST}\n"
    check(
        {"Dockerfile": text},
        {"Dockerfile": text},
        f"warning Dockerfile:2:6: {CURRENT}@${{DIGEST}} is left as it is: its digest is not known here; look at it",
        new=f"{NEW}@{NEW_PIN}",
    )


def test_of_very_many_places_the_first_are_told() -> None:
    made = planned({"a.sh": f"{CURRENT}\n" + "registry.example.com/ml/churn:$TAG\n" * 5000})
    assert told(made)[:1] == [f"warning a.sh:2:1: registry.example.com/ml/churn:$TAG {IS_LEFT}"]
    assert told(made)[20:] == [
        "warning a.sh:22:1: here and behind it are more than the 20 places that are told; look at them"
    ]


BUILDS = {
    "an argument that is all": ("{BASE: '%s'}", "ARG BASE=python:3.11\nFROM ${BASE}\n", None),
    "an argument that is the tag": ("{TAG: '1.9'}", "ARG TAG\nFROM registry.example.com/ml/churn:${TAG}\n", None),
    "an argument that is the default too": (
        "{TAG: '1.9'}",
        "ARG TAG=1.9\nFROM registry.example.com/ml/churn:${TAG}\n",
        "ARG TAG=1.10\nFROM registry.example.com/ml/churn:${TAG}\n",
    ),
    "a variable in it": ("{BASE: 'registry.example.com/ml/churn:${V}'}", "ARG BASE\nFROM $BASE\n", None),
}


@pytest.mark.parametrize("name", BUILDS)
def test_the_arguments_of_what_a_spec_builds(name: str) -> None:
    arguments, dockerfile, changed = BUILDS[name]
    spec = f"{HEAD}variables: {{V: '1.9'}}\nimage: {{build: c/., args: {arguments.replace('%s', CURRENT)}}}\n"
    wanted = spec.replace("V: '1.9'", "V: '1.10'") if "${V}" in spec else spec.replace(":1.9", ":1.10")
    wanted = wanted.replace("TAG: '1.9'", "TAG: '1.10'")
    check({"c/Dockerfile": dockerfile, "sm-ci.yml": spec}, {"c/Dockerfile": changed or dockerfile, "sm-ci.yml": wanted})


def test_arguments_of_another_dockerfile_are_none_of_this_one() -> None:
    spec = f"{HEAD}image: {{build: c, dockerfile: other, args: {{TAG: '1.9'}}}}\n"
    text = "ARG TAG\nFROM registry.example.com/ml/churn:${TAG}\nFROM registry.example.com/ml/churn:1.9\n"
    made = planned({"c/Dockerfile": text, "sm-ci.yml": spec})
    assert [change.source.path for change in made.changes] == ["c/Dockerfile"]


def test_what_is_built_for_a_trial() -> None:
    def built(
        text: str, arguments: Mapping[str, str], current: str = CURRENT, new: str = NEW
    ) -> tuple[str, dict[str, str]]:
        source = Source(path="D", file=Path("D"), content=text.encode())
        content, given = rebuilt(source, arguments, Reference.parse(current), Reference.parse(new))
        return content.decode(), given

    direct, by_tag = f"FROM {CURRENT}\n", "ARG TAG=1.9\nFROM registry.example.com/ml/churn:${TAG}\n"
    assert built(direct, {"A": "1.9"}) == (f"FROM {NEW}\n", {"A": "1.9"})
    assert built(by_tag, {"TAG": "1.9"}) == (by_tag.replace("1.9", "1.10"), {"TAG": "1.10"})
    assert built("ARG B\nFROM $B\n", {"B": CURRENT, "C": "Ü"}) == ("ARG B\nFROM $B\n", {"B": NEW, "C": "Ü"})
    moved = f"{CURRENT}@{NEW_PIN}"
    assert built(direct, {}, new=moved) == (f"FROM {moved}\n", {})
    assert built(f"FROM {CURRENT}@{OLD_PIN}\n", {}, f"{CURRENT}@{OLD_PIN}", moved) == (f"FROM {moved}\n", {})


def test_other_texts_at_whole_words() -> None:
    text = """\
        {"image": "registry.example.com/ml/churn:1.9", "b": ["registry.example.com/ml/churn:1.9.1"],
         "c": "registry.example.com/ml/churn:1.9-gpu", "d": "xregistry.example.com/ml/churn:1.9"}
        Use registry.example.com/ml/churn:1.9. (registry.example.com/ml/churn:1.9), `registry.example.com/ml/churn:1.9`
        Not *registry.example.com/ml/churn:1.9, nor registry.example.com/ml/churn:1.9*, but **registry.example.com/ml/churn:1.9**
        """
    words = ['"image": "registry.example.com/ml/churn:1.9', "Use registry.example.com/ml/churn:1.9"]
    words += ["(registry.example.com/ml/churn:1.9", "`registry.example.com/ml/churn:1.9"]
    words += ["**registry.example.com/ml/churn:1.9"]
    wanted = text
    for word in words:
        assert wanted.count(word) == 1
        wanted = wanted.replace(word, word.replace("1.9", "1.10"))
    check({"task.json": text}, {"task.json": wanted})


@pytest.mark.parametrize("spelling", ["churn", "library/churn", "docker.io/library/churn", "index.docker.io/churn"])
def test_the_same_image_by_another_name(spelling: str) -> None:
    check({"a.json": f'"{spelling}:1.9"'}, {"a.json": f'"{spelling}:1.10"'}, current="churn:1.9", new="churn:1.10")


HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
REGIONS = {
    "the same account's in another region": (HOST, HOST.replace("us-east-1", "eu-west-1"), "elsewhere"),
    "the same registry by its other host": (HOST, "123456789012.dkr-ecr.us-east-1.on.aws", "ours"),
    "another account's": (HOST, HOST.replace("1234", "9999"), "other"),
    "China's": (HOST, "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "other"),
    "AWS's own in another region": (
        LMI.partition("/")[0],
        "364406365360.dkr.ecr.ap-northeast-3.amazonaws.com",
        "elsewhere",
    ),
    "the public gallery's": (LMI.partition("/")[0], "public.ecr.aws", "other"),
}


@pytest.mark.parametrize(("ours", "theirs", "whose"), REGIONS.values(), ids=REGIONS.keys())
def test_the_same_repository_elsewhere(ours: str, theirs: str, whose: str) -> None:
    text = f'a = "{ours}/churn:1.9"\nb = "{theirs}/churn:1.9"\n'
    wanted = text.replace("1.9", "1.10", 2 if whose in {"ours", "elsewhere"} else 1)
    notice = f"notice main.tf:2:6: {theirs}/churn:1.9 is changed too, and was not tried there; "
    findings = [notice + "look whether 1.10 is in that registry"] if whose == "elsewhere" else []
    check({"main.tf": text}, {"main.tf": wanted}, *findings, current=f"{ours}/churn:1.9", new=f"{ours}/churn:1.10")


def test_a_pin_whose_new_digest_is_not_known_is_an_error() -> None:
    made = planned({"a.json": f'"{CURRENT}@{OLD_PIN}"'})
    assert made.changes == ()
    assert told(made) == [
        (
            f"error a.json:1:2: {CURRENT}@{OLD_PIN} is pinned by a digest, and that of {NEW} is not known; "
            "take the digest away here"
        )
    ]


def test_another_digest_under_the_same_tag_changes_pins_alone() -> None:
    text = f'["{CURRENT}@{OLD_PIN}", "{CURRENT}"]'
    check(
        {"a.json": text},
        {"a.json": text.replace("a" * 64, "b" * 64)},
        current=f"{CURRENT}@{OLD_PIN}",
        new=f"{CURRENT}@{NEW_PIN}",
    )


LOOKED_FOR = {
    "a.yml": "in its texts, and as repository: with tag: beside it",
    "Dockerfile": "in FROM, COPY --from and RUN --mount=from, with the ARGs before the first FROM",
    "serve.dockerfile": "in FROM, COPY --from and RUN --mount=from, with the ARGs before the first FROM",
    "terragrunt.hcl": "in quoted texts, with the locals and variables that they are made of",
    "README.md": "as a whole word",
}


@pytest.mark.parametrize("name", LOOKED_FOR)
def test_a_file_that_names_it_nowhere(name: str) -> None:
    check(
        {name: ""},
        {name: ""},
        f"warning {name}:1:1: names registry.example.com/ml/churn:1.9 nowhere; it was looked for {LOOKED_FOR[name]}; "
        "nothing is changed in it",
    )


def test_a_file_that_names_other_tags_and_is_no_yaml() -> None:
    text = "a: [registry.example.com/ml/churn:1.8\n"
    check(
        {"a.yml": text},
        {"a.yml": text},
        "warning a.yml:1:1: names registry.example.com/ml/churn:1.9 nowhere; it was looked for as a whole word, as the file is "
        "no YAML (did not find expected ',' or ']' in line 2); there is registry.example.com/ml/churn:1.8 in line 1; "
        "nothing is changed in it",
    )


def test_the_changed_lines_are_told() -> None:
    made = planned({"a.json": "{}\r\n  '" + CURRENT + "' \r\n"})
    assert [(one.path, one.line, one.before, one.after) for one in made.changes[0].written] == [
        ("a.json", 2, f"  '{CURRENT}' ", f"  '{NEW}' ")
    ]
