"""The contract suite: does the container do what SageMaker asks of it, whatever its tests say?

Each check is a function from what it looks at to a verdict; `sm_ci.contract.suite` says what each is called and counts.
"""

from sm_ci.conformance import image, observed, probing, restarts
from sm_ci.conformance.subjects import Change, Image, Observed, Probing, Restarting, Sample
from sm_ci.conformance.verdict import Wanted, judge, result, unchecked

__all__ = [
    "Change",
    "Image",
    "Observed",
    "Probing",
    "Restarting",
    "Sample",
    "Wanted",
    "image",
    "judge",
    "observed",
    "probing",
    "restarts",
    "result",
    "unchecked",
]
