"""HTTP: the one room that knows httpx and httpcore. Their types go no further.

transports   requests and answers: sign-in, headers, time      pools     the network, as httpx sees it
body         unpacking within bounds                           network   connections that keep to an exchange's time
troubles     what is said of an exchange that failed
"""

from __future__ import annotations

from invokable.runtime.client._http.transports import AsyncNetwork, AsyncTransport, Network, Transport

__all__ = ["AsyncNetwork", "AsyncTransport", "Network", "Transport"]
