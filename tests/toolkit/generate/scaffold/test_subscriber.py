"""``./hub new --from-event``: for each kind of publisher, a subscriber that accepts what the publisher accepted."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import integrations
from integrations import load
from shared import check
from shared.integration import EventGrid, Integration
from toolkit import samples
from toolkit.generate.scaffold import files, tidy
from toolkit.generate.scaffold.kinds import SOURCES, Kinds
from toolkit.generate.scaffold.subscriber import NoPublisher, kinds_of, published, with_subscriber
from toolkit.say import ROOT

PUBLISHERS = {f"{source}-out": Kinds(source, "event-grid", "SIU" if source == "soap" else "ADT") for source in SOURCES}
PAIRS = [(name, name.replace("-out", "-sub-to-end")) for name in PUBLISHERS] + [("mpi-outbound", "index-to-ward")]


def made(name: str) -> Integration:
    found: Integration = import_module(f"integrations.{name.replace('-', '_')}").INTEGRATION
    return found


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every publisher with its subscriber, part of the package ``integrations`` as long as these tests run."""
    folder, root = tmp_path_factory.mktemp("published"), samples.ROOT
    integrations.__path__.append(str(folder))
    for name, kinds in PUBLISHERS.items():
        put(folder, files(name, kinds))
    tidy(folder)
    for publisher, subscriber in PAIRS:
        of = made(publisher)
        put(folder, files(subscriber, kinds_of(of, "mllp"), of=published(of)))
    tidy(folder)
    yield folder
    samples.ROOT = root
    integrations.__path__.remove(str(folder))
    for name in [name for name in sys.modules if name.startswith("integrations.") and (folder / name.split(".")[1]).is_dir()]:
        del sys.modules[name]


def put(folder: Path, bodies: dict[str, bytes]) -> None:
    for path, body in bodies.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(body)


@pytest.mark.parametrize(("publisher", "subscriber"), PAIRS, ids=lambda each: each)
def test_a_subscriber_reads_what_its_publisher_accepted(publisher: str, subscriber: str, folder: Path) -> None:
    new = made(subscriber)
    assert new.triggers == (EventGrid(types=("wales.nhs.hub.message",), publisher=publisher),)
    samples.ROOT = folder
    own = samples.samples(new)
    verdicts = {each.name: check.run(new, each.envelope).verdict.accepted for each in own}
    assert set(verdicts.values()) == {True, False}
    assert [name for name, accepted in verdicts.items() if accepted is name.startswith("rejected_")] == []
    for each in samples.samples(made(publisher)) if publisher in PUBLISHERS else ():
        if check.run(made(publisher), each.envelope).verdict.accepted:
            assert check.run(new, replace(each.envelope, integration=subscriber)).verdict.accepted, each.name


def test_the_publisher_names_its_subscribers(folder: Path) -> None:
    text = (folder / "json_out" / "__init__.py").read_text("utf-8")
    once = with_subscriber(text, made("json-out"), "out-to-ward")
    assert "subscribers=('out-to-ward',),\n" in once
    assert "without one" not in once
    twice = with_subscriber(once, replace(made("json-out"), subscribers=("out-to-ward",)), "out-to-lab")
    assert "subscribers=('out-to-ward', 'out-to-lab'),\n" in twice


def test_what_publishes_nothing_cannot_be_subscribed_to() -> None:
    with pytest.raises(NoPublisher, match="phw-to-mpi publishes nothing"):
        published(load("phw-to-mpi"))
    with pytest.raises(NoPublisher, match="declares no subscribers"):
        with_subscriber("INTEGRATION = Integration(\n    name='a',\n)\n", load("mpi-outbound"), "a-to-b")


def test_what_is_written_passes_the_linter(folder: Path) -> None:
    rules = ("--config", str(ROOT / "pyproject.toml"))
    ran = subprocess.run([sys.executable, "-m", "ruff", "check", *rules, str(folder)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout
