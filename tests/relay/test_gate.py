"""The gate to the hub: who asks when, while it is busy or away. The loop's waiting takes no time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from relay.gate import LONGEST_WAIT, Gate, State, Unavailable
from tests.relay.stand_in import hurried_loop

Loop = asyncio.AbstractEventLoop


@pytest.fixture
def loop() -> Iterator[Loop]:
    with hurried_loop() as made:
        yield made


class Question:
    """Answers by a list: a state is ``Unavailable``, ``ok`` an answer. Notes when it was asked, and how many asked at once."""

    def __init__(self, loop: Loop, says: Iterable[str] = (), wait: float = 0, takes: float = 0) -> None:
        self.loop, self.says, self.wait, self.takes = loop, list(says), wait, takes
        self.times: list[float] = []
        self.at_once = self.most_at_once = 0

    async def __call__(self) -> bytes:
        self.times.append(self.loop.time())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(self.takes)
        self.at_once -= 1
        said: Any = self.says.pop(0) if self.says else "ok"
        if said != "ok":
            raise Unavailable(said, self.wait)
        return b"ok"

    def pauses(self) -> list[float]:
        return [after - before for before, after in pairwise(self.times)]


def test_an_open_hub_is_asked_by_all_at_once(loop: Loop) -> None:
    gate, question = Gate(0, 30), Question(loop, takes=1)
    loop.run_until_complete(_all(gate.ask(question) for _ in range(5)))
    assert (question.most_at_once, gate.state) == (5, "open")


async def _all(questions: Iterable[Awaitable[bytes]]) -> list[bytes | BaseException]:
    return await asyncio.gather(*questions, return_exceptions=True)


@pytest.mark.parametrize("state", ["busy", "away"])
def test_each_pause_is_twice_as_long_up_to_the_longest(loop: Loop, state: State) -> None:
    gate, question = Gate(1000, 8), Question(loop, [state] * 6)
    assert loop.run_until_complete(gate.ask(question)) == b"ok"
    for pause, expected in zip(question.pauses(), [1, 2, 4, 8, 8, 8], strict=True):
        assert 0.8 * expected <= pause <= 1.2 * expected + 0.1
    assert gate.state == "open"


def test_after_an_answer_the_pauses_are_short_again(loop: Loop) -> None:
    gate, question = Gate(1000, 64), Question(loop, ["away"] * 5 + ["ok", "away", "ok"])
    loop.run_until_complete(gate.ask(question))
    loop.run_until_complete(gate.ask(question))
    assert question.pauses()[-1] <= 1.3


@pytest.mark.parametrize(("asked", "waited"), [(7, 7), (LONGEST_WAIT + 500, LONGEST_WAIT)])
def test_the_hub_says_how_long_to_wait_within_reason(loop: Loop, asked: float, waited: float) -> None:
    gate, question = Gate(1000, 30), Question(loop, ["busy"], wait=asked)
    loop.run_until_complete(gate.ask(question))
    assert waited <= question.pauses()[0] <= waited + 0.1


@pytest.mark.parametrize("patience", [0, 5, 25])
def test_a_message_is_tried_until_the_patience_ends(loop: Loop, patience: float) -> None:
    gate, question = Gate(patience, 2), Question(loop, ["away"] * 100)
    began = loop.time()
    with pytest.raises(Unavailable) as raised:
        loop.run_until_complete(gate.ask(question))
    assert raised.value.state == "away"
    assert patience <= loop.time() - began + 0.01 <= patience + 0.2
    assert len(question.times) >= max(1, patience / 2.4)


def test_a_hub_that_is_away_is_asked_by_one_at_a_time(loop: Loop) -> None:
    gate, question = Gate(600, 5), Question(loop, ["away"] * 25, takes=0.5)
    loop.run_until_complete(_first_then_all(gate, question))
    closed = question.times[1:25]  # the first one found out; then one after each pause
    assert min(after - before for before, after in pairwise(closed)) > 0.7
    assert gate.state == "open"


async def _first_then_all(gate: Gate, question: Question) -> None:
    first = asyncio.create_task(gate.ask(question))
    await asyncio.sleep(0.6)
    assert (await _all(gate.ask(question) for _ in range(40))).count(b"ok") == 40
    await first


def test_messages_that_fail_together_make_one_pause(loop: Loop) -> None:
    gate, question = Gate(1000, 64), Question(loop, ["away"] * 10, takes=0.1)
    loop.run_until_complete(_all(gate.ask(question) for _ in range(10)))
    assert question.times[10] - question.times[0] <= 1.4


def test_a_hub_that_refuses_the_relay_is_not_asked_again_for_this_message(loop: Loop) -> None:
    gate, question = Gate(600, 30), Question(loop, ["refuses"])
    with pytest.raises(Unavailable):
        loop.run_until_complete(gate.ask(question))
    began = loop.time()
    loop.run_until_complete(gate.ready())
    assert 24 <= loop.time() - began <= 36.1
    assert loop.run_until_complete(gate.ask(question)) == b"ok"


def test_a_failure_of_one_message_keeps_the_gate_open(loop: Loop) -> None:
    gate, question = Gate(600, 30), Question(loop, ["fails"])
    with pytest.raises(Unavailable):
        loop.run_until_complete(gate.ask(question))
    assert (gate.state, len(question.times)) == ("open", 1)


@pytest.mark.parametrize("make", [lambda gate, question: gate.ask(question)])
def test_a_message_that_waits_behind_another_ends_with_its_own_patience(
    loop: Loop, make: Callable[[Gate, Question], Awaitable[bytes]]
) -> None:
    gate, question = Gate(10, 30), Question(loop, ["away"] * 1000, takes=3)
    began = loop.time()
    ended = loop.run_until_complete(_all(make(gate, question) for _ in range(20)))
    assert all(isinstance(one, Unavailable) for one in ended)
    assert loop.time() - began <= 17  # the patience, a pause, and the answers that are under way


def test_a_large_message_waits_alone(loop: Loop) -> None:
    """The hub has no memory for it now. The small messages of other senders are not kept waiting."""
    gate, large, small = Gate(1000, 30), Question(loop, ["large"] * 3, wait=5), Question(loop)

    async def both() -> float:
        first = asyncio.create_task(gate.ask(large))
        await asyncio.sleep(1)
        await gate.ready()
        await gate.ask(small)
        asked = small.times[0] - large.times[0]
        assert await first == b"ok"
        return asked

    assert loop.run_until_complete(both()) < 2
    assert gate.state == "open"
    assert all(5 <= pause <= 6.1 for pause in large.pauses())


def test_a_large_message_is_given_back_to_its_sender_when_the_patience_ends(loop: Loop) -> None:
    gate, question = Gate(20, 30), Question(loop, ["large"] * 100, wait=5)
    began = loop.time()
    with pytest.raises(Unavailable):
        loop.run_until_complete(gate.ask(question))
    assert 20 <= loop.time() - began + 0.01 <= 20.2
    assert len(question.times) == 4
    assert all(5 <= pause <= 6.1 for pause in question.pauses()), "sooner than the hub asked"


def test_a_large_message_that_is_sent_again_at_once_is_asked_for_once_a_second(loop: Loop) -> None:
    """Without patience, and with a sender that does not wait."""
    gate, question = Gate(0, 30), Question(loop, ["large"] * 100, wait=5)
    for _ in range(3):
        with pytest.raises(Unavailable):
            loop.run_until_complete(gate.ask(question))
    assert all(1 <= pause <= 1.3 for pause in question.pauses())
    assert gate.state == "open"
