"""HTTP: the only package that uses httpx and httpcore. Their types stay inside it.

transports   requests and answers: sign-in, headers, time      pools       the network, as httpx transports
body         decompressing within bounds                       network     connections that keep to time limits
failures     errors for failed exchanges                       interrupts  exchanges that an interrupt cannot break off
"""

from __future__ import annotations

from invokable.runtime.client._http.transports import AsyncNetwork, AsyncTransport, Network, Transport

__all__ = ["AsyncNetwork", "AsyncTransport", "Network", "Transport"]
