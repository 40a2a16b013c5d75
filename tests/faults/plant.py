"""Plants defects in the core, one by one, and shows that the laboratory catches each: ``python -m tests.faults.plant``.

Each defect is a change of text in a copy of the sources; the laboratory then runs on the copy until something breaks.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path
from typing import NamedTuple

from tests.copies import without
from tests.waiting import LONGEST

ROOT = Path(__file__).resolve().parent.parent.parent
SECONDS = count(1_700_000_000)  # when each source file was written, one second apart


class Defect(NamedTuple):
    """What is done wrong, where, and in which scenarios it may be looked for first."""

    name: str
    file: str
    right: str
    wrong: str
    scenario: str


DEFECTS = (
    Defect(
        "retry a message in any state of its row",
        "shared/delivery/waiting.py",
        "replace(message, due=0.0).replaced())",
        "replace(message, due=0.0).put(message.row.key))",
        "people: two retry",
    ),
    Defect(
        "give up before it is written down",
        "shared/delivery/waiting.py",
        '    await audit.append(integration.name, Act(person.who, "give-up", message_id, person.purpose), hub)\n',
        "",
        "people: given up, the lane goes on",
    ),
    Defect(
        "leave what a person retries due at its old time",
        "shared/delivery/waiting.py",
        "replace(message, due=0.0).replaced())",
        "replace(message).replaced())",
        "people: retried now",
    ),
    Defect(
        "give up what no list shows",
        "shared/ledger/claims/claim.py",
        "            await self._list_dead(message)\n",
        "            pass\n",
        "people: given up, the lane goes on",
    ),
    Defect(
        "act on the later one of a lane first",
        "shared/ops/plan.py",
        'key=lambda one: (names.lane_of(one["id"]), int(one["n"])))',
        'key=lambda one: (names.lane_of(one["id"]), -int(one["n"])))',
        "people: replayed in bulk",
    ),
    Defect(
        "send while the delivery is paused",
        "shared/delivery/pause.py",
        "    if await paused(integration, hub):\n",
        "    if False:\n",
        "people: paused and resumed",
    ),
    Defect(
        "believe for ever that a delivery is not paused",
        "shared/delivery/pause.py",
        "hub.now() - running.get(integration, -1.0e9) < BELIEVED",
        "integration in running",
        "people: paused while it is retried",
    ),
    Defect(
        "leave the lanes of a resumed delivery to the one who resumed it",
        "shared/delivery/upkeep/watchdog.py",
        "first.due <= hub.now() or pause.waits(first) or",
        "first.due <= hub.now() or",
        "people: paused and resumed",
    ),
    Defect(
        "make a dead letter of what waits for a code",
        "shared/delivery/unmapped.py",
        "    if not problem.waits:\n",
        "    if True:\n",
        "codes: one waits",
    ),
    Defect(
        "never look whether other tables are deployed",
        "shared/delivery/upkeep/watchdog.py",
        "pause.waits(first) or unmapped.may_be_known(integration, first)",
        "pause.waits(first)",
        "codes: the watchdog alone",
    ),
    Defect(
        "let a worker not see that other tables are deployed",
        "shared/delivery/process.py",
        "    if unmapped.may_be_known(integration, message):\n        return True\n",
        "",
        "codes: one waits",
    ),
    Defect(
        "remember no tables for what waits for a code, and take none for the same ones",
        "shared/delivery/unmapped.py",
        "message.tables != tables_of(integration)",
        "False",
        "codes: two in turn",
    ),
    Defect(
        "leave what is sent before its time due at that time",
        "shared/ledger/claims/claim.py",
        "due = min(message.due, self.hub.now())",
        "due = message.due",
        "codes: alone",
    ),
    Defect(
        "wait for a code that no list shows",
        "shared/delivery/unmapped.py",
        "    keys = await code_items.ensure(integration.name, codes, names.message_id(message.lane, message.identity), hub)\n",
        '    keys = " ".join(each.key for each in codes)\n',
        "codes: alone",
    ),
    Defect(
        "observe by the mode of now",
        "shared/delivery/attempt.py",
        "    if message.observed:\n",
        "    if held.hub.is_observed(held.integration.name):\n",
        "switched to live and back",
    ),
    Defect(
        "forget at the acceptance that the run is parallel",
        "shared/intake/accept.py",
        '{"observed": True} if hub.observes(envelope) else {}',
        "{}",
        "a parallel run",
    ),
    Defect(
        "settle before the output is kept for the comparison",
        "shared/delivery/observe.py",
        '    await pairs.keep(held.integration, message.control, "new", message.identity, made, held.hub)\n',
        '    held.hub.start(pairs.keep(held.integration, message.control, "new", message.identity, made, held.hub))\n',
        "a parallel run",
    ),
    Defect(
        "compare again what comes again",
        "shared/parallel/pairs.py",
        'await hub.store.commit(table, f"p|{id}", seen, side',
        'await hub.store.commit(table, f"p|{id}", side',
        "a parallel run",
    ),
    Defect(
        "keep one side of what is compared",
        "shared/parallel/pairs.py",
        "old.deleted(), new.deleted())",
        "old.deleted())",
        "a parallel run",
    ),
    Defect(
        "take what a queue brings again for a resend of the sender",
        "shared/ledger/arrivals/resends.py",
        "return bool(handed) and handed in",
        "return not handed and handed in",
        "by queue",
    ),
    Defect(
        "forget the id of the queue message when it goes back",
        "shared/intake/patience.py",
        "[inbound.id, inbound.trigger, inbound.tries]",
        '["", inbound.trigger, inbound.tries]',
        "by queue",
    ),
    Defect(
        "take a pair out of the inbox before it is stored",
        "shared/intake/inbox/taking.py",
        "    answer = await replies.take(integration, envelope, hub)\n    await write_back(integration, sidecar, answer, hub)\n"
        "    await _done(integration, [document, sidecar], hub)\n",
        "    await _done(integration, [document, sidecar], hub)\n    answer = await replies.take(integration, envelope, hub)\n"
        "    await write_back(integration, sidecar, answer, hub)\n",
        "a small document",
    ),
    Defect(
        "forget the half that a crash left",
        "shared/intake/inbox/taking.py",
        "return taken is not None and Taken.of(taken).etag == file.etag",
        "return False",
        "a small document",
    ),
    Defect(
        "forget the separate file of a message",
        "shared/ledger/content.py",
        "for name in KEPT} | files\n",
        "for name in KEPT}\n",
        "a large document",
    ),
    Defect(
        "acknowledge before storing",
        "shared/intake/accept.py",
        "        recorded = await record(integration, await _arrival(integration, envelope, decision, hub), hub)\n",
        "        arrival = await _arrival(integration, envelope, decision, hub)\n"
        "        hub.start(record(integration, arrival, hub))\n"
        "        return with_location(integration, decision.answer, arrival.id)\n",
        "two in one lane",
    ),
    Defect(
        "skip the ETag of the head",
        "shared/ledger/arrivals/record.py",
        "step = replace(head, number=n).replaced() if head",
        "step = replace(head, number=n).replaced()._replace(etag='', action='put') if head",
        "more than one turn",
    ),
    Defect(
        "put no knock after a first attempt that did not end well",
        "shared/delivery/process.py",
        "    if not ended_well:\n",
        "    if False:\n",
        "the knock of a first attempt alone",
    ),
    Defect(
        "take a first attempt that storage cut off for one that ended well",
        "shared/delivery/process.py",
        "    ended_well = False\n",
        "    ended_well = True\n",
        "the knock of a first attempt alone",
    ),
    Defect(
        "look at no open row between two rounds",
        "shared/delivery/upkeep/quick_look.py",
        "LATE <= hub.now() - Opened.of(row).at < SEEN",
        "False",
        "the quick look alone",
    ),
    Defect(
        "store a message before it is in the index",
        "shared/ledger/arrivals/record.py",
        "    reused, opening = await together(_write_index(integration, arrival, hub), _open(integration, arrival, hub))\n",
        "    hub.start(_write_index(integration, arrival, hub))\n"
        "    reused, opening = False, await _open(integration, arrival, hub)\n",
        "two in one lane, one in another",
    ),
    Defect(
        "leave a message out of the index of its hour",
        "shared/ledger/arrivals/record.py",
        "found.inserted(first), *changes[1:], of_hour)",
        "found.inserted(first), *changes[1:])",
        "two in one lane, one in another",
    ),
    Defect(
        "leave a refused message out of the index",
        "shared/ledger/arrivals/rejections.py",
        "*rows_of(found, ways(finders, message_id)))",
        "*rows_of(found, ways(finders, message_id))[:-1])",
        "batch: a member is refused",
    ),
    Defect(
        "leave a message to a worker that has given its lane back",
        "shared/delivery/process.py",
        "if fresh and fresh.is_behind and place in workers:",
        "if fresh and place in workers:",
        "left to the worker that has the lane",
    ),
    Defect(
        "begin no second round of deleting open rows",
        "shared/ledger/closing.py",
        "keys = [*hub.remembered(ToClose).keys.pop((table, partition))]",
        "keys = [*hub.remembered(ToClose).keys[table, partition]]",
        "the first attempt alone",
    ),
    Defect(
        "forget the open row",
        "shared/ledger/arrivals/record.py",
        "open_lane(integration.name, arrival.lane, arrival.token, hub, arrival.key)",
        "asyncio.sleep(0)",
        "the watchdog alone",
    ),
    Defect(
        "believe a head that was read after the watchdog may have changed it",
        "shared/ledger/arrivals/record.py",
        "    if not 0 <= hub.now() - began < hub.timing.open_grace / 2:  # below 0: the clock was set back\n",
        "    if False:\n",
        "one message, the watchdog alone",
    ),
    Defect(
        "take the head of the arrival before although the watchdog may have changed it",
        "shared/ledger/arrivals/turns.py",
        "        is_early = 0 <= self.at - opened < hub.timing.open_grace / 2  # below 0: the clock was set back\n",
        "        is_early = True\n",
        "turns: the watchdog alone",
    ),
    Defect(
        "deliver without marking the message",
        "shared/ledger/claims/claim.py",
        "etags = await self.commit(names.CLAIM, self.renewed(), marked.replaced())",
        "etags = {key: message.row.etag}",
        "retried",
    ),
    Defect(
        "go on behind a dead letter that holds the lane",
        "shared/ledger/claims/claim.py",
        'stops = outcome.outcome == "dead" and self.integration.delivery.on_dead == "hold"',
        "stops = False",
        "dead, the lane is held",
    ),
    Defect(
        "release without looking whether something arrived",
        "shared/ledger/claims/claim.py",
        'await self.commit(names.row("d", n), *changes, idle, self.claim.deleted())',
        'await self.commit(names.row("d", n), *changes, self.claim.deleted())',
        "the first attempt alone",
    ),
    Defect(
        "take over a claim that is alive",
        "shared/ledger/claims/taking.py",
        "if not there or there.end > hub.now():",
        "if not there:",
        "more than one turn",
    ),
    Defect(
        "send again without saying that it may have arrived",
        "shared/ledger/claims/claim.py",
        "return message.ambiguous or self._is_left_behind(message)",
        "return message.ambiguous",
        "retried",
    ),
    Defect(
        "keep the content of what was delivered",
        "shared/ledger/ended.py",
        'return [remove(names.row("c", n))]',
        "return []",
        "two in one lane",
    ),
    Defect(
        "believe an unclear answer",
        "shared/ledger/claims/held.py",
        "                unclear = True\n",
        "                return {c.key: '' for c in changes}\n",
        "two in one lane",
    ),
    Defect(
        "know a batch by its bytes alone",
        "shared/intake/batch_decision.py",
        "(envelope.trigger, envelope.partner, envelope.reference, digest(envelope.body))",
        "(envelope.trigger, digest(envelope.body))",
        "batch: the same bytes",
    ),
    Defect(
        "acknowledge a batch without the check of its senders",
        "shared/intake/batch_decision.py",
        "    alone = member.alone(envelope)\n",
        "    from dataclasses import replace\n\n    alone = replace(member.alone(envelope), partner='')\n",
        "batch: the same bytes",
    ),
    Defect(
        "stop a batch at a member that cannot be recorded",
        "shared/intake/accept.py",
        "        if envelope.acknowledged:\n            return await _as_acknowledged",
        "        if envelope.acknowledged and not decision.failed:\n            return await _as_acknowledged",
        "batch: the lane raises",
    ),
    Defect(
        "take a member that is split again for a resend",
        "shared/ledger/arrivals/record.py",
        "if receipt and is_same_copy(arrival, receipt):",
        "if False:",
        "batch: delivered again",
    ),
    Defect(
        "forget a batch before its members are stored",
        "shared/intake/splitting.py",
        "            is_done = await turn.through()\n",
        "            is_done = True\n",
        "batch: one caller",
    ),
    Defect(
        "store members of one lane in any order",
        "shared/intake/window.py",
        "        before = {self.last[name] for name in names if name in self.last}\n",
        "        before: set[asyncio.Future[bool]] = set()\n",
        "batch: more than a window",
    ),
    Defect(
        "store a member although one before it in its lane is not stored",
        "shared/intake/window.py",
        "        if not all(each.result() for each in before):\n",
        "        if False:\n",
        "batch: more than a window",
    ),
    Defect(
        "store a merge before the earlier members of the other lane",
        "shared/intake/window.py",
        "    lanes = (decision.lane, decision.after)\n",
        "    lanes = (decision.lane,)\n",
        "batch: a merge waits",
    ),
    Defect(
        "count a member as done that is not stored",
        "shared/intake/window.py",
        "        oldest.task.result()\n",
        "",
        "batch: more than a window",
    ),
    Defect(
        "let a merge go ahead",
        "shared/delivery/attempt.py",
        "if await blocked(integration, message, hub):",
        "if False:",
        "a merge waits",
    ),
    Defect(
        "mark before there is a place",
        "shared/delivery/attempt.py",
        "        async with slot(integration, bool(message.tries), place_patience(held, message), hub):\n",
        "        await held.sending()\n"
        "        async with slot(integration, bool(message.tries), place_patience(held, message), hub):\n",
        "nights",
    ),
    Defect(
        "forget what a lost worker may have sent, while the message waits",
        "shared/ledger/claims/claim.py",
        "ambiguous=self._may_have_gone(message) or outcome.ambiguous,\n            sent",
        "ambiguous=message.ambiguous or outcome.ambiguous,\n            sent",
        "taken, then the breaker opens",
    ),
    Defect(
        "remove an open row without changing the head",
        "shared/delivery/upkeep/left_behind.py",
        "        await hub.store.commit(ledger, lane, Head.of(head).replaced() if head "
        "else Head(number=0, idle=0).inserted(names.HEAD))\n",
        "",
        "one message, the watchdog alone",
    ),
    Defect(
        "revive a dead letter by what a queue brings again",
        "shared/ledger/arrivals/resends.py",
        "    if is_redelivered(earlier.receipt, handed):\n        return False\n    return",
        "    return",
        "by queue, refused",
    ),
    Defect(
        "let an odd row stop the round",
        "shared/delivery/upkeep/watchdog.py",
        'with isolated(integration.name, "sweep", hub, lane):',
        "if True:",
        "nights",
    ),
    Defect(
        "move a subscriber's cursor although storage was away",
        "shared/intake/subscription.py",
        "if answer.status in (500, 503):",
        "if answer.status == 500:",
        "nights",
    ),
    Defect(
        "charge a message for an outage",
        "shared/delivery/attempt.py",
        'counted = whose == "message" or (others and whose in ("set-up", "unclear"))',
        "counted = True",
        "nights",
    ),
    Defect(
        "take every answer of a resend for a duplicate",
        "shared/ledger/arrivals/resends.py",
        'GONE = ("dead", "discarded", "expired")',
        "GONE = ()",
        "dead, then sent again",
    ),
)


def caught(defect: Defect, folder: Path) -> str:
    """What the laboratory said about the planted defect; empty when it noticed nothing."""
    file = folder / defect.file
    text = file.read_text()
    if text.count(defect.right) != 1:
        raise LookupError(f"{defect.name}: the place to plant it in {defect.file} is not there, or not once")
    _write(file, text.replace(defect.right, defect.wrong))
    try:
        command = [sys.executable, "-m", "tests.faults.hunt", defect.scenario]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST, check=False)
    finally:
        _write(file, text)
    if "no scenario is called" in done.stderr:
        raise LookupError(f"{defect.name}: {done.stderr.strip()}")
    lines = done.stdout.strip().splitlines()
    if done.returncode and not lines:  # no promise was broken, so nothing is shown
        raise LookupError(f"{defect.name}: the hunt itself failed: {done.stderr.strip()[-200:]}")
    return lines[-1] if done.returncode else ""


def _write(file: Path, text: str) -> None:
    """Write a source file whose earlier bytecode is not taken for its own: Python compares the second and the size only."""
    file.write_text(text)
    second = next(SECONDS)
    os.utime(file, (second, second))


def copied(folder: Path) -> Path:
    """A copy of what the laboratory needs."""
    for name in ("shared", "tests/faults"):
        shutil.copytree(ROOT / name, folder / name, ignore=without())
    shutil.copy(ROOT / "tests/ledger_world.py", folder / "tests/ledger_world.py")
    return folder


def main() -> int:
    missed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = copied(Path(temporary))
        for defect in DEFECTS:
            lines = caught(defect, folder)
            missed += not lines
            print(f"{'caught' if lines else 'MISSED'}  {defect.name}: {lines[:160]}", flush=True)  # noqa: T201
    return missed


if __name__ == "__main__":
    raise SystemExit(main())
