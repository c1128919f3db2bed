"""Speaks HTTP to the container under test, as SageMaker does. Touches the network; nothing else speaks to a container.

A read time-out is no limit for an exchange: a server that dribbles a byte now and then outlives it. So the socket
itself has a deadline, and a line on which the watcher that found the container dead hangs up: the reading thread then
ends at once.
"""

from sm_ci.invoke.body import IN_MEMORY, Limits
from sm_ci.invoke.exchange import LATE, blob_of, exchange, header_type, ping, wire
from sm_ci.invoke.line import Address, Line

__all__ = ["IN_MEMORY", "LATE", "Address", "Limits", "Line", "blob_of", "exchange", "header_type", "ping", "wire"]
