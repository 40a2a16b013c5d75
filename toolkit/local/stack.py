"""The whole hub on this machine: storage, the other ends, and the host as a process of its own."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import aiohttp

from shared.integration import Integration
from toolkit.local import spans
from toolkit.local.azurite import Azurite
from toolkit.local.ports import free_port
from toolkit.local.simulated import Simulators
from toolkit.say import HOME, ROOT, NotStarted

PATIENCE = 30.0  # seconds for the host to answer; for it to drain


class Stack:
    """``async with Stack(integrations, folder) as stack``; ``stack.url`` is the hub's address."""

    def __init__(
        self,
        integrations: Sequence[Integration],
        folder: Path,
        port: int = 0,
        storage_ports: Sequence[int] = (),
        quiet: bool = True,
        drain: float = PATIENCE,
    ) -> None:
        """``drain``: seconds that deliveries get to end when the hub stops; what does not is in the ledger."""
        self.integrations, self.folder, self.quiet, self.drain = tuple(integrations), folder, quiet, drain
        self.port = port or free_port()
        self.storage = Azurite(folder / "storage", storage_ports)
        self.simulators = Simulators(self.integrations)
        self.host: asyncio.subprocess.Process | None = None
        self._environment = dict(os.environ)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "host.log"

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        await asyncio.to_thread(self.storage.start)
        await self.simulators.start()
        os.environ |= self.settings()
        await self._prepare()
        await self.start_host()
        await self.simulators.subscribe(self.url)

    def settings(self) -> dict[str, str]:
        """The hub's settings; the environment may add to them."""
        names = ",".join(integration.name for integration in self.integrations)
        own = {"AzureWebJobsStorage": self.storage.connection_string, "HUB_INTEGRATIONS": names}
        return {**own, spans.SETTING: str(self.folder / "host" / spans.NAME), **self.simulators.settings}

    async def _prepare(self) -> None:
        from shared.hub import connect

        hub = connect(self.integrations)
        await hub.prepare()
        await hub.drain(0)

    async def start_host(self) -> None:
        """The host in a session of its own: Ctrl-C comes to us alone, and we stop it in order."""
        command = [sys.executable, "-m", "toolkit.local.host", "--port", str(self.port), "--app", str(ROOT)]
        command += ["--state", str(self.folder / "host"), *(["--quiet"] if self.quiet else [])]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self.log.open("ab") as log:
            self.host = await asyncio.create_subprocess_exec(
                *command, stdout=log, stderr=log, env=environment, start_new_session=True, cwd=ROOT
            )
        await self._until_it_answers()

    async def _until_it_answers(self) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(int(PATIENCE / 0.05)):
                if self.host is None or self.host.returncode is not None:
                    break
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/api/health") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        kept = f" (all of it: {self.log})" if self.log.is_relative_to(HOME) else ""  # else its folder is deleted with the stack
        raise NotStarted(f"the host did not start: {self._last_words()}{kept}")

    def _last_words(self) -> str:
        last = (self.log.read_text(errors="replace").strip().splitlines() or ["no output"])[-1]
        error, _, text = last.partition(": ")
        return text if error.startswith("shared.settings.") else last

    async def stop(self) -> None:
        """The host drains, then the other ends go, then storage writes its last seconds."""
        await self.stop_host()
        await self.simulators.stop()
        await asyncio.to_thread(self.storage.stop)
        for name in self.settings():
            os.environ.pop(name, None)
        os.environ |= self._environment

    async def stop_host(self) -> None:
        if self.host and self.host.returncode is None:
            self.host.terminate()
            try:
                await asyncio.wait_for(self.host.wait(), self.drain)
            except TimeoutError:
                self.host.kill()
                await self.host.wait()
