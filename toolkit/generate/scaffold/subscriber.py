"""A new subscriber: it reads what another integration accepted and published, so its source is that of the publisher."""

import ast
from typing import Any, NamedTuple

from shared.integration import Integration
from toolkit.generate.scaffold.declaration import template, with_arguments
from toolkit.generate.scaffold.kinds import OF_HL7, SOURCES, TYPES, Kinds


class NoPublisher(ValueError):
    """Why an integration cannot be subscribed to, as one line for the person."""


class Published(NamedTuple):
    """What a subscriber must know of its publisher. ``messages``, ``senders``: of HL7 v2; ``namespace``: of XML and SOAP."""

    name: str
    event: str
    messages: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    namespace: str = ""


def published(publisher: Integration) -> Published:
    """Raises ``NoPublisher`` if it publishes nothing."""
    if not isinstance(event := getattr(publisher.destination, "type", None), str):
        raise NoPublisher(f"{publisher.name} publishes nothing: its destination is not an Event Grid topic")
    return Published(
        publisher.name,
        event,
        messages=tuple(_of_hl7(publisher, "messages")),
        senders=tuple(_of_hl7(publisher, "senders")),
        namespace=getattr(publisher.source, "namespace", ""),
    )


def kinds_of(publisher: Integration, destination: str) -> Kinds:
    """The source of the publisher, and another destination."""
    source = next((kind for kind in SOURCES if _is_source(kind, type(publisher.source).__name__)), None)
    if source is None:
        raise NoPublisher(f"{publisher.name} has a source that ./hub new does not know: copy its declaration")
    messages = _of_hl7(publisher, "messages")
    code = messages[0].partition("^")[0] if source in OF_HL7 and messages else "ADT"
    if code not in TYPES:
        raise NoPublisher(f"{publisher.name} has messages of a type that ./hub new does not know: copy its declaration")
    return Kinds(source, destination, code)


def _of_hl7(publisher: Integration, what: str) -> Any:
    return getattr(getattr(publisher.source, "message", publisher.source), what, ())


def _is_source(kind: str, name: str) -> bool:
    imported = [
        line.split(" import ")[1] for line in template("sources", kind).splitlines() if line.startswith("from shared.formats")
    ]
    return name in {each.partition(" as ")[0] for each in imported}


def subscribing(text: str, of: Published) -> str:
    """A declaration that takes the publisher's messages in place of its own triggers."""
    made = with_arguments(text, {"triggers": f"(EventGrid(types=({of.event!r},), publisher={of.name!r}),),"})
    lines = [
        "from shared.integration import EventGrid, Integration" if line.startswith("from shared.integration import") else line
        for line in made.splitlines()
        if not line.startswith("FOLDER = ")  # of files, which come to the publisher alone
    ]
    lines = [f"MESSAGES = {of.messages!r}" if of.messages and line.startswith("MESSAGES = ") else line for line in lines]
    lines = [line.replace('senders=("SENDER",)', f"senders={of.senders!r}") if of.senders else line for line in lines]
    return "\n".join([*lines, ""])


def with_subscriber(declaration: str, publisher: Integration, name: str) -> str:
    """The publisher's declaration with one more subscriber. Raises ``NoPublisher`` if it has no ``subscribers`` to add to."""
    calls = [node for node in ast.walk(ast.parse(declaration)) if isinstance(node, ast.Call)]
    if "subscribers" not in {word.arg for call in calls for word in call.keywords}:
        raise NoPublisher(f"{publisher.name} declares no subscribers: add subscribers=() to its declaration, and try again")
    return with_arguments(declaration, {"subscribers": f"{(*publisher.subscribers, name)!r},"})
