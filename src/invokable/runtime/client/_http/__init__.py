"""HTTP: the only package that uses httpx and httpcore. Their types stay inside it.

transports   requests and answers: sign-in, headers, time
body         decompressing within bounds
failures     errors for failed exchanges
interrupts   exchanges that an interrupt cannot break off
pools        the network, as httpx transports
network      connections that keep to time limits
addresses    the lookup of names
exchange     what a connection serves, and the time it has left
"""

from __future__ import annotations

from invokable.runtime.client._http.transports import AsyncNetwork, AsyncTransport, Network, Transport

__all__ = ["AsyncNetwork", "AsyncTransport", "Network", "Transport"]
