"""Speaks HTTP to the container under test, as SageMaker does. Touches the network; the only importer of requests towards a container.

`requests` has no limit on the whole exchange: a server that dribbles a byte now and then outlives any read time-out.
So each exchange has a line, and whoever hangs the line up (the clock, or the watcher that found the container dead)
shuts the socket; the reading thread then ends at once.
"""

from sm_ci.invoke.body import IN_MEMORY, Limits
from sm_ci.invoke.exchange import blob_of, exchange, header_type, ping
from sm_ci.invoke.line import Address, Line

__all__ = ["IN_MEMORY", "Address", "Limits", "Line", "blob_of", "exchange", "header_type", "ping"]
