"""``./hub new``: start a new integration."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from toolkit.say import ROOT, stop

if TYPE_CHECKING:
    from shared.integration import Integration
    from toolkit.generate.scaffold.kinds import Kinds
    from toolkit.generate.scaffold.subscriber import Published

Called = Annotated[str, typer.Argument(help="source-to-destination, such as lab-to-cdr.")]
EXPECTED = "tests/test_samples.py"
Pairs = Annotated[Path | None, typer.Option("--from", help="Draft it from recorded pairs: a folder or JSON lines.")]
Source = Annotated[
    Literal["hl7v2", "fhir", "json", "xml", "csv", "soap", "file"], typer.Option("--source", help="What its sender sends.")
]
Destination = Annotated[
    Literal["mllp", "fhir", "http", "soap", "event-grid", "queue"], typer.Option("--to", help="Where it sends to.")
]
Code = Annotated[
    Literal["ADT", "ORU", "ORM", "OML", "OMG", "MDM", "SIU", "VXU", "REF", "RDE", "DFT"],
    typer.Option("--type", help="The type of HL7 v2 message, for the sources hl7v2 and soap."),
]
FromEvent = Annotated[
    str,
    typer.Option("--from-event", help="Subscribe to what this integration publishes: the source and the type are taken from it."),
]


def new(
    name: Called,
    source: Source = "hl7v2",
    to: Destination = "mllp",
    code: Code = "ADT",
    pairs: Pairs = None,
    from_event: FromEvent = "",
) -> None:
    """Create a working integration: declaration, mapping, samples and its line in the catalogue. With --from, draft its rules."""
    from toolkit.generate.scaffold import is_name
    from toolkit.generate.scaffold.kinds import Kinds

    if not is_name(name):
        stop(f"{name} is not a valid name: use lower case and hyphens, such as lab-to-cdr", 2)
    if pairs:
        _from_pairs(name, pairs)
        return
    written = _written(name, Kinds(source, to, code), from_event)
    _accept_samples(name)
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in _with_made(written)))
    if added := _run("toolkit.generate.scaffold.settings", name).split():
        print(f"wrote local.settings.sample.json: {', '.join(added)}")
    edited = "the declaration and the mapping" if any(path.name == "mapping.py" for path in written) else "the declaration"
    print(f"next: edit {edited}, add samples, then ./hub test -k {name} --accept; ./hub watch {name} shows each change")
    if to == "event-grid":
        print(f"it publishes, and no integration subscribes yet: ./hub new NAME-to-SYSTEM --from-event {name} --to mllp")


def _written(name: str, kinds: "Kinds", from_event: str) -> list[Path]:
    """Write the integration; what was written. One clear line where that is not possible."""
    from toolkit.commands.develop.check import declared
    from toolkit.generate.scaffold.samples import NoSample
    from toolkit.generate.scaffold.subscriber import NoPublisher

    publisher = declared(from_event) if from_event else None
    try:
        return _subscriber(name, publisher, kinds.destination) if publisher else _created(name, kinds)
    except FileExistsError:
        stop(f"there is an integration {name} already", 2)
    except (NoPublisher, NoSample) as error:
        stop(str(error), 2)


def _subscriber(name: str, publisher: "Integration", destination: str) -> list[Path]:
    """Write the integration and its line in the publisher's declaration. Raises ``NoPublisher``, with nothing written."""
    from toolkit.generate.scaffold import tidy
    from toolkit.generate.scaffold.subscriber import kinds_of, published, with_subscriber

    kinds, of = kinds_of(publisher, destination), published(publisher)
    declaration = ROOT / "integrations" / publisher.package / "__init__.py"
    subscribed = with_subscriber(declaration.read_text("utf-8"), publisher, name)
    written = _created(name, kinds, of)
    declaration.write_text(subscribed, "utf-8")
    tidy(declaration.parent)
    return [*written, declaration]


def _created(name: str, kinds: "Kinds", of: "Published | None" = None) -> list[Path]:
    """Write the files of the integration, to a destination whose name is free. ``of``: whose messages it subscribes to."""
    from integrations import load_all
    from toolkit.generate.scaffold import free_target, write

    used = {one.destination.name: type(one.destination).__name__ for one in load_all()}
    return write(name, kinds=kinds, target=free_target(name, kinds, used), of=of)


def _accept_samples(name: str) -> None:
    """Write the output of each sample, and the mapping sheet."""
    _run("pytest", EXPECTED, "-k", name, "--accept", "-q", "-p", "no:cacheprovider")
    _run("toolkit", "sheet", name, "--write")


def _with_made(written: list[Path]) -> list[Path]:
    """What was written, and what was made from it: the output of each sample, and the mapping sheet."""
    folder = written[0].parent
    return [*written, *sorted(folder.glob("samples/*.out.*")), folder / "mapping_sheet.md"]


def _from_pairs(name: str, pairs: Path) -> None:
    """Draft the rules, write the integration, run every pair through it, and show what no rule explains."""
    from toolkit.commands.migrate.shadow import recorded
    from toolkit.migrate.learn.declaration import NoDraft
    from toolkit.migrate.learn.draft import drafted, write

    try:
        written = write(name, drafted(name, recorded(pairs)).files)
    except NoDraft as error:
        stop(str(error), 2)
    except FileExistsError:
        stop(f"there is an integration {name} already", 2)
    folder = str(written[0].parent)
    for tidy in (("format",), ("check", "--fix")):
        _run("ruff", *tidy, "--quiet", folder)
    found = json.loads(_run("toolkit.migrate.learn.proof", name, str(pairs.resolve())))
    _run("ruff", "format", "--quiet", folder)
    _accept_samples(name)
    print("\n".join(f"wrote {path.relative_to(ROOT)}" for path in written))
    explained = found["paths"] - len(found["unexplained"])
    print(f"{explained} of {found['paths']} target paths are explained by all {found['pairs']} pairs ({found['share']:.1%})")
    for path, count in found["unexplained"].items():
        print(f"  not explained: {path} in {count} of {found['pairs']} pairs")
    print(f"next: read {(written[0].parent / 'unexplained.md').relative_to(ROOT)}, then ./hub shadow {name} {pairs} --examples")


def _run(*command: str) -> str:
    """Run a module in a process of its own, which sees the new integration; what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    if ran.returncode:
        stop("the new integration was written, but does not pass its own samples:\n" + (ran.stdout + ran.stderr)[-1500:])
    return ran.stdout
