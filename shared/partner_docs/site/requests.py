"""The requests of a collection, made from the OpenAPI document: what the Postman and the Bruno collection both hold."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

NOT_RUN = ("legacy", "agreement")  # operations for other roles: they are in the document alone
MESSAGE = "{{message}}"  # the variable with the id of the last message that has one: each collection's script sets it
Json = Mapping[str, Any]


class Sent(NamedTuple):
    """One request.

    ``folder``: its integration, or ``hub``; ``path`` has a variable for an id; ``sample``, ``media``, ``body``: ``""`` without
    a body; ``is_open``: it needs no key; ``answers``: the media types of each status that it may be answered with.
    """

    folder: str
    title: str
    method: str
    path: str
    sample: str
    media: str
    body: str
    is_open: bool
    answers: Mapping[str, list[str]]


def requests(document: Json) -> Iterator[Sent]:
    """Every request of a partner: one for each operation without a body, and one for each sample in each media type."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"].partition("-")[0] not in NOT_RUN:
                yield from _of_operation(document, method, path, operation)


def addresses(document: Json) -> dict[str, str]:
    """The address of each server by its name: the first words of its description, such as ``test``."""
    return {each["description"].partition(":")[0].lower().replace(" ", "-"): _address(each) for each in document["servers"]}


def _address(server: Json) -> str:
    address: str = server["url"]
    for name, variable in server.get("variables", {}).items():
        address = address.replace(f"{{{name}}}", variable["default"])
    return address


def _of_operation(document: Json, method: str, path: str, operation: Json) -> Iterator[Sent]:
    plain = Sent(
        folder=operation.get("tags", ["hub"])[0],
        title=operation["operationId"],
        method=method,
        path=path.replace("{id}", MESSAGE),
        sample="",
        media="",
        body="",
        is_open=operation.get("security") == [],
        answers={},
    )
    responses = {status: resolved(document, each).get("content", {}) for status, each in operation["responses"].items()}

    def answers(sample: str) -> dict[str, list[str]]:
        return {status: list(media) for status, media in responses.items() if status in _expected(plain.title, sample, responses)}

    content = resolved(document, operation.get("requestBody", {})).get("content", {})
    if not content:
        yield plain._replace(answers=answers(""))
    for media, each in content.items():
        for name, example in each.get("examples", {}).items():
            title = f"{plain.title}: {name} sample as {media}"
            body = _text(example["value"])
            yield plain._replace(title=title, sample=name, media=media, body=body, answers=answers(name))


def _expected(title: str, sample: str, statuses: Collection[str]) -> set[str]:
    """The statuses of a hub that is well. 404: of a message, where none was sent before."""
    well = {each for each in statuses if each.startswith("2")}
    if sample == "rejected" and title.startswith("send-"):
        return well | {"422" if "422" in statuses else "500"}  # a SOAP fault has the status 500
    return well if sample else well | ({"404"} & set(statuses))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def resolved(document: Json, item: Json) -> Any:
    """An item of the document, or what it refers to."""
    if "$ref" not in item:
        return item
    found: Any = document
    for part in item["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found
