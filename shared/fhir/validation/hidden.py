"""No identifier of a resource has a character that cannot be seen: R4 allows one, and it would look like another identifier."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from shared.characters import can_be_seen, is_visible
from shared.fhir.definitions.names import mask_path
from shared.issue import Issue

# The elements of type Identifier whose name does not end with it, as Claim.related.reference. Where an element of another type
# has the same name, it has no system.
OTHER_NAMES = frozenset(
    (
        *("authorisationReferenceNumber", "cTerminalModificationId", "component", "crossReference", "element"),
        *("immediatePackaging", "nTerminalModificationId", "organismId", "outerPackaging", "parentSubstanceId"),
        *("predecessor", "reference", "requisition", "target"),
    )
)
PARTS = ("system", "value")
ADDRESSES = ("reference", "fullUrl")  # a search for an identifier may be in them, percent-encoded
SEARCHES = ("url", "ifNoneExist")  # so may it in the request of an entry
NAMES = frozenset((*PARTS, *ADDRESSES, *SEARCHES))


def hidden_character(resource: Any, where: str) -> Iterator[Issue]:
    """An issue for each identifier, reference or search for an identifier with such a character, at any depth."""
    if not _may_have_one(resource):
        return
    todo: list[tuple[Any, tuple[str, ...]]] = [(resource, (where,))]
    while todo:
        value, path = todo.pop()
        if isinstance(value, list):
            todo += [(each, (*path, f"[{n}]")) for n, each in enumerate(value) if isinstance(each, dict | list)]
        elif isinstance(value, dict):
            todo += [(each, (*path, f".{name}")) for name, each in value.items() if isinstance(each, dict | list)]
            yield from (_issue("".join((*path, ".", name))) for name in _hidden(value, path))


def _may_have_one(resource: Any) -> bool:
    """Whether some element of such a name has one, wherever it is. Nearly no resource has, and paths are what costs."""
    todo = [resource]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            for name, part in value.items():
                if isinstance(part, str):
                    if name in NAMES and not is_visible(part):
                        return True
                elif isinstance(part, (dict, list)):
                    todo.append(part)
    return False


def is_identifier(path: tuple[str, ...]) -> bool:
    """Whether the object at a path is an Identifier, by the name of its element."""
    name = next(step for step in reversed(path) if not step.startswith("["))[1:]
    return name.endswith("dentifier") or name in OTHER_NAMES


def _hidden(element: dict[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """The names of the properties that have such a character."""
    parts = PARTS if is_identifier(path) else ()
    encoded = (*ADDRESSES, *SEARCHES) if path[-1] == ".request" else ADDRESSES
    for name in (*parts, *encoded):
        text = element.get(name)
        if isinstance(text, str) and not can_be_seen(text if name in PARTS else unquote(text)):
            yield name


def _issue(where: str) -> Issue:
    text = "a control character, or one that cannot be seen, in an identifier"
    return Issue(severity="error", code="value", where=mask_path(where), text=text, rule="hidden-character")
