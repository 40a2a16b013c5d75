"""What ``./hub new NAME`` writes: an integration that works, to be changed line by line."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from toolkit.generate.scaffold.declaration import TEMPLATES, declaration, template, with_dropped
from toolkit.generate.scaffold.dropped import dropped
from toolkit.generate.scaffold.kinds import SCHEMAS, Kinds
from toolkit.generate.scaffold.samples import samples
from toolkit.generate.scaffold.subscriber import Published, subscribing
from toolkit.say import ROOT

NAME = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9]*+(?:-[a-z0-9]++)+")
LONGEST = 45  # a queue's name ends in -work-poison and has 63 characters at most
NAMESPACE = b"urn:wales:nhs:hub:the-name"  # of the templates of XML
SENDER = 12  # characters of a sender: it begins the control ids of the samples, which have 20


def is_name(name: str) -> bool:
    """Lower case, words joined by hyphens, short enough for its queues.

    >>> is_name("lab-to-cdr"), is_name("Lab"), is_name("lab")
    (True, False, False)
    """
    return bool(NAME.fullmatch(name)) and len(name) <= LONGEST


def files(name: str, kinds: Kinds = Kinds(), target: str = "", of: Published | None = None) -> dict[str, bytes]:
    """The files of a new integration, by their path under ``integrations/``.

    Args:
        target: the name of its destination; ``""``: after the integration.
        of: whose messages it subscribes to; ``None``: its messages come from a sender.
    """
    made = {"__init__.py": declaration(kinds).encode(), "seen.py": (TEMPLATES / "seen.py").read_bytes()}
    if kinds.mapping:
        made["mapping.py"] = template("mappings", kinds.mapping).encode()
    if reasons := dropped(kinds):
        made["dropped.py"] = reasons.encode()
        made["__init__.py"] = with_dropped(declaration(kinds)).encode()
    if kinds.source in SCHEMAS:
        schema = SCHEMAS[kinds.source]
        made[schema] = (TEMPLATES / "schemas" / f"{kinds.source}{Path(schema).suffix}").read_bytes()
    made |= {f"samples/{path}": body for path, body in samples(kinds, of.messages if of else ())}
    if of:
        made["__init__.py"] = subscribing(made["__init__.py"].decode(), of).encode()
        made = {path: body.replace(NAMESPACE, of.namespace.encode() or NAMESPACE) for path, body in made.items()}
    package = name.replace("-", "_")
    sender = of.senders[0] if of and of.senders else name.partition("-to-")[0].replace("-", "").upper()
    return {f"{package}/{path}": _named(body, name, target, sender[:SENDER]) for path, body in made.items()}


def _named(body: bytes, name: str, target: str, sender: str) -> bytes:
    """A template with the names of the integration."""
    destination = name.partition("-to-")[2]
    names = {
        "the-name": name,
        "The title": name.replace("-", " ").capitalize(),
        "SENDER": sender,
        "TARGET": target or target_of(destination or name.rpartition("-")[2]),
        "toolkit.templates": f"integrations.{name.replace('-', '_')}",
    }
    for old, new in names.items():
        body = body.replace(old.encode(), new.encode())
    return body


def target_of(words: str) -> str:
    """The name of a destination, which its settings begin with.

    >>> target_of("main-index")
    'MAIN_INDEX'
    """
    return words.replace("-", "_").upper()


def free_target(name: str, kinds: Kinds, used: Mapping[str, str]) -> str:
    """The name of the destination; with its kind, if a destination of another kind has that name.

    Args:
        used: the kind of each destination of the catalogue, as in its class, by its name.

    >>> free_target("lab-to-cdr", Kinds(destination="mllp"), {"CDR": "FhirServer"})
    'CDR_MLLP'
    """
    plain = target_of(name.partition("-to-")[2] or name.rpartition("-")[2])
    own = f"import {used.get(plain, '')}\n" in template("destinations", kinds.destination)
    return plain if plain not in used or own else f"{plain}_{target_of(kinds.destination)}"


def write(name: str, root: Path = ROOT, kinds: Kinds = Kinds(), target: str = "", of: Published | None = None) -> list[Path]:
    """Write the files and the catalogue's line; what was written. ``FileExistsError``: there is one of that name."""
    folder = root / "integrations"
    bodies = files(name, kinds, target, of)
    (folder / name.replace("-", "_")).mkdir()
    for path, body in bodies.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(body)
    tidy(folder / name.replace("-", "_"))
    list_in(folder / "__init__.py", name)
    return [*(folder / path for path in bodies), folder / "__init__.py"]


def tidy(folder: Path) -> None:
    """Sort the imports and break long lines."""
    for command in (("check", "--fix", "--select", "I"), ("format",)):
        rules = ["--config", str(ROOT / "pyproject.toml"), "--quiet"]
        subprocess.run([sys.executable, "-m", "ruff", *command, *rules, str(folder)], check=True, cwd=ROOT)


def list_in(catalogue: Path, name: str) -> None:
    """One more line at the end of the catalogue."""
    text = catalogue.read_text()
    head, found, tail = text.partition("\n}\n")
    line = f'\n    "{name}": "integrations.{name.replace("-", "_")}",'
    catalogue.write_text(head + line + found + tail)
