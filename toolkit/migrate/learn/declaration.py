"""The declaration of a draft: format, senders, versions, types and structures as the pairs show them."""

from collections.abc import Iterable, Sequence

from shared.destinations.mllp import Mllp
from shared.formats.hl7v2.source import Hl7
from shared.hl7 import Message
from shared.hl7.structure import structure, structures
from shared.validation import structures as known
from shared.validation.structure import Structure
from toolkit.migrate.learn.texts import quoted

DECLARATION = '''"""{title}: drafted from {pairs} recorded pairs."""

from integrations.{package} import {modules}
from integrations.{package}.dropped import DROPPED
from integrations.{package}.seen import SEEN
from {mllp} import Mllp
from {hl7} import Hl7
from shared.hl7.identifier import nhs_number, own_number
from shared.integration import Http, Integration, Queue
from shared.validation import Hl7Profile
from shared.validation.rules import COMMON
from shared.validation.structures import {imported}

INTEGRATION = Integration(
    name="{name}",
    summary="Drafted from recorded pairs: say in one sentence what reaches whom.",
    owner="integration-team@example.nhs.wales",
    source=Hl7(versions={versions}, senders={senders}, messages={messages}{stamp}),
    triggers=(Http(), Queue()),
    profile=Hl7Profile(name="{title} in", structures={taken}, rules=COMMON),
    lane=lambda message: own_number(message["PID"], "3") or message["MSH-10"],
    after=lambda message: own_number(message["MRG"], "1"),
    transform=mapping.to_{target},
    outgoing=Hl7Profile(name="{title} out", structures={sent}),
    destination=Mllp("{setting}"),{codes}
    dropped=DROPPED,
    seen=SEEN,
    patient=lambda message: nhs_number(message["PID"]),
)
'''


class NoDraft(ValueError):
    """The pairs cannot be drafted from; the text says why."""


def declaration(name: str, received: Sequence[Message], sent: Sequence[Message], pairs: int, tables: Sequence[str] = ()) -> str:
    """``__init__.py``. Raises ``NoDraft``: a structure that the hub does not know, or that takes none of the pairs."""
    words = name.split("-")
    taken, out = _structures(received), _structures(sent)
    return DECLARATION.format(
        mllp=Mllp.__module__,
        hl7=Hl7.__module__,
        title=name.replace("-", " ").capitalize(),
        pairs=pairs,
        modules="codes, mapping" if tables else "mapping",
        codes=f"\n    codes=({''.join(f'codes.{each}, ' for each in tables)})," if tables else "",
        package=name.replace("-", "_"),
        imported=", ".join(sorted({*taken.values(), *out.values()})),
        name=name,
        stamp=", stamp=True" if all(each["MSH-7"] for each in sent) else "",
        versions=_tuple(each.raw("MSH-12") for each in received),
        senders=_tuple(each.raw("MSH-3") for each in received),
        messages=_tuple(_type(each) for each in received),
        taken=_dictionary(taken),
        sent=_dictionary(out),
        target=words[-1],
        setting=words[-1].upper(),
    )


def _type(message: Message) -> str:
    """``ADT^A31``; with its structure where that is not the one that the event has."""
    event, named = f"{message['MSH-9.1']}^{message['MSH-9.2']}", message["MSH-9.3"]
    return f"{event}^{named}" if named and named not in structures(event) else event


def _structures(messages: Sequence[Message]) -> dict[str, str]:
    """Structure -> the name of the first one of ``shared/validation/structures.py`` that takes all of these messages."""
    groups: dict[str, list[Message]] = {}
    for each in messages:
        groups.setdefault(structure(each), []).append(each)
    return {named: _fitting(named, group) for named, group in groups.items()}


def _fitting(named: str, messages: Sequence[Message]) -> str:
    """The structure of that name that takes the most of the messages; one of the same event where there is none of that name."""
    declared = {name: value for name, value in vars(known).items() if isinstance(value, Structure)}
    counts = {
        name: sum(not any(issue.is_error for issue in value.check(each)) for each in messages) for name, value in declared.items()
    }
    best = max(counts, key=lambda name: (counts[name], name.startswith(named), -len(name)))
    if not counts[best]:
        raise NoDraft(f"the hub knows no structure that takes the messages of {named}: add it to shared/validation/structures.py")
    return best


def _tuple(texts: Iterable[str]) -> str:
    return "(" + "".join(f"{quoted(text)}, " for text in sorted(set(texts))) + ")"


def _dictionary(entries: dict[str, str]) -> str:
    return "{" + ", ".join(f"{quoted(key)}: {value}" for key, value in sorted(entries.items())) + "}"
