"""Model files that cannot be loaded. Pure."""

from sm_ci.diagnosis.signature import PRINTED, Role, signature

_VERSIONS = "Install the version that it was made with, or make it again with the image's."
_SKLEARN = "https://scikit-learn.org/stable/model_persistence.html"
_PICKLE = "https://docs.python.org/3/library/pickle.html"

MODELS = (
    signature(
        "lfs-pointer",
        Role.EXCEPTION,
        r"invalid load key, 'v'|Protocol 118 not known|Unsupported operand 118",
        cause="the model's file begins like a Git LFS pointer, not like a model",
        remedy="Fetch the file itself: lfs: true at actions/checkout, or git lfs pull.",
        link="https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md",
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "torch-weights-only",
        Role.EXCEPTION,
        r"UnpicklingError: Weights only load failed",
        cause="PyTorch loads nothing but weights since version 2.6, and the file holds whole objects",
        remedy="Save the state_dict alone, or pass weights_only=False for a file that you made yourself.",
        link="https://pytorch.org/docs/stable/generated/torch.load.html",
        confidence=0.97,
        reported="https://github.com/e3nn/e3nn/issues/519",
    ),
    signature(
        "model-cut",
        Role.EXCEPTION,
        r"EOFError: Ran out of input|UnpicklingError: pickle data was truncated|EOFError: Compressed file ended before",
        cause="the model's file is empty or cut short",
        remedy="Look at its size in the archive, and copy it again.",
        link=_PICKLE,
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "pickle-protocol",
        Role.EXCEPTION,
        r"unsupported pickle protocol: (?P<subject>\d{1,3})",
        cause="the model was saved with pickle protocol {subject}, which the image's Python does not know",
        remedy="Use an image of the Python that saved it, or save it with an older protocol.",
        link=f"{_PICKLE}#data-stream-format",
        confidence=0.98,
        observed=PRINTED,
    ),
    signature(
        "pickle-python",
        Role.EXCEPTION,
        r"bad marshal data|TypeError: code(?:\(\))? (?:expected|takes|argument) |unknown opcode",
        cause="the model holds functions that another version of Python compiled",
        remedy="Use an image of the Python that saved it, or keep the functions in a module.",
        link="https://github.com/cloudpipe/cloudpickle",
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "numpy-version",
        Role.EXCEPTION,
        r"numpy\.core\.multiarray failed to import|numpy\.(?:dtype|ufunc) size changed|No module named 'numpy\._core"
        r"|_ARRAY_API not found|compiled using NumPy 1\.x cannot be run",
        cause="the image's NumPy is of another major version than a package or the model was made with",
        remedy="Pin numpy in the image (numpy<2, or 2 for what was saved with it).",
        link="https://numpy.org/doc/stable/user/troubleshooting-importerror.html",
        confidence=0.95,
        observed=PRINTED,
    ),
    signature(
        "sklearn-version",
        Role.EXCEPTION,
        r"AttributeError: |No module named 'sklearn|incompatible dtype",
        cause="the model was saved with scikit-learn {saved}, and the image has {has}",
        remedy=_VERSIONS,
        link=_SKLEARN,
        confidence=0.97,
        observed=PRINTED,
        needs=r"Trying to unpickle estimator \S{1,100} from version (?P<saved>[\w.+-]{1,30})"
        r" when using version (?P<has>[\w+-]{1,30}(?:\.[\w+-]{1,30}){0,5})",
    ),
    signature(
        "sklearn-moved",
        Role.EXCEPTION,
        r"No module named '(?P<subject>sklearn\.[\w.]{1,100}|_loss)'|has no attribute 'probA_'"
        r"|Can't get attribute '\w{1,100}' on <module 'sklearn",
        cause="the model was saved with another version of scikit-learn, whose modules had other names",
        remedy=_VERSIONS,
        link=_SKLEARN,
        confidence=0.95,
        observed=PRINTED,
    ),
    signature(
        "unpickle",
        Role.EXCEPTION,
        r"AttributeError: Can't get attribute '(?P<subject>\w{1,100})' on <module '__main__'",
        cause="the model was saved by a script that defined {subject}, and the server has no such class",
        remedy="Define it in a module that the handler imports too, and save the model again.",
        link=f"{_PICKLE}#what-can-be-pickled-and-unpickled",
        confidence=0.97,
        observed=PRINTED,
    ),
    signature(
        "not-fitted",
        Role.EXCEPTION,
        r"NotFittedError: This (?P<subject>\w{1,100}) instance is not fitted",
        cause="the model holds a {subject} that was never trained",
        remedy="Save the fitted object, the whole pipeline at best.",
        link="https://scikit-learn.org/stable/modules/generated/sklearn.exceptions.NotFittedError.html",
        confidence=0.97,
        observed=PRINTED,
    ),
    signature(
        "remote-code",
        Role.EXCEPTION,
        r"requires you to execute the (?:configuration|modeling|tokenizer)?.{0,40}file in that repo|trust_remote_code=True` to",
        cause="the model brings code of its own, which is run only when the server is told so",
        remedy="Set trust_remote_code (option.trust_remote_code, TRUST_REMOTE_CODE) once you have read that code.",
        link="https://github.com/vllm-project/vllm/issues/5244",
        confidence=0.97,
        reported="https://github.com/vllm-project/vllm/issues/5244",
    ),
)
