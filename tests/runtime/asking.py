"""Makes the same request with the blocking and the asynchronous client."""

from __future__ import annotations

import asyncio
from typing import Any

from invokable import AsyncClient, Client


def blocking_version(*arguments: Any, **options: Any) -> str:
    with Client(*arguments, **options) as client:
        return client.version()


def awaited_version(*arguments: Any, **options: Any) -> str:
    async def main() -> str:
        async with AsyncClient(*arguments, **options) as client:
            return await client.version()

    return asyncio.run(main())


BOTH = [blocking_version, awaited_version]
