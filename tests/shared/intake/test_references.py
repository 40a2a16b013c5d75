"""References: what is not plainly a name in the integration's own folder is answered, recorded and never looked up."""

import asyncio
import re
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import CATALOGUE, load, load_all
from shared.delivery import dead
from shared.hub import Hub
from shared.intake.inbox.files import CREATED, home
from shared.intake.inbox.references import LONGEST, is_own
from shared.intake.triggers.knocks import answer_knock
from shared.intake.triggers.queue_bodies import publisher_of
from shared.intake.triggers.queues import accept_event, accept_queue_message, keep_poisoned
from shared.problems import Problem
from shared.storage import names
from shared.storage.memory import MemoryStore
from tests import ledger_world as world
from tests.events import blob_created
from toolkit.samples import accepted

ALL = tuple(load_all())
PHW = load("phw-to-mpi")
HOSTILE = [
    *("documents-to-cdr/X.pdf", "../content/x", "phw-to-mpi/../content/x", "phw-to-mpi/../documents-to-cdr/X.pdf", "X.pdf"),
    *("/phw-to-mpi/x", "//phw-to-mpi/x", "phw-to-mpi", "phw-to-mpi/", "phw-to-mpi//x", "phw-to-mpi/x/", "phw-to-mpi/./x"),
    *("phw-to-mpi/..", "phw-to-mpi/.", "phw-to-mpi/x/.", "phw-to-mpi/%2e%2e/content/x", "phw-to-mpi/%252e", "phw-to-mpi/100%"),
    *("phw-to-mpi\\x", "phw-to-mpi/..\\content\\x", "phw-to-mpi/a\\b", "phw-to-mpi/\x00", "phw-to-mpi/a\nb", "phw-to-mpi/\x7f"),
    *(
        "phw-to-mpi/\x85x",
        "phw-to-mpi/\u202efdp.x",
        "phw-to-mpi/\u200bx",
        "phw-to-mpi/\u2028x",
        "phw-to-mpi/\ufeffx",
        " phw-to-mpi/x",
    ),
    *("PHW-TO-MPI/x", "phw-to-mpi2/x", "phw-to-mpi/" + "x" * LONGEST, "content/phw-to-mpi/x", "inbox/phw-to-mpi/x", ""),
    *("phw-to-mpi/x/../../content/x", "https://local.blob.core.windows.net/inbox/phw-to-mpi/x", "phw-to-mpi/..;/x", "$root/x"),
]
PLAIN = [
    "phw-to-mpi/x",
    "phw-to-mpi/a/b.hl7",
    "phw-to-mpi/Siân Jones 9990000018.hl7",
    "phw-to-mpi/a.b.c",
    "phw-to-mpi/?#x",
    "phw-to-mpi/.x",
]


class NoBlobs(MemoryStore):
    """A store in which every call about a blob of the inbox is written down."""

    def __init__(self, clock: Any) -> None:
        super().__init__(clock)
        self.asked: list[str] = []

    async def blob(self, container: str, name: str) -> Any:
        self.asked.append(name)
        return await super().blob(container, name)

    async def read_blob(self, container: str, name: str) -> bytes | None:
        self.asked.append(name)
        return await super().read_blob(container, name)

    async def blobs(self, container: str, prefix: str = "") -> Any:
        self.asked.append(prefix)
        return await super().blobs(container, prefix)


class World:
    def __init__(self, integration: Any) -> None:
        self.integration, self.events = integration, []
        self.store = NoBlobs(lambda: world.NOW)
        self.hub: Hub = world.hub(integration, store=self.store, emit=lambda name, **keys: self.events.append((name, keys)))

    async def queue(self, body: Any) -> None:
        await accept_queue_message(self.integration, orjson.dumps(body), self.hub)
        await asyncio.gather(*self.hub.tasks)

    async def dead(self) -> list[dict[str, Any]]:
        return await dead.dead_letters(self.integration.name, self.hub)

    async def replies(self) -> list[dict[str, Any]]:
        return [orjson.loads(one.body) for one in await self.store.receive(f"{self.integration.name}-replies", 1)]


def hostile_for(integration: Any) -> list[str]:
    renamed = {"documents-to-cdr": "another-one", "PHW-TO-MPI": integration.name.upper(), "phw-to-mpi": integration.name}
    return [re.sub("|".join(renamed), lambda found: renamed[found[0]], name) for name in HOSTILE]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_elsewhere_is_no_reference(name: str) -> None:
    assert not is_own(PHW, name)


@pytest.mark.parametrize("name", PLAIN)
def test_a_name_in_the_own_folder_is_one(name: str) -> None:
    assert is_own(PHW, name)


PARTS = st.sampled_from([*"./\\%a0 \x00\n\u202e", "..", "%2e", "%2F", "phw-to-mpi", "content"])


@given(st.lists(PARTS, max_size=12).map("".join))
def test_what_is_followed_stays_where_it_is_however_it_is_normalised(rest: str) -> None:
    from posixpath import normpath
    from urllib.parse import unquote

    name = f"phw-to-mpi/{rest}"
    if is_own(PHW, name):
        read = unquote(name).replace("\\", "/")
        assert normpath(read) == read == name


@pytest.mark.parametrize("integration", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("how", ["queue", "created by queue", "event", "created elsewhere"])
async def test_it_is_answered_and_recorded_once_and_never_looked_up(integration: Any, how: str) -> None:
    if how == "event" and publisher_of(integration):
        return  # its events are knocks on an outbox, and name no blob
    for name in hostile_for(integration):
        here = World(integration)
        for _ in range(2):
            if how == "queue":
                await here.queue({"blob": name})
            elif how == "created by queue":
                await here.queue(blob_created(name))
            elif how == "created elsewhere":
                await here.queue(blob_created(f"{integration.name}/x", "content"))
            else:
                await accept_event(integration, blob_created(name), here.hub)
        assert here.store.asked == []
        (letter,) = await here.dead()
        assert (letter["outcome"], letter["code"]) == ("rejected", "reference-not-own")
        answers = await here.replies()
        assert [each["message_id"] for each in answers] == [letter["id"]] * 2
        assert all(each["acknowledgement"] for each in answers)
        codes = [keys["error_code"] if "error_code" in keys else keys.get("rule") for _, keys in here.events]
        assert "reference-not-own" in codes
        assert not name or name not in repr(here.events) or name in ("phw-to-mpi", integration.name)


async def test_a_reference_that_is_refused_and_then_poisoned_is_one_dead_letter() -> None:
    here = World(PHW)
    await here.queue({"blob": "elsewhere/x"})
    for _ in range(2):
        await keep_poisoned(here.integration, orjson.dumps({"blob": "elsewhere/x"}), here.hub)
    (letter,) = await here.dead()
    assert letter["code"] == "reference-not-own"
    await keep_poisoned(here.integration, orjson.dumps({"blob": "elsewhere/y"}), here.hub)
    assert sorted(each["code"] for each in await here.dead()) == ["poisoned", "reference-not-own"]


@pytest.mark.parametrize("body", [{"blob": 1}, {"blob": None}, {"blob": ["x"]}, {"blob": {"a": 1}}, {"blob": True}])
async def test_a_reference_that_is_no_text_is_refused(body: Any) -> None:
    here = World(PHW)
    await here.queue(body)
    assert [one["code"] for one in await here.dead()] == ["reference-not-own"]


@pytest.mark.parametrize(
    "url", ["http://[", "", "https://x/inbox", "https://x/y/inbox/phw-to-mpi/x", "/inbox//x", "inbox/phw-to-mpi/x"]
)
async def test_an_event_with_a_broken_address_is_refused(url: str) -> None:
    here = World(PHW)
    await accept_event(PHW, {"type": CREATED, "data": {"url": url}}, here.hub)
    assert here.store.asked == []
    assert [one["code"] for one in await here.dead()] == ["reference-not-own"]


async def test_the_own_blob_is_taken_by_every_integration_with_a_queue() -> None:
    for name in CATALOGUE:
        integration = load(name)
        here, sample = World(integration), accepted(integration)[0]
        blob = f"{home(integration)}a/message"
        await here.store.write_blob(names.INBOX, blob, sample.body)
        await here.queue({"blob": blob})
        assert not [one for one in await here.dead() if one.get("code") == "reference-not-own"]
        assert blob in here.store.asked


async def test_a_blob_of_the_own_folder_that_is_not_there_is_a_problem() -> None:
    with pytest.raises(Problem, match="blob-missing"):
        await World(PHW).queue({"blob": "phw-to-mpi/x"})


def test_no_folder_holds_another() -> None:
    """Nor do tables, queues and folders of two integrations have one name."""
    homes = [home(one) for one in ALL]
    assert not [(a, b) for a in homes for b in homes if a is not b and a.startswith(b)]
    made = [each for one in ALL for each in (*names.tables(one.name), *names.queues(one.name))]
    assert len(made) == len(set(made))
    assert all("/" not in one.name and one.name == one.name.lower() for one in ALL)


async def test_a_knock_for_an_outbox_that_is_not_subscribed_to_opens_nothing() -> None:
    here = World(load("mpi-to-phw"))
    for publisher in ("phw-to-mpi", "", 5, ["x"], {"a": 1}, "../x"):
        await answer_knock(here.integration, orjson.dumps({"publisher": publisher, "lane": "1-a"}), here.hub)
    tables = set(here.store.tables)
    assert not [table for table in tables if not table.startswith("mpitophw")]
