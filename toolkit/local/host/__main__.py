"""``python -m toolkit.local.host``: the host as a process of its own, until SIGINT or SIGTERM."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from toolkit.local.host.host import Host, Options
from toolkit.local.host.settings import SettingError


def options() -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog="python -m toolkit.local.host", description=__doc__)
    parser.add_argument("--port", type=int, default=7071)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--enableAuth", dest="enable_auth", action="store_true", help="ask for keys, as Azure does")
    parser.add_argument("--functions", nargs="*", default=[], help="load only these functions")
    parser.add_argument("--app", type=Path, default=Path.cwd(), help="folder of function_app.py and host.json")
    parser.add_argument("--state", type=Path, default=Path(".hub/host"), help="where keys and timers are remembered")
    parser.add_argument("--quiet", action="store_true", help="warnings and errors only")
    given = parser.parse_args()
    whole = Options(given.app.resolve(), given.port, given.address, given.enable_auth, tuple(given.functions), given.state)
    return whole, given.quiet


async def serve(chosen: Options) -> int:
    """0 after a polite stop; 3 when a function overran its time: the worker has to be restarted."""
    stop, code = asyncio.Event(), 0

    def overran() -> None:
        nonlocal code
        code = 3
        stop.set()

    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            loop.add_signal_handler(name, stop.set)
    host = Host(chosen)
    host.on_timeout = overran
    await host.start()
    print(f"host: http://{chosen.address}:{host.port}  {len(host.functions)} functions", flush=True)
    await stop.wait()
    await host.stop()
    return code


def main() -> None:
    chosen, quiet = options()
    logging.basicConfig(level=logging.WARNING if quiet else logging.INFO, format="[%(asctime)s] %(message)s", stream=sys.stderr)
    logging.getLogger("azure").setLevel(logging.WARNING)
    if "HUB_SPANS" in os.environ:
        from toolkit.local import spans  # here, because it needs the library, and an app from a zip brings its own

        spans.record(spans.path())
    try:
        sys.exit(asyncio.run(serve(chosen)))
    except (SettingError, OSError) as error:
        sys.exit(f"host: {error}")


if __name__ == "__main__":
    main()
