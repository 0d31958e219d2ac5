"""The product's own front proxy before two sockets: `python -m tests.e2e.front PORT WEB_SOCKET LIVE_SOCKET`."""

import asyncio
import sys
from pathlib import Path

from supportdesk.lib.front_proxy import FrontProxy


async def main(port: int, web: Path, live: Path) -> None:
    front = FrontProxy(lambda path: live if path.startswith("/live/") or path == "/live" else web)
    server = await front.listen("127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])))
