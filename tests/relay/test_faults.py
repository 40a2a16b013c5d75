"""Faults between a sender and the hub: nothing is acknowledged that the hub has not, nothing is lost.

The senders behave as MLLP senders do: one message at a time, the next one after an AA; else connect and send it again.
"""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web

from relay.listener import Server
from relay.process import CannotStart, Process
from relay.settings import Endpoint, Health, Listener, Settings, SignIn
from shared.destinations.wire.acknowledgement import read_reply
from shared.destinations.wire.framing import framed, read_frame
from tests.relay.stand_in import LONG, StandIn, heard, hurried_loop, message, opened, relay_to
from tests.shared.destinations.authority import Authority
from tests.waiting import PATIENCE


class Sender:
    """Sends its messages in order until each has its AA. Waits 30 seconds for an answer."""

    def __init__(self, name: str, messages: int) -> None:
        self.wanted = [f"{name}{n}" for n in range(messages)]
        self.acknowledged: list[str] = []
        self.connected = 0

    async def run(self, ports: list[int]) -> None:
        while len(self.acknowledged) < len(self.wanted):
            self.connected += 1
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", ports[self.connected % len(ports)])
            except OSError:
                await asyncio.sleep(5)
                continue
            try:
                async for control in self._sent(reader, writer):
                    self.acknowledged.append(control)
            except (OSError, EOFError, TimeoutError):
                await asyncio.sleep(5)
            finally:
                writer.close()

    async def _sent(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[str]:
        for control in self.wanted[len(self.acknowledged) :]:
            writer.write(framed(message(control)))
            code, of, _ = read_reply(await asyncio.wait_for(read_frame(reader), PATIENCE))
            if code != "AA":
                return
            assert of == control
            yield control


@asynccontextmanager
async def listening(stand_in: StandIn) -> AsyncIterator[None]:
    runner = web.ServerRunner(web.Server(stand_in.handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/v1/phw-to-mpi"
    try:
        yield
    finally:
        await runner.cleanup()


def everything_holds(hub: StandIn, senders: list[Sender]) -> None:
    """Acknowledged means accepted; each sender's messages were accepted once and in order."""
    for sender in senders:
        assert sender.acknowledged == sender.wanted
        own = [control for control in hub.accepted if control in sender.wanted]
        assert own == sender.wanted
    assert len(hub.accepted) == sum(len(sender.wanted) for sender in senders)


TROUBLES = ("cut", "503", "429", "500", "taken, then cut", "401", "page", "other")


@pytest.mark.parametrize("on_failure", ["close", "ae"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_trouble_loses_or_invents_an_acknowledgement(trouble: str, on_failure: str) -> None:
    async def go() -> None:
        hub, senders = StandIn(), [Sender(name, 6) for name in "ABC"]
        hub.says = [trouble, "AA", "AA", trouble, trouble, "AA", trouble, trouble, trouble, trouble]
        async with listening(hub), relay_to(hub.url, patience=20, longest_pause=30, on_failure=on_failure) as relay:
            await asyncio.gather(*(sender.run([relay.port]) for sender in senders))
        everything_holds(hub, senders)

    with hurried_loop() as loop:
        loop.run_until_complete(go())


def test_the_hub_is_away_for_ten_minutes() -> None:
    """Two relays behind one address, twelve senders: all wait, the hub is hardly asked, and nothing is lost."""

    async def go() -> tuple[int, int, int]:
        hub, senders = StandIn(), [Sender(name, 8) for name in "ABCDEFGHIJKL"]
        async with listening(hub), _relay(hub) as one, _relay(hub) as two:
            sending = [asyncio.create_task(sender.run([one.port, two.port])) for sender in senders]
            while len(hub.accepted) < 20:
                await asyncio.sleep(0.001)
            hub.away, before = True, len(hub.received)
            await asyncio.sleep(600)
            asked, accepted = len(hub.received) - before, len(hub.accepted)
            hub.away = False
            await asyncio.gather(*sending)
        everything_holds(hub, senders)
        return asked, accepted, max(sender.connected for sender in senders)

    with hurried_loop() as loop:
        asked, accepted, connected = loop.run_until_complete(go())
    assert accepted < 96  # the outage began while messages were still to be sent
    assert asked <= 12 + 2 * 2 * 600 / 24  # what was under way, then one of each relay after each pause of about 30 seconds
    assert connected <= 2 + 600 / 20  # a sender is held until the patience ends; it does not connect without end


def _relay(hub: StandIn) -> Server:
    return relay_to(hub.url, patience=20, longest_pause=30)


async def test_while_the_hub_is_busy_no_further_message_is_read(hub: StandIn) -> None:
    hub.says, hub.retry_after = ["429"], "60"
    async with relay_to(hub.url, on_failure="ae", longest_pause=30) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message("A1")))
        assert await heard(reader) == ("AE", "A1")
        writer.transport.set_write_buffer_limits(high=0)
        writer.write(framed(message("A2", size=30_000_000)))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(writer.drain(), 0.3)  # the sender's side of the line is full
        assert len(hub.received) == 1
        writer.transport.abort()


async def test_a_large_message_that_waits_alone_keeps_the_order_of_its_connection(hub: StandIn) -> None:
    hub.says.append("429")
    async with relay_to(hub.url, patience=20) as relay:
        (reader, writer), (other_reader, other) = await opened(relay), await opened(relay)
        writer.write(framed(message("A1", 70_000)) + framed(message("A2")))
        async with asyncio.timeout(10):
            while not hub.received:
                await asyncio.sleep(0.01)
        other.write(framed(message("B1")))
        assert await heard(other_reader) == ("AA", "B1")
        assert [await heard(reader) for _ in range(2)] == [("AA", "A1"), ("AA", "A2")]
        writer.close()
        other.close()
    assert hub.accepted == ["B1", "A1", "A2"]


async def test_half_a_frame_reaches_no_hub(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        _, writer = await opened(relay)
        writer.write(framed(message())[:40])
        await writer.drain()
        writer.close()
        await _closed(relay, "cut")
    assert hub.received == []


async def test_a_control_id_that_would_end_the_frame_of_an_ae_is_not_repeated(hub: StandIn) -> None:
    hub.says = ["503"]
    async with relay_to(hub.url, on_failure="ae") as relay:
        reader, writer = await opened(relay)
        writer.write(b"\x0b" + message("A\x1c1") + b"\x1c\r")
        assert await asyncio.wait_for(_some(reader), PATIENCE) == b""
        await _closed(relay, "bad-frame")
        writer.close()


async def test_a_stop_ends_a_message_that_waits_for_the_hub_for_too_long(hub: StandIn) -> None:
    hub.says = ["503"]
    async with relay_to(hub.url, timeout=0.1, patience=600, longest_pause=600) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        async with asyncio.timeout(5):
            while relay.hub.gate.state == "open":
                await asyncio.sleep(0.001)
            await relay.stop()
        assert await asyncio.wait_for(_some(reader), PATIENCE) == b""
        writer.close()


async def test_a_slow_sender_is_left_after_its_time(hub: StandIn) -> None:
    async with relay_to(hub.url, frame=0.1) as relay:
        reader, writer = await opened(relay)
        for byte in framed(message())[:10]:
            writer.write(bytes([byte]))
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        await _closed(relay, "slow")
        writer.close()
    assert hub.received == []


async def test_an_answer_that_is_not_read_is_not_kept(hub: StandIn) -> None:
    hub.says = ["long"]
    async with relay_to(hub.url, frame=0.2) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        await _closed(relay, "slow")
        assert len(await asyncio.wait_for(_all_of(reader), PATIENCE)) < LONG
        writer.close()


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    got = bytearray()
    while some := await _some(reader, 1_000_000):
        got += some
    return bytes(got)


async def test_a_long_answer_that_is_read_is_whole_although_the_sender_ends(hub: StandIn) -> None:
    hub.says = ["long"]
    async with relay_to(hub.url) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        writer.write_eof()
        assert len(await asyncio.wait_for(_all_of(reader), PATIENCE)) > LONG
        writer.close()


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, str]:
    """The settings of a listener with TLS."""
    certificate, key = map(str, Authority(tmp_path).issue("relay"))
    return {"certificate": certificate, "private_key": key}


async def test_a_stranger_does_not_even_begin_tls(hub: StandIn, tls: dict[str, str]) -> None:
    async with relay_to(hub.url, peers=(ip_network("10.0.0.0/8"),), **tls) as relay:
        reader, writer = await opened(relay)
        assert await asyncio.wait_for(_some(reader), PATIENCE) == b""
        await _closed(relay, "peer")
        writer.close()


async def test_a_handshake_that_never_ends_counts_as_a_connection(hub: StandIn, tls: dict[str, str]) -> None:
    """And it does not hold up a stop."""
    async with relay_to(hub.url, connections=2, **tls) as relay:
        halves = [await opened(relay) for _ in range(3)]
        await _closed(relay, "full")
        async with asyncio.timeout(5):
            await relay.stop()
        for _, writer in halves:
            writer.close()


@pytest.mark.parametrize("hello", [framed(message()), b"\x16\x03\x01\x00\x05hello"])
async def test_what_is_no_tls_is_closed_and_not_logged(
    hub: StandIn, tls: dict[str, str], hello: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with relay_to(hub.url, **tls) as relay:
        reader, writer = await opened(relay)
        writer.write(hello)
        await _all_of(reader)  # an alert of TLS, or nothing
        await _closed(relay, "tls")
        writer.close()
    assert hub.received == []
    assert "9990000018" not in caplog.text
    assert "Unhandled" not in caplog.text


async def test_many_senders_begin_tls_together_and_send_large_messages(hub: StandIn, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = map(str, authority.issue("relay"))

    async def send(number: int) -> tuple[str, str]:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port, ssl=authority.client_context())
        writer.write(framed(message(f"A{number}", size=300_000)))
        answer = await heard(reader)
        writer.close()
        return answer

    async with relay_to(hub.url, certificate=certificate, private_key=key) as relay:
        answers = await asyncio.gather(*(send(number) for number in range(20)))
    assert answers == [("AA", f"A{number}") for number in range(20)]


async def test_a_slow_sender_holds_up_no_other(hub: StandIn) -> None:
    async with relay_to(hub.url) as relay:
        _, slow = await opened(relay)
        slow.write(b"\x0bMSH|")
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        assert await heard(reader) == ("AA", "A1")
        for one in (slow, writer):
            one.close()


async def _closed(relay: Server, reason: str) -> None:
    labels = {"listener": relay.listener.name, "reason": reason}
    async with asyncio.timeout(5):
        while not relay.metrics.registry.get_sample_value("relay_closed_total", labels):
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("peers", "answer"), [((), True), (("127.0.0.0/8",), True), (("10.0.0.0/8", "192.0.2.1"), False)])
async def test_only_the_listed_peers_are_served(hub: StandIn, peers: tuple[str, ...], answer: bool) -> None:
    async with relay_to(hub.url, peers=tuple(map(ip_network, peers))) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        assert bool(await asyncio.wait_for(_some(reader), PATIENCE)) == answer
        writer.close()
    assert bool(hub.received) == answer


async def _some(reader: asyncio.StreamReader, most: int = 1) -> bytes:
    try:
        return await reader.read(most)
    except ConnectionError:
        return b""


async def test_one_connection_too_many_is_closed_and_the_others_go_on(hub: StandIn) -> None:
    async with relay_to(hub.url, connections=2) as relay:
        kept = [await opened(relay) for _ in range(2)]
        for reader, writer in kept:
            writer.write(framed(message()))
            assert await heard(reader) == ("AA", "A1")
        reader, writer = await opened(relay)
        assert await asyncio.wait_for(_some(reader), PATIENCE) == b""
        await _closed(relay, "full")
        kept[0][1].write(framed(message("A2")))
        assert await heard(kept[0][0]) == ("AA", "A2")
        for _, one in [*kept, (reader, writer)]:
            one.close()


async def test_an_idle_connection_is_closed_with_its_reason(hub: StandIn) -> None:
    async with relay_to(hub.url, idle=0.05) as relay:
        reader, writer = await opened(relay)
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        await _closed(relay, "idle")
        writer.close()


async def test_a_sender_that_waits_for_the_hub_is_not_idle(hub: StandIn) -> None:
    hub.says = ["503"]
    async with relay_to(hub.url, on_failure="ae", idle=0.1, longest_pause=0.5) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message("A1")) + framed(message("A2")))
        assert [await heard(reader), await heard(reader)] == [("AE", "A1"), ("AA", "A2")]
        writer.close()


async def test_the_certificate_of_the_sender_reaches_the_hub(tmp_path: Path) -> None:
    """Mutual TLS to the hub: the relay has the partner's certificate."""
    authority, seen = Authority(tmp_path), list[str]()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        assert request.transport
        subject = request.transport.get_extra_info("peercert")["subject"]
        seen.append(str(subject))
        return web.Response(status=204)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority.server_context(mutual=True)).start()
    certificate, key = map(str, authority.issue("partner"))
    url = f"https://127.0.0.1:{runner.addresses[0][1]}/api/v1/x"
    signs_in = SignIn(certificate=certificate, private_key=key)
    endpoint = Endpoint(url=url, authority=str(authority.ca), sign_in=signs_in)
    async with Server(Listener(endpoint=endpoint, port=0)) as relay:
        reader, writer = await opened(relay)
        writer.write(framed(message()))
        async with asyncio.timeout(5):
            while not seen:
                await asyncio.sleep(0.001)
        writer.close()
    assert "partner" in seen[0]
    del reader
    await runner.cleanup()


async def test_the_pages_say_what_the_platform_asks(hub: StandIn) -> None:
    hub.says = ["AA", "503"]
    one = Listener(endpoint=Endpoint(url=hub.url, patience=0), name="pas", port=0)
    process = Process(Settings(listeners=(one,), health=Health(port=0)))
    await process.start()
    assert process.pages
    address = f"http://127.0.0.1:{process.pages.port}"
    assert json.loads(await _page(f"{address}/live")) == {"live": True}
    assert json.loads(await _page(f"{address}/ready")) == {"ready": True, "hub": {"pas": "open"}}
    reader, writer = await opened(process.servers[0])
    writer.write(framed(message("A1")))
    assert await heard(reader) == ("AA", "A1")
    writer.write(framed(message("A2")))
    assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    assert json.loads(await _page(f"{address}/ready")) == {"ready": True, "hub": {"pas": "away"}}
    text = await _page(f"{address}/metrics")
    for line in (
        'relay_messages_total{answer="AA",listener="pas"} 1.0',
        'relay_messages_total{answer="unanswered",listener="pas"} 1.0',
        'relay_closed_total{listener="pas",reason="hub"} 1.0',
        'relay_hub_open{listener="pas"} 0.0',
        'relay_seconds_count{listener="pas"} 1.0',
    ):
        assert line in text
    assert "9990000018" not in text
    writer.close()
    await process.stop()


async def _page(address: str) -> str:
    def get() -> str:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=PATIENCE) as answer:
            return str(answer.read().decode())

    return await asyncio.to_thread(get)


async def test_a_port_that_is_taken_starts_nothing(hub: StandIn) -> None:
    async with relay_to(hub.url) as taken:
        free = Listener(endpoint=Endpoint(url=hub.url), name="free", port=0)
        second = Listener(endpoint=Endpoint(url=hub.url), name="second", port=taken.port)
        process = Process(Settings(listeners=(free, second)))
        with pytest.raises(CannotStart, match=f"listener second, port {taken.port}"):
            await process.start()
        with pytest.raises(OSError):
            await opened(process.servers[0])


async def test_a_relay_that_stops_says_so_before_it_takes_leave(hub: StandIn) -> None:
    """The balancer sends no new connection while the last messages get their answers."""
    hub.says = ["slow"]
    one = Listener(endpoint=Endpoint(url=hub.url, patience=0), name="pas", port=0)
    process = Process(Settings(listeners=(one,), health=Health(port=0)))
    await process.start()
    assert process.pages
    reader, writer = await opened(process.servers[0])
    writer.write(framed(message()))
    async with asyncio.timeout(5):
        while not hub.received:
            await asyncio.sleep(0.001)
    stopping = asyncio.create_task(process.stop())
    await asyncio.sleep(0)
    assert (await _status(f"http://127.0.0.1:{process.pages.port}/ready")) == 503
    assert await heard(reader) == ("AA", "A1")
    await stopping
    writer.close()


async def _status(address: str) -> int:
    def get() -> int:
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=PATIENCE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return int(error.code)

    return await asyncio.to_thread(get)
