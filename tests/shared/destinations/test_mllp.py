"""The MLLP destination against an index that keeps to the protocol, and against one that does not."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from shared.destinations.mllp import Mllp
from shared.destinations.wire import lines
from shared.destinations.wire.acknowledgement import control_id, read_reply
from shared.destinations.wire.framing import FIRST, frame, framed
from shared.envelope import Outgoing, Receipt
from shared.problems import Undelivered
from tests.peak import at_most
from tests.shared.destinations.authority import Authority
from tests.waiting import PATIENCE
from toolkit.local.simulators.mpi import Mpi, acknowledgement

Settings = Callable[..., None]


def message(control: str = "A1") -> Outgoing:
    body = f"MSH|^~\\&|252|X|100|Y|20240501120000||ADT^A31^ADT_A05|{control}|P|2.5\rPID|1||9990000018\r"
    return Outgoing(content_type="application/hl7-v2", body=body.encode(), control_id=control)


@pytest.fixture
async def mpi(settings: Settings) -> AsyncIterator[Mpi]:
    async with Mpi() as simulator:
        settings("MPI", HOST="127.0.0.1", PORT=simulator.port, TIMEOUT=PATIENCE)
        yield simulator
        await Mllp("MPI").close()


async def arrived(mpi: Mpi, times: int) -> None:
    """Wait until the index has taken it so often: on a slow machine our side may give up before that."""
    async with asyncio.timeout(20):
        while mpi.counts["A1"] < times:
            await asyncio.sleep(0.001)


async def failure(outgoing: Outgoing | None = None) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        await Mllp("MPI").deliver(outgoing or message())
    return caught.value


async def test_the_body_arrives_as_it_is_and_the_receipt_is_the_acceptance(mpi: Mpi) -> None:
    assert await Mllp("MPI").deliver(message()) == Receipt("ack-AA")
    assert mpi.bodies == [message().body]


@pytest.mark.parametrize("more", [-1, 0, 1, 3_000_000])
async def test_a_large_body_arrives_as_it_is(mpi: Mpi, more: int) -> None:
    """``more``: bytes above what is written together with the start block."""
    start = message().body + b"NTE|1||"
    large = Outgoing("application/hl7-v2", start + b"x" * (FIRST + more - len(start) - 1) + b"\r", control_id="A1")
    assert len(large.body) == FIRST + more
    assert await Mllp("MPI").deliver(large) == Receipt("ack-AA")
    assert await Mllp("MPI").deliver(message("A2")) == Receipt("ack-AA")
    assert mpi.bodies == [large.body, message("A2").body]


def test_a_large_body_is_framed_with_no_copy_of_it() -> None:
    body = bytes(8_000_000)
    with at_most(2_500_000):
        parts = list(frame(body))
    assert framed(body) == b"".join(parts) == b"\x0b" + body + b"\x1c\r"


async def test_a_line_is_kept_and_used_again(mpi: Mpi) -> None:
    for control in ("A1", "A2", "A3"):
        await Mllp("MPI").deliver(message(control))
    assert (mpi.connections, list(mpi.counts)) == (1, ["A1", "A2", "A3"])


async def test_messages_at_the_same_time_have_a_line_each(mpi: Mpi) -> None:
    mpi.script.always("late:0.05")
    await asyncio.gather(*(Mllp("MPI").deliver(message(f"A{n}")) for n in range(5)))
    assert mpi.connections == 5
    assert len(mpi.counts) == 5


@pytest.mark.parametrize("behaviour", ["ok", "CA", "late:0.1", "stray-then-ok", "drip:0.001", "twice"])
async def test_accepted(mpi: Mpi, behaviour: str) -> None:
    mpi.script.will(behaviour)
    assert (await Mllp("MPI").deliver(message())).code in ("ack-AA", "ack-CA")
    assert mpi.counts["A1"] == 1


REFUSALS = {  # behaviour: kind, code, ambiguous, taken
    "AE": ("transient", "ack-AE", False, 0),
    "AE-then-AA": ("transient", "ack-AE", True, 1),
    "AR": ("permanent", "ack-AR", False, 0),
    "late:5": ("transient", "timeout", True, 1),
    "wrong-id": ("transient", "timeout", True, 0),
    "never": ("transient", "timeout", True, 1),
    "half-open": ("transient", "timeout", True, 1),
    "drip:1": ("transient", "timeout", True, 1),
    "half-frame": ("transient", "line-broken", True, 1),
    "reset": ("transient", "line-broken", True, 1),
    "drop": ("transient", "line-broken", True, 0),
    "wrong-charset": ("transient", "bad-frame", True, 1),
    "garbage": ("transient", "bad-frame", True, 1),
    "huge": ("transient", "bad-frame", True, 1),
}


@pytest.mark.parametrize("behaviour", REFUSALS)
async def test_refused_or_unknown_and_the_next_message_is_not_disturbed(mpi: Mpi, behaviour: str, settings: Settings) -> None:
    mpi.script.will(behaviour)
    settings("MPI", TIMEOUT=0.4 if REFUSALS[behaviour][1] == "timeout" else PATIENCE)
    problem = await failure()
    settings("MPI", TIMEOUT=PATIENCE)
    await arrived(mpi, REFUSALS[behaviour][-1])
    assert (problem.kind, problem.code, problem.ambiguous, mpi.counts["A1"]) == REFUSALS[behaviour]
    assert await Mllp("MPI").deliver(message("A2")) == Receipt("ack-AA")


async def test_the_reason_of_a_refusal_is_kept_apart_from_the_text(mpi: Mpi) -> None:
    mpi.script.will("AR")
    problem = await failure()
    assert "ERR||PID^1^3|204|E" in problem.detail
    assert "PID" not in str(problem) + problem.issues[0].text


async def test_a_late_acceptance_is_never_taken_for_the_next_message(mpi: Mpi, settings: Settings) -> None:
    """The second message meets silence: only the first one's late AA is on its way."""
    settings("MPI", TIMEOUT=0.4)
    mpi.script.will("late:0.6", "never")
    assert (await failure()).code == "timeout"
    assert (await failure(message("A2"))).code == "timeout"


async def test_a_second_acceptance_left_on_the_line_is_not_taken_for_a_resend(mpi: Mpi, settings: Settings) -> None:
    mpi.script.will("twice", "never")
    await Mllp("MPI").deliver(message())
    await asyncio.sleep(0.05)
    settings("MPI", TIMEOUT=0.4)
    assert (await failure()).code == "timeout"


async def test_a_line_that_the_index_closed_meanwhile_is_not_used(mpi: Mpi) -> None:
    await Mllp("MPI").deliver(message())
    for writer in list(mpi._open):
        writer.close()
    await asyncio.sleep(0.05)
    assert await Mllp("MPI").deliver(message("A2")) == Receipt("ack-AA")
    assert mpi.connections == 2


async def test_an_old_line_is_not_used(mpi: Mpi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "IDLE", 0.0)
    for control in ("A1", "A2"):
        await Mllp("MPI").deliver(message(control))
    assert mpi.connections == 2


async def test_no_listener(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings("MPI", HOST="127.0.0.1", PORT=taken.getsockname()[1])
        problem = await failure()
    assert (problem.kind, problem.code, problem.ambiguous) == ("transient", "refused", False)


async def test_no_address_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MPI__HOST", raising=False)
    assert (await failure()).kind == "misconfigured"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"MSH|^~\\&|A|B|C|D|||ADT^A31||P|2.5\r", "no-control-id"), (message().body + b"NTE|\x1c\r", "block-character")],
)
async def test_what_cannot_be_sent_is_a_dead_letter_at_once(mpi: Mpi, body: bytes, code: str) -> None:
    problem = await failure(Outgoing("application/hl7-v2", body))
    assert (problem.kind, problem.code) == ("permanent", code)
    assert not mpi.received


async def test_a_setting_that_is_not_a_number_costs_no_message_anything(mpi: Mpi, settings: Settings) -> None:
    settings("MPI", TIMEOUT="half a minute")
    problem = await failure()
    assert (problem.kind, problem.code) == ("misconfigured", "bad-setting")
    assert not mpi.received


async def test_tls_and_mutual_tls(settings: Settings, authority: Authority) -> None:
    certificate, key = authority.issue("hub")
    async with Mpi(tls=authority.server_context(mutual=True)) as mpi:
        settings("MPI", HOST="127.0.0.1", PORT=mpi.port, TLS="true", CA=authority.ca, CERT=certificate, KEY=key, TIMEOUT=PATIENCE)
        assert await Mllp("MPI").deliver(message()) == Receipt("ack-AA")
        settings("MPI", CA=authority.ca.read_text(), CERT=certificate.read_text(), KEY=key.read_text())
        assert await Mllp("MPI").deliver(message("A2")) == Receipt("ack-AA")
        settings("MPI", CERT="", KEY="")
        assert (await failure()).kind != "permanent"  # TLS 1.3 says no only after the handshake, by an alert or by a reset
        assert list(mpi.counts) == ["A1", "A2"]
        await Mllp("MPI").close()


async def test_a_stranger_s_certificate_is_not_trusted(settings: Settings, authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger")
    async with Mpi(tls=stranger.server_context()) as mpi:
        settings("MPI", HOST="127.0.0.1", PORT=mpi.port, TLS="true", CA=authority.ca, TIMEOUT=PATIENCE)
        problem = await failure()
        assert (problem.kind, problem.code, problem.ambiguous) == ("misconfigured", "tls", False)
        settings("MPI", CA="/nowhere.pem")
        assert (await failure()).code == "tls-setting"
        assert not mpi.received


def test_connections_do_not_outlive_their_event_loop(settings: Settings) -> None:
    async def once() -> Receipt:
        async with Mpi() as mpi:
            settings("MPI", HOST="127.0.0.1", PORT=mpi.port, TIMEOUT=PATIENCE)
            return await Mllp("MPI").deliver(message())

    assert [asyncio.run(once()).code for _ in range(3)] == ["ack-AA"] * 3


@pytest.mark.parametrize("body", [b"MSH|^~\\&|A", b"", b"PID|1", b"\xef\xbb\xbf"])
def test_no_control_id(body: bytes) -> None:
    assert control_id(body) == ""


def test_an_acknowledgement_with_other_delimiters_line_ends_and_letters() -> None:
    assert (
        read_reply(b"\r\nMSH#^~\\&#A\nMSA#AE#\xc3\xa9\xe9#text\n").control_id == read_reply(b"MSA|AE|\xc3\xa9\xe9|x").control_id
    )
    assert re.fullmatch(r"text .", read_reply(b"MSH|^~\\&|A\rMSA|AR|1|text \xe9\r").detail)


def test_the_simulator_s_acknowledgement_names_the_message() -> None:
    assert read_reply(acknowledgement(message("A7").body)[1:-2])[:2] == ("AA", "A7")
