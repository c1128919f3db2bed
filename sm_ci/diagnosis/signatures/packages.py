"""Python packages: missing, of another version, or not to be installed. Pure."""

from sm_ci.diagnosis.signature import PRINTED, Role, signature

_PIP = r"(?:Could not find a version that satisfies the requirement|No matching distribution found for)"
_NO_MODULE = "the container has no Python module {subject}"
_INSTALL = "Install its package in the image, or name it in the model's requirements.txt."
_RESOLUTION = "https://pip.pypa.io/en/stable/topics/dependency-resolution/"
_REQUIREMENTS = "https://pip.pypa.io/en/stable/reference/requirements-file-format/"

PACKAGES = (
    signature(
        "requirements-syntax",
        Role.FATAL,
        r"(?P<what>ERROR: Invalid requirement: (?P<subject>.{0,200}))",
        cause="pip cannot read a line of requirements.txt",
        remedy="Write NAME==VERSION; the line that pip names says where.",
        link=_REQUIREMENTS,
        confidence=0.98,
        observed=PRINTED,
    ),
    signature(
        "requirements-missing",
        Role.FATAL,
        rf"(?P<what>ERROR: {_PIP}\s?(?P<subject>[^\s(;]{{0,200}}).*)",
        cause="pip could not install {subject} when the container started",
        remedy="Check its name and version in requirements.txt, or install it in the image.",
        link=_REQUIREMENTS,
        confidence=0.95,
        observed=PRINTED,
    ),
    signature(
        "requirements-conflict",
        Role.FATAL,
        r"(?P<what>ERROR: (?:ResolutionImpossible|Cannot install ).*)",
        cause="packages of requirements.txt want versions of others that exclude each other",
        remedy="Loosen the versions that pip names, or install them in the image.",
        link=_RESOLUTION,
        confidence=0.97,
        observed=PRINTED,
    ),
    signature(
        "requirements-failed",
        Role.FATAL,
        r"(?P<what>ERROR: (?:Could not install|Failed building wheel|Could not build wheels|Package ).*)",
        cause="pip could not install what requirements.txt names when the container started",
        remedy="Install it in the image, where the build would have failed.",
        link=_REQUIREMENTS,
        confidence=0.9,
        observed=PRINTED,
    ),
    signature(
        "requirements",
        Role.WEAK,
        r"(?P<what>failed to install required packages.*)",
        cause="pip could not install what requirements.txt names when the container started",
        remedy="Install it in the image.",
        link=_REQUIREMENTS,
        confidence=0.6,
        observed="integration/test_serving_stack.py::test_requirements_that_cannot_be_installed_without_a_network",
    ),
    signature(
        "protobuf-version",
        Role.EXCEPTION,
        r"Descriptors cannot (?:not )?be created directly",
        cause="a package was generated for an older protobuf",
        remedy="Pin protobuf<=3.20 in the image, or update the package.",
        link="https://developers.google.com/protocol-buffers/docs/news/2022-05-06#python-updates",
        confidence=0.98,
        observed=PRINTED,
    ),
    signature(
        "no-module-run",
        Role.FATAL,
        r"python[\d.]{0,8}: No module named (?P<subject>[\w.]{1,200})$",
        cause=_NO_MODULE,
        remedy=_INSTALL,
        link="https://github.com/aws/sagemaker-python-sdk/issues/868",
        confidence=0.97,
        observed=PRINTED,
    ),
    signature(
        "no-module",
        Role.EXCEPTION,
        r"No module named '?(?P<subject>[\w.]{1,200})",
        cause=_NO_MODULE,
        remedy=_INSTALL,
        link="https://github.com/aws/sagemaker-python-sdk/issues/868",
        confidence=0.95,
        observed=PRINTED,
    ),
    signature(
        "circular-import",
        Role.EXCEPTION,
        r"partially initialized module '(?P<subject>[\w.]{1,200})' "
        r"(?:has no attribute|\(most likely)|from partially initialized module '(?P<other>[\w.]{1,200})'",
        cause="a module imports itself: two import each other, or a file of yours has the name of a package",
        remedy="Rename the file if it hides a package, else move the import into the function that needs it.",
        link="https://docs.python.org/3/faq/programming.html#what-are-the-best-practices-for-using-import-in-a-module",
        confidence=0.95,
        observed=PRINTED,
    ),
    signature(
        "no-name",
        Role.EXCEPTION,
        r"ImportError: cannot import name '(?P<subject>\w{1,100})' from '(?P<module>[\w.]{1,200})'",
        cause="{module} has no {subject}: its version is another than the code was written for, or a file of yours hides it",
        remedy="Pin the version in the image, or rename the file.",
        link="https://docs.python.org/3/library/exceptions.html#ImportError",
        confidence=0.9,
        observed=PRINTED,
    ),
)
