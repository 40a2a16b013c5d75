"""A simulator in its own process can be configured, and returns what it received."""

import asyncio
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from shared.destinations.mllp import Mllp
from shared.envelope import Outgoing
from shared.problems import Undelivered

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.slow
async def test_the_index_as_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    command = (sys.executable, "-m", "toolkit.local.simulators.mpi", "--port", "0", "--control-port", "0")
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        port, control = re.findall(rb"\d+", await process.stdout.readline())
        monkeypatch.setenv("MPI__HOST", "127.0.0.1")
        monkeypatch.setenv("MPI__PORT", port.decode())
        await conversation(f"http://127.0.0.1:{control.decode()}")
    finally:
        process.terminate()
        assert await process.wait() == 0


async def conversation(control: str) -> None:
    message = Outgoing("application/hl7-v2", b"MSH|^~\\&|A|B|C|D|||ADT^A31|A1|P|2.5\r")
    async with aiohttp.ClientSession() as http:
        assert (await http.post(control + "/will", data="sulk")).status == 400
        assert (await http.post(control + "/will", data="AR\nok")).status == 200
        with pytest.raises(Undelivered):
            await Mllp("MPI").deliver(message)
        await Mllp("MPI").deliver(message)
        state = await (await http.get(control + "/state")).json()
        assert (state["counts"], len(state["received"])) == ({"A1": 1}, 2)
        await http.post(control + "/forget")
        assert (await (await http.get(control + "/state")).json())["counts"] == {}
    await Mllp("MPI").close()
