"""Every rule of the lint: its name, how much it matters at most, what it finds, and for which families. Pure.

The README's table "What validate finds in a model" is this one; a test holds the two, and the findings, together.
"""

from __future__ import annotations

from dataclasses import dataclass

from sm_ci.artifact.lint.host import Family
from sm_ci.artifact.lint.view import ERROR, NOTICE, WARNING
from sm_ci.errors import Severity

ALL = "all"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `severities` are those that its findings have, the worst first."""

    name: str
    severities: tuple[Severity, ...]
    what: str
    families: tuple[Family, ...] = ()

    @property
    def where(self) -> str:
        """The families, as the README lists them."""
        return ", ".join(self.families) or ALL


_HANDLERS = (
    Family.DJL,
    Family.PYTORCH,
    Family.HUGGINGFACE,
    Family.TENSORFLOW,
    Family.SKLEARN,
    Family.XGBOOST,
    Family.MXNET,
)
_INSTALLERS = (*_HANDLERS, Family.MMS, Family.VLLM)

RULES = (
    Rule(
        "model-archive",
        (ERROR,),
        "an archive that SageMaker would not unpack: no gzip, cut off, damaged, names that lead out",
    ),
    Rule(
        "model-link",
        (ERROR, WARNING, NOTICE),
        "links, which SageMaker refuses in archives; in a folder those that lead nowhere",
    ),
    Rule(
        "model-wrapped",
        (WARNING,),
        "one folder around everything, so that code or weights are not found",
        (Family.PYTORCH, Family.HUGGINGFACE, Family.TGI, Family.TEI, Family.VLLM, Family.MMS),
    ),
    Rule("duplicate-name", (WARNING,), "a name that an archive holds twice"),
    Rule("model-size", (WARNING,), "more than an endpoint's largest volume"),
    Rule("not-looked-at", (NOTICE,), "what of a very large model was not looked at"),
    Rule("junk-files", (WARNING, NOTICE), "`._*`, `.DS_Store`, `__MACOSX`, `.ipynb_checkpoints`"),
    Rule(
        "secret-file",
        (WARNING,),
        "files with credentials: `.env`, `.aws/credentials`, keys; passwords in requirements.txt",
    ),
    Rule("git-lfs", (ERROR, WARNING), "Git LFS pointers in place of files"),
    Rule("script-crlf", (WARNING,), "scripts with Windows line ends"),
    Rule("file-mode", (NOTICE,), "files that only their owner may read"),
    Rule(
        "handler-syntax",
        (ERROR, WARNING),
        "a handler, or a module of the model that it imports, that the image's Python cannot read",
        (*_INSTALLERS, Family.TRITON),
    ),
    Rule(
        "handler-missing",
        (ERROR, WARNING),
        "a module that is named and not there, or that cannot be missing",
        _HANDLERS,
    ),
    Rule(
        "handler-misplaced",
        (WARNING,),
        "`inference.py` outside of `code/`",
        (Family.PYTORCH, Family.HUGGINGFACE, Family.TENSORFLOW, Family.MXNET, Family.MMS),
    ),
    Rule(
        "handler-mixed",
        (ERROR, WARNING),
        "`transform_fn` beside `input_fn`, `predict_fn` or `output_fn`; `handler` beside `input_handler`",
        (*_HANDLERS[1:], Family.MMS),
    ),
    Rule(
        "function-missing",
        (ERROR, WARNING),
        "a function or class that the server calls and the handler does not have, or has under a similar name",
        (*_HANDLERS, Family.MMS, Family.TRITON),
    ),
    Rule(
        "function-arguments",
        (ERROR, NOTICE),
        "a function that cannot be called with the arguments that the server gives",
        (*_HANDLERS, Family.MMS),
    ),
    Rule(
        "function-async",
        (WARNING, NOTICE),
        "an `async` function that the server does not await",
        (*_HANDLERS[1:], Family.MMS),
    ),
    Rule("requirements-line", (ERROR, WARNING), "lines of requirements.txt that pip refuses", _INSTALLERS),
    Rule(
        "requirements-path",
        (ERROR, WARNING),
        "files that requirements.txt names and the model does not hold; `-e`",
        _INSTALLERS,
    ),
    Rule("requirements-index", (NOTICE,), "hosts that packages come from besides PyPI", _INSTALLERS),
    Rule("requirements-network", (NOTICE,), "packages to fetch under `network_isolation`", _INSTALLERS),
    Rule(
        "requirements-misplaced",
        (WARNING,),
        "requirements.txt outside of `code/`",
        (Family.PYTORCH, Family.HUGGINGFACE, Family.TENSORFLOW, Family.MXNET),
    ),
    Rule(
        "serving-properties",
        (WARNING,),
        "keys of serving.properties that are nearly known, engines and values that DJL does not take",
        (Family.DJL,),
    ),
    Rule(
        "triton-layout",
        (ERROR, WARNING),
        "config.pbtxt at the top, no or several model folders, no version",
        (Family.TRITON,),
    ),
    Rule(
        "triton-config",
        (ERROR, WARNING),
        "config.pbtxt that cannot be read, a wrong name, unknown fields",
        (Family.TRITON,),
    ),
    Rule("saved-model", (ERROR, WARNING), "no saved_model.pb in a folder with a number", (Family.TENSORFLOW,)),
    Rule(
        "model-file",
        (ERROR, WARNING),
        "weights or configuration that the default loader needs; parts that an index names",
        (
            Family.DJL,
            Family.PYTORCH,
            Family.HUGGINGFACE,
            Family.XGBOOST,
            Family.TRITON,
            Family.MXNET,
            Family.TGI,
            Family.TEI,
            Family.VLLM,
        ),
    ),
    Rule("model-id", (ERROR, WARNING), "HF_MODEL_ID is not set", (Family.TGI, Family.TEI)),
    Rule("model-ignored", (NOTICE,), "weights beside an HF_MODEL_ID that is downloaded", (Family.HUGGINGFACE,)),
    Rule(
        "needs-network",
        (WARNING,),
        "a model to download under `network_isolation`",
        (Family.DJL, Family.HUGGINGFACE, Family.TGI, Family.TEI, Family.VLLM),
    ),
    Rule("pickle-version", (WARNING, NOTICE), "pickles of a protocol or scikit-learn that the image does not have"),
)
