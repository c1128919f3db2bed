"""DJL's Python engine: what it cannot load, and a worker that ends. Pure."""

from sm_ci.diagnosis.signature import Role, signature

_DOCS = "https://github.com/deepjavalibrary/djl-serving/blob/master/serving/docs"
_MODES = f"{_DOCS}/modes.md#python-mode"
_CONFIGURATION = f"{_DOCS}/configurations_model.md"
_CANNOT_LOAD = "integration/test_djl.py::test_what_the_engine_cannot_load_is_foretold_at_its_place"
_HANDLES = "integration/test_djl.py::test_what_handle_raises_leads_the_failure_with_its_line"

DJL = (
    signature(
        "djl-no-handle",
        Role.EXCEPTION,
        r"AttributeError: module '(?P<module>[\w.]{1,200})' has no attribute '(?P<subject>handle)'",
        cause="DJL's worker found no {subject} in {module}.py",
        remedy="Write def handle(inputs), or name another function in option.handler.",
        link=_MODES,
        confidence=0.95,
        observed=_CANNOT_LOAD,
    ),
    signature(
        "djl-entry-point",
        Role.EXCEPTION,
        r"ValueError: entry-point file not found (?P<subject>/.{1,300}?)\.?$",
        cause="DJL found no {subject}",
        remedy="Pack it, or mend option.entryPoint in serving.properties.",
        link=_CONFIGURATION,
        confidence=0.97,
        observed=_CANNOT_LOAD,
    ),
    signature(
        "djl-engine",
        Role.EXCEPTION,
        r"ModelNotFoundException: (?P<subject>\w{1,60}) is not supported$",
        cause="the image has no engine {subject}",
        remedy="Mend engine in serving.properties.",
        link=_CONFIGURATION,
        confidence=0.95,
        observed=_CANNOT_LOAD,
    ),
    signature(
        "djl-model-file",
        Role.EXCEPTION,
        r"FileNotFoundException: (?P<subject>.{0,200}) file not found in: (?P<folder>/\S{1,300})",
        cause="DJL found no {subject} file in {folder}",
        remedy="Pack the file there, or set option.modelName and option.entryPoint in serving.properties.",
        link="https://github.com/deepjavalibrary/djl/issues/2692",
        confidence=0.95,
        observed="integration/test_djl.py::test_a_model_without_its_files_is_told_by_what_the_engine_looked_for",
    ),
    signature(
        "djl-worker-ended",
        Role.EXCEPTION,
        r"java\.io\.IOException: Python worker disconnected",
        cause="DJL's Python worker ended in the middle of a request, and printed no reason",
        remedy="Look for what ends a process: sys.exit, a crash of a library in C, too little memory.",
        link=_MODES,
        confidence=0.7,
        observed=_HANDLES,
    ),
)
