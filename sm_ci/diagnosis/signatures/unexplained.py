"""Exceptions that no signature knows: at least whose line it is. Pure."""

from sm_ci.diagnosis.signature import PRINTED, Role, signature

HANDLER_ERROR = signature(
    "handler-error",
    Role.EXCEPTION,
    r".",
    cause="code of yours raised an exception",
    remedy="Look at the line that is named: it is the last of your own before the error.",
    link="https://docs.python.org/3/tutorial/errors.html#exceptions",
    confidence=0.8,
    observed=PRINTED,
)
LIBRARY_ERROR = signature(
    "library-error",
    Role.EXCEPTION,
    r".",
    cause="a library or the server raised an exception, and no line of yours is in its traceback",
    remedy="Search for its words, and compare the versions in the image with those that it was tested with.",
    link="https://docs.python.org/3/tutorial/errors.html#exceptions",
    confidence=0.5,
    observed=PRINTED,
)
UNEXPLAINED = (HANDLER_ERROR, LIBRARY_ERROR)
