"""What ``./hub new NAME`` writes: an HL7 v2 integration that works, to be changed line by line."""

import re
from pathlib import Path

from toolkit.say import ROOT

NAME = re.compile(r"(?<![a-z0-9])[a-z][a-z0-9]*+(?:-[a-z0-9]++)+")
LONGEST = 45  # a queue's name ends in -work-poison and has 63 characters at most

DECLARATION = '''"""{title}: describe its purpose here."""

from integrations.{package} import mapping
from integrations.{package}.seen import SEEN
from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.structures import ADT_A05, ADT_A39

PROFILE = Hl7Profile(name="{title} ADT 2.5", structures={{"ADT_A05": ADT_A05, "ADT_A39": ADT_A39}}, rules=COMMON)

INTEGRATION = Integration(
    name="{name}",
    summary="Say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions=("2.5",), senders=("{sender}",), messages=("ADT^A28", "ADT^A31", "ADT^A40")),
    triggers=(Http(), Queue()),
    profile=PROFILE,
    lane=lambda message: own_number(message["PID"], "3"),
    after=lambda message: own_number(message["MRG"], "1"),
    transform=mapping.to_{target},
    outgoing=PROFILE,
    destination=Mllp("{setting}"),
    dropped={{"MSH-5": "the destination's own name is put there"}},
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
'''

SEEN = "SEEN: frozenset[str] = frozenset()\n"  # written with the mapping sheet

MAPPING = '''"""{title}: one line for each element that changes, in the target's order."""

from shared.hl7 import Message, Segment, compose, replace


def to_{target}(message: Message) -> Message:
    """The message as it leaves: every segment, in the order it was sent."""
    return compose(message, [_segment(each) for each in message.segments()])


def _segment(source: Segment) -> Segment:
    if source.name == "MSH":
        return replace(source, {{"5": "{setting}"}})
    return source
'''

SAMPLE = (
    "MSH|^~\\&|{sender}|SITE|HUB|HUB|20260501101112||ADT^A31^ADT_A05|{sender}000001|P|2.5\r"
    "EVN|A31|20260501101112\r"
    "PID|1||100001^^^{sender}^PI~9990000018^^^NHS^NH||Sampl^Sian||19800102|F\r"
    "PV1|1|N\r"
)
REFUSED = SAMPLE.replace("|Sampl^Sian|", "||").replace("000001|", "000002|")  # no name


def is_name(name: str) -> bool:
    """Lower case, words joined by hyphens, short enough for its queues.

    >>> is_name("lab-to-cdr"), is_name("Lab"), is_name("lab")
    (True, False, False)
    """
    return bool(NAME.fullmatch(name)) and len(name) <= LONGEST


def files(name: str) -> dict[str, bytes]:
    """The files of a new integration, by their path under ``integrations/``."""
    package, words = name.replace("-", "_"), name.split("-")
    facts = {
        "name": name,
        "package": package,
        "title": name.replace("-", " ").capitalize(),
        "sender": words[0].upper(),
        "target": words[-1],
        "setting": words[-1].upper(),
    }
    return {
        f"{package}/__init__.py": DECLARATION.format(**facts).encode(),
        f"{package}/mapping.py": MAPPING.format(**facts).encode(),
        f"{package}/seen.py": SEEN.encode(),
        f"{package}/samples/a31_update.in.hl7": SAMPLE.format(**facts).encode(),
        f"{package}/samples/rejected_no_name.in.hl7": REFUSED.format(**facts).encode(),
    }


def write(name: str, root: Path = ROOT) -> list[Path]:
    """Write the files and the catalogue's line; what was written. ``FileExistsError``: there is one of that name."""
    folder = root / "integrations"
    made = [folder / path for path in files(name)]
    (folder / name.replace("-", "_")).mkdir()
    for path, body in zip(made, files(name).values(), strict=True):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
    list_in(folder / "__init__.py", name)
    return [*made, folder / "__init__.py"]


def list_in(catalogue: Path, name: str) -> None:
    """One more line at the end of the catalogue."""
    text = catalogue.read_text()
    head, found, tail = text.partition("\n}\n")
    line = f'\n    "{name}": "integrations.{name.replace("-", "_")}",'
    catalogue.write_text(head + line + found + tail)
