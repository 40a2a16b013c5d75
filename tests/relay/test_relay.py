"""The relay: a sender gets the answer of the hub, or nothing."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from hl7.client import MLLPClient

from relay.gate import Unavailable
from relay.hub import acknowledgement
from relay.listener import Server
from relay.settings import BadSettings, Endpoint
from shared.destinations.wire.acknowledgement import read_reply
from shared.destinations.wire.framing import framed
from tests.relay.stand_in import StandIn, heard, message, opened, relay_to, verdict
from tests.shared.destinations.authority import Authority
from tests.waiting import LONGEST, PATIENCE

ROOT = Path(__file__).resolve().parents[2]


async def test_the_body_goes_as_it_is_and_the_answer_comes_back(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", "the key")
    async with relay_to(hub.url, key_env="THE_KEY") as relay:
        reader, writer = await opened(relay)
        for control, verdict_code in (("A1", "AA"), ("A2", "AE"), ("A3", "AR")):
            hub.says.append(verdict_code)
            writer.write(framed(message(control)))
            assert await heard(reader) == (verdict_code, control)
        writer.close()
    assert hub.received == [message("A1"), message("A2"), message("A3")]
    assert {one["x-hub-key"] for one in hub.headers} == {"the key"}
    assert [answered(relay, code) for code in ("AA", "AE", "AR", "unanswered")] == [1, 1, 1, 0]


def answered(relay: Server, code: str) -> int:
    return relay.metrics.count(relay.listener.name, code)


async def test_several_frames_in_one_write_are_answered_in_order(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(b"".join(framed(message(f"A{n}")) for n in range(5)))
        assert [await heard(reader) for _ in range(5)] == [("AA", f"A{n}") for n in range(5)]
        writer.close()


async def test_one_frame_in_many_writes(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        for byte in framed(message()):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert await heard(reader) == ("AA", "A1")
        writer.close()
    assert hub.received == [message()]


async def test_a_large_message(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message(size=20_000_000)))
        assert await heard(reader) == ("AA", "A1")
        writer.close()
    assert len(hub.received[0]) > 20_000_000


NO_VERDICT = ["500", "503", "401", "403", "404", "429", "cut", "redirect", "page", "other", "slow"]


@pytest.mark.parametrize("verdict_code", NO_VERDICT)
async def test_no_verdict_closes_the_connection_without_an_answer(hub: StandIn, verdict_code: str) -> None:
    hub.says.append(verdict_code)
    async with relay_to(hub.url, timeout=0.3) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message("A1")) + framed(message("A2")))
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()
        assert (answered(relay, "AA"), answered(relay, "unanswered")) == (0, 1)
        reader, writer = await opened(relay)
        writer.write(framed(message("A1")))
        assert await heard(reader) == ("AA", "A1")
        writer.close()
    assert message("A2") not in hub.received


@pytest.mark.parametrize("verdict_code", NO_VERDICT)
async def test_no_verdict_is_ae_by_option_and_the_connection_stays(hub: StandIn, verdict_code: str) -> None:
    hub.says.append(verdict_code)
    async with relay_to(hub.url, on_failure="ae", timeout=0.3) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message("A1")) + framed(message("A2")))
        assert [await heard(reader), await heard(reader)] == [("AE", "A1"), ("AA", "A2")]
        writer.close()


async def test_no_hub_answers(unused_tcp_port: int) -> None:
    async with relay_to(f"http://127.0.0.1:{unused_tcp_port}/api/v1/x") as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()


async def test_a_sender_that_requests_no_answer_gets_none(hub: StandIn) -> None:
    hub.says.append("204")
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message("A1")) + framed(message("A2")))
        assert await heard(reader) == ("AA", "A2")
        writer.close()


async def test_what_is_no_hl7_is_answered_as_the_hub_answers_it(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(b"hello"))
        assert (await heard(reader))[0] == "AR"
        writer.write(b"no start block\x1c\r")
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()


async def test_a_frame_that_is_too_large_or_a_line_that_is_idle_is_closed(hub: StandIn) -> None:
    async with relay_to(hub.url, largest=1000, idle=0.1) as relay:
        for data in (framed(message(size=5000)), b""):
            reader, writer = await opened(relay)
            writer.write(data)
            with pytest.raises(EOFError):
                await asyncio.wait_for(_all(reader), PATIENCE)
            writer.close()
    assert not hub.received


async def _all(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(100):
            pass
    except ConnectionError:
        pass
    raise EOFError


async def test_stopping_waits_for_the_answer_that_is_on_its_way(hub: StandIn) -> None:
    hub.says.append("slow")
    relay = relay_to(hub.url)
    await relay.start()
    reader, writer = await opened(relay)
    writer.write(framed(message()))
    await asyncio.sleep(0.1)
    await relay.stop()
    assert await heard(reader) == ("AA", "A1")
    writer.close()


async def test_mutual_tls(hub: StandIn, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = map(str, authority.issue("relay"))
    async with relay_to(hub.url, certificate=certificate, private_key=key, authority=str(authority.ca)) as relay:
        known = authority.client_context(*authority.issue("sender"))
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port, ssl=known)
        writer.write(framed(message()))
        assert await heard(reader) == ("AA", "A1")
        writer.close()
        with pytest.raises((OSError, EOFError)):
            await stranger(relay.port, authority)
    assert hub.received == [message()]


async def stranger(port: int, authority: Authority) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=authority.client_context())
    writer.write(framed(message("A2")))
    await heard(reader)


async def test_the_client_of_the_hl7_package(hub: StandIn) -> None:
    def send(port: int) -> list[bytes]:
        with MLLPClient("127.0.0.1", port) as client:
            return [client.send_message(message(f"A{n}")) for n in range(3)]

    async with relay_to(hub.url) as relay:
        answers = await asyncio.to_thread(send, relay.port)
    assert [read_reply(answer.strip(b"\x0b\x1c\r") + b"\r")[:2] for answer in answers] == [("AA", f"A{n}") for n in range(3)]


@pytest.mark.slow
async def test_mllp_send_and_the_command(hub: StandIn, tmp_path: Path, unused_tcp_port: int) -> None:
    file = tmp_path / "message.hl7"
    file.write_bytes(framed(message("A1")) + framed(message("A2")))
    command = (sys.executable, "-m", "toolkit", "relay", hub.url, "--port", str(unused_tcp_port))
    relay = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert relay.stdout
        assert b"MLLP on" in await relay.stdout.readline()
        send = [sys.executable, "-c", "from hl7.client import mllp_send; mllp_send()", "--port", str(unused_tcp_port)]
        sent = await asyncio.to_thread(
            subprocess.run, [*send, "--file", str(file), "127.0.0.1"], capture_output=True, check=True, timeout=LONGEST
        )
        assert sent.stdout.count(b"MSA|AA|") == 2
    finally:
        relay.terminate()
        assert await relay.wait() == 0
    assert b"2 answered, 0 not" in await relay.stdout.read()


@pytest.mark.parametrize("url", ["http://hub.example.net/api/v1/x", "ftp://127.0.0.1/x", "hub"])
def test_the_key_is_never_sent_without_tls(url: str) -> None:
    with pytest.raises(BadSettings, match="https"):
        Endpoint(url=url)


def test_an_acknowledgement_that_would_break_its_frame_is_none() -> None:
    with pytest.raises(Unavailable):
        acknowledgement(message(), 200, verdict(message(), "AA") + b"\x1c\r")


@pytest.mark.parametrize("stray", [b"\n", b"\r\n", b"\x00", b"\x0b"])
async def test_bytes_between_frames_cost_no_message(hub: StandIn, stray: bytes) -> None:
    """Some senders end a frame with CR LF, or keep the line alive with a byte."""
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(stray + stray.join(framed(message(f"A{n}")) for n in range(3)))
        assert [await heard(reader) for _ in range(3)] == [("AA", f"A{n}") for n in range(3)]
        writer.close()


async def test_what_is_no_frame_closes_the_connection(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(message() + b"\x1c\r")
        assert await reader.read() == b""
        writer.close()
    assert hub.received == []
