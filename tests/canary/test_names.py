"""The canary sweep of texts that name things: headers, ids, keys, segments, properties, files and folders, by every way in.

A text in the form of an id is kept (shared/privacy.py), so each canary here has a blank behind it. What a caller is answered is
its own and is not a sink, nor is the acknowledgement on its replies queue; all else is.
"""

import hashlib
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from integrations import CATALOGUE, load
from shared.intake.inbox.files import home
from shared.intake.triggers.http import accept_http
from shared.intake.triggers.knocks import answer_knock, answer_poisoned_knock
from shared.intake.triggers.queues import accept_event, accept_queue_message, keep_poisoned
from shared.ledger.reporting import counters, search
from shared.ops.dead_letter_api import administer
from shared.problems import Problem
from shared.storage import names
from shared.storage.names import AUDIT
from shared.storage.store import Away, Conflict
from tests.canary.canaries import Nest
from tests.canary.test_core import ENDS, Sinks, leaks, world
from tests.events import blob_created
from toolkit.samples import accepted

HEADERS = (
    *("x-correlation-id", "traceparent", "tracestate", "user-agent", "cookie", "x-forwarded-for", "x-forwarded-host", "referer"),
    *("x-request-id", "x-ms-client-request-id", "baggage", "prefer", "if-none-match", "content-disposition", "x-canary"),
)
TURNED_AWAY = ("accept", "content-type", "content-encoding")


def plant(nest: Nest) -> str:
    return f"{nest.new()} x"


def hl7_bodies(body: bytes, nest: Nest) -> Iterator[bytes]:
    """Canaries in the header: in what lets it be taken, in everything; and in names of segments."""
    lines = re.split(rb"\r\n|\r|\n", body.strip())
    for places in ((7, 9), (2, 3, 4, 5, 7, 9), (8,), (10,), (11,), (17,)):
        fields = lines[0].split(b"|") + [b""] * 18
        for place in places:
            fields[place] = plant(nest).encode()
        yield b"\r".join([b"|".join(fields), *lines[1:]])
    for name in ("{}", "Z{}", "ZZ1{}", "PID {}", "{} PID", "zq{}"):
        yield b"\r".join([*lines, f"{name.format(plant(nest))}|a".encode()])
    yield b"\r".join([*lines, f"ZZ1|{plant(nest)}".encode(), f"{plant(nest)}".encode()])


def json_bodies(body: bytes, nest: Nest) -> Iterator[bytes]:
    """Canaries as properties, and in whatever names the document."""
    document = json.loads(body)
    for change in (
        *({plant(nest): 1}, {f"_{plant(nest)}": {"a": 1}}, {"id": plant(nest)}, {"source": plant(nest)}, {"type": plant(nest)}),
        *(
            {"resourceType": plant(nest)},
            {"identifier": {"system": plant(nest), "value": plant(nest)}},
            {"meta": {plant(nest): "x"}},
        ),
    ):
        yield json.dumps({**document, **change}).encode()


def xml_bodies(body: bytes, nest: Nest) -> Iterator[bytes]:
    """Canaries as names of elements, attributes, prefixes, entities and instructions, and where a document is broken."""
    text = body.decode().rstrip()
    start = re.search(r"<[\w:.-]+", text)
    end = text.rindex("</")
    assert start
    for tag in (' {name}="{text}"', ' xmlns:{name}="{text}"', " {name}"):
        yield (text[: start.end()] + _spelt(tag, nest) + text[start.end() :]).encode()
    for child in ("<{name}>{text}</{name}>", "<{name}:{name} {name}='{text}'/>", "&{name};", "</{name}>", "<![CDATA[{text}]]>"):
        yield (text[:end] + _spelt(child, nest) + text[end:]).encode()
    for prolog in ("<?{name} {text}?>", "<!DOCTYPE {name} [<!ENTITY {name} '{text}'>]>", "<!-- {text} -->"):
        yield (_spelt(prolog, nest) + text[start.start() :]).encode()


def csv_bodies(body: bytes, nest: Nest) -> Iterator[bytes]:
    """Canaries as names of columns, in a row that is too long, and where quotation is broken."""
    header, *rows = body.decode().rstrip().splitlines()
    for change in ("{text}", ",{text}", ';"{text}"', "\n{text}", '"{text}', "\t{text},"):
        yield "\n".join([header + _spelt(change, nest), *rows]).encode()
        yield "\n".join([header, *(row + _spelt(change, nest) for row in rows)]).encode()


def _spelt(text: str, nest: Nest) -> str:
    """A name that XML allows and that has not the form of an id."""
    return text.format(name=f"{nest.new()}ŵ", text=plant(nest))


def bodies(integration: Any, nest: Nest) -> list[bytes]:
    made: list[bytes] = []
    for kind, change in ((b"{", json_bodies), (b"M", hl7_bodies), (b"<", xml_bodies)):
        sample = next((each for each in accepted(integration) if each.body.lstrip()[:1] == kind), None)
        made += change(sample.body, nest) if sample else ()
    if not made:
        made += csv_bodies(accepted(integration)[0].body, nest)
    return [*made, plant(nest).encode(), b"{" + plant(nest).encode(), json.dumps({plant(nest): plant(nest)}).encode()]


async def settle(sinks: Sinks) -> None:
    """Every task to its end, then what was counted is written down."""
    await sinks.hub.drain(5)
    for name in sinks.hub.integrations:
        await counters.write(name, sinks.hub)


def recorded(sinks: Sinks) -> Sinks:
    """Without the replies queue, which is the sender's own, and what staff wrote into the audit."""
    store: Any = sinks.hub.store
    for queue in [queue for queue in store.queues if queue.endswith("-replies")]:
        del store.queues[queue]
    for table in store.tables.values():
        table.pop(AUDIT, None)
    return sinks


async def trying(work: Any, sinks: Sinks) -> None:
    """What is raised is logged by the host: a sink too."""
    try:
        await work
    except (Problem, Away, Conflict, ValueError, TypeError, KeyError, AttributeError) as error:
        sinks.answers.append(f"{error!r} {error}")


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", CATALOGUE)
async def test_no_name_that_came_over_http_leaves(name: str, end: str, caplog: Any, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)
    integration, nest = ENDS[end](load(name)), Nest()
    sinks = world(integration)
    kind = accepted(load(name))[0].envelope.content_type
    planted = bodies(load(name), nest)
    for body in planted if end == "delivered" else planted[:2]:
        headers = {"content-type": kind} | {header: plant(nest) for header in HEADERS}
        await trying(accept_http(integration, headers, body, sinks.hub), sinks)
        await settle(sinks)
    for header in TURNED_AWAY:
        headers = {"content-type": kind, header: f"text/{plant(nest)}", "x-correlation-id": plant(nest)}
        await trying(accept_http(integration, headers, accepted(load(name))[0].body, sinks.hub), sinks)
        await settle(sinks)
    assert len(sinks.events) >= 5
    assert leaks(nest, recorded(sinks), caplog.text, "".join(capfd.readouterr())) == {}


@pytest.mark.parametrize("name", CATALOGUE)
async def test_no_name_that_came_by_queue_or_event_leaves(name: str, caplog: Any, capfd: Any) -> None:
    caplog.set_level(logging.DEBUG)
    integration, nest = ENDS["delivered"](load(name)), Nest()
    sinks = world(integration)
    folder, store = home(integration), sinks.hub.store
    for body in bodies(load(name), nest):
        for way in (accept_queue_message, keep_poisoned, answer_knock, answer_poisoned_knock):
            await trying(way(integration, body, sinks.hub), sinks)
        await settle(sinks)
    for form in (
        "{}",
        "../{}",
        "{}/x",
        f"{folder}{{}}",
        f"{folder}{{}}/{{}}.hl7",
        f"{folder}../{{}}",
        f"{folder}%{{}}",
        f"{folder}{{}}.json",
    ):
        blob = form.replace("{}", plant(nest))
        for _ in range(2):
            await trying(accept_queue_message(integration, json.dumps({"blob": blob}).encode(), sinks.hub), sinks)
            await trying(accept_event(integration, blob_created(blob), sinks.hub), sinks)
            await trying(keep_poisoned(integration, json.dumps({"blob": blob}).encode(), sinks.hub), sinks)
            await store.write_blob(names.INBOX, blob, accepted(load(name))[0].body)
        await settle(sinks)
    for value in (plant(nest), {"lane": plant(nest)}, {"batch": plant(nest)}, {"lane": "1-a", "publisher": plant(nest)}):
        await trying(answer_knock(integration, json.dumps(value).encode(), sinks.hub), sinks)
        await trying(
            accept_event(integration, {"id": plant(nest), "type": plant(nest), "data": {"lane": value}}, sinks.hub), sinks
        )
    await settle(sinks)
    store.containers.pop(names.INBOX, None)  # type: ignore[attr-defined]  # the sender's own files, under the sender's own names
    sinks = recorded(sinks)
    for queue in [queue for queue in store.queues if queue.endswith(("-in", "-work"))]:  # type: ignore[attr-defined]
        assert not nest.found_in(repr([each.body for each in store.queues[queue].values()]))  # type: ignore[attr-defined]
    assert leaks(nest, sinks, caplog.text, "".join(capfd.readouterr())) == {}


@pytest.mark.parametrize("name", CATALOGUE)
async def test_no_word_of_a_person_who_asks_leaves(name: str, caplog: Any, capfd: Any) -> None:
    """Ids, rules and search values; the reply to a person is in the answer, the purpose in the audit."""
    caplog.set_level(logging.DEBUG)
    integration, nest = load(name), Nest()
    sinks = world(integration)
    for request in ("GET", "GET {}", "GET {}.0", "GET 1-a.{}", "POST {}/replay", "POST replay", "POST {}/discard", "POST {}/{}"):
        query = {"rule": plant(nest), "purpose": plant(nest), "content": "1", plant(nest): plant(nest)}
        await trying(administer(integration, {}, request.replace("{}", plant(nest)), query, sinks.hub), sinks)
    for by in ("control", "correlation", "patient"):
        assert await search.find(name, by, plant(nest), sinks.hub) == []  # type: ignore[arg-type]
    assert leaks(nest, recorded(sinks), caplog.text, "".join(capfd.readouterr())) == {}


def partners() -> list[dict[str, Any]]:
    """One for each of: one integration or all others, with or without the role that dead letters need. Its key is its name."""
    own = (["phw-to-mpi"], [name for name in CATALOGUE if name != "phw-to-mpi"])
    each = [(f"{len(may)} {roles}", may, roles) for may in own for roles in ([], ["admin"])]
    return [
        {"name": name, "keys": [hashlib.sha256(name.encode()).hexdigest()], "integrations": may, "roles": roles}
        for name, may, roles in each
    ]


@pytest.mark.parametrize("name", CATALOGUE)
async def test_content_is_shown_to_who_may_see_that_integration(name: str, monkeypatch: Any) -> None:
    """A dead letter of each integration, asked for by each partner, by its own address and by each other integration's."""
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(partners()))
    integration, nest = load(name), Nest()
    sinks, others = world(integration), [integration, *(load(other) for other in CATALOGUE if other != name)]
    body = plant(nest).encode()
    await keep_poisoned(integration, body, sinks.hub)
    (letter,) = await sinks.hub.store.query(names.tables(name).find, names.DEAD)
    for one in partners():
        for other in others:
            for asked in (f"GET {letter.key}", f"GET {name}/{letter.key}", f"GET ../{name}/dead/{letter.key}"):
                query = {"content": "1", "purpose": "test"}
                answer = await administer(other, {"x-hub-key": one["name"]}, asked, query, sinks.hub)
                may = "admin" in one["roles"] and name in one["integrations"] and other.name == name
                plainly = asked == f"GET {letter.key}"
                assert (answer.body == body) == (may and plainly), (one["name"], other.name, asked)
                assert body not in answer.body or (may and plainly)


def test_the_sweep_reaches_its_places() -> None:
    """Enough is planted in each integration, and no plant has the form of an id."""
    from shared.privacy import is_identifier

    for name in CATALOGUE:
        nest = Nest()
        assert len(bodies(load(name), nest)) >= 10
        assert len(nest.made) >= 10
    assert not is_identifier(plant(Nest()))
