"""One run from its spec to its result; the only composer of image, model, hosting and tests."""

from sm_ci.session.access import Access
from sm_ci.session.composition import not_begun, run, skipped
from sm_ci.session.evidence import Evidence
from sm_ci.session.state import Hosted, Options, Served
from sm_ci.session.target import address_of

__all__ = ["Access", "Evidence", "Hosted", "Options", "Served", "address_of", "not_begun", "run", "skipped"]
