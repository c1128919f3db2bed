"""The known failures, the more specific before the more general: the first that matches is told. Pure."""

from sm_ci.diagnosis.signature import Signature
from sm_ci.diagnosis.signatures.djl import DJL
from sm_ci.diagnosis.signatures.files import FILES
from sm_ci.diagnosis.signatures.gpu import GPU
from sm_ci.diagnosis.signatures.handlers import HANDLERS
from sm_ci.diagnosis.signatures.hosting import HOSTING
from sm_ci.diagnosis.signatures.memory import MEMORY
from sm_ci.diagnosis.signatures.models import MODELS
from sm_ci.diagnosis.signatures.network import NETWORK
from sm_ci.diagnosis.signatures.packages import PACKAGES
from sm_ci.diagnosis.signatures.programs import PROGRAMS
from sm_ci.diagnosis.signatures.requests import REQUESTS
from sm_ci.diagnosis.signatures.servers import SERVERS
from sm_ci.diagnosis.signatures.unexplained import HANDLER_ERROR, LIBRARY_ERROR, UNEXPLAINED

SIGNATURES: tuple[Signature, ...] = (
    *PROGRAMS,
    *GPU,
    *MEMORY,
    *NETWORK,
    *MODELS,
    *PACKAGES,
    *HANDLERS,
    *SERVERS,
    *DJL,
    *FILES,
    *HOSTING,
    *REQUESTS,
)

__all__ = ["HANDLER_ERROR", "LIBRARY_ERROR", "SIGNATURES", "UNEXPLAINED"]
