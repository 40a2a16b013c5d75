"""The files of a drafted integration, from recorded pairs of HL7 v2 messages."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from shared.compare.trees import format_of
from shared.hl7 import Message, ParseError, parse
from toolkit.generate.scaffold import list_in
from toolkit.migrate.learn import written
from toolkit.migrate.learn.declaration import NoDraft, declaration
from toolkit.migrate.learn.private import private_texts
from toolkit.migrate.learn.samples import samples
from toolkit.migrate.learn.segments import Draft, learn
from toolkit.migrate.pairs import Pair
from toolkit.say import ROOT

DROPPED = '"""Why elements are not mapped; ``[2]`` means every repetition after the first."""\n\nDROPPED: dict[str, str] = {}\n'
SEEN = "SEEN: frozenset[str] = frozenset()\n"  # written with the mapping sheet


class Drafted(NamedTuple):
    """The rules, and the files of the integration by their path in its folder."""

    draft: Draft
    files: dict[str, bytes]


def usable(pairs: Sequence[Pair]) -> list[tuple[Message, Message]]:
    """The pairs that rules can be learnt from: accepted, one HL7 v2 message in and one out. Raises ``NoDraft``."""
    found = []
    for pair in pairs:
        if (
            pair.accepted
            and pair.outputs
            and len(pair.outputs) == 1
            and format_of(pair.outputs[0]) == format_of(pair.body) == "hl7"
        ):
            try:
                found.append((parse(pair.body), parse(pair.outputs[0])))
            except ParseError:
                continue
    if not found:
        raise NoDraft("no pair has one HL7 v2 message in and one out: a draft can be made from those alone")
    return found


def drafted(name: str, pairs: Sequence[Pair]) -> Drafted:
    """The draft of an integration. Raises ``NoDraft``."""
    examples = usable(pairs)
    received, sent = [old for old, _ in examples], [new for _, new in examples]
    draft = learn(examples, private_texts(received))
    package, words, count = name.replace("-", "_"), name.split("-"), len(examples)
    files = {
        "__init__.py": declaration(name, received, sent, count, written.tables(draft)),
        "mapping.py": written.mapping(draft, package, words[-1], count),
        "codes.py": written.codes(draft, count),
        "dropped.py": DROPPED,
        "seen.py": SEEN,
    }
    bodies = {f"samples/{path}": body for path, body in samples(received).items()}
    return Drafted(draft, {path: text.encode() for path, text in files.items() if text} | bodies)


def write(name: str, files: dict[str, bytes], root: Path = ROOT) -> list[Path]:
    """Write the folder and the catalogue's line; what was written. ``FileExistsError``: there is one of that name."""
    folder = root / "integrations" / name.replace("-", "_")
    folder.mkdir()
    for path, body in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(body)
    list_in(root / "integrations" / "__init__.py", name)
    return [folder / path for path in files]
