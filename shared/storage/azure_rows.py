"""Rows and changes of the store as the entities and requests of the SDK of Azure Tables."""

from typing import TYPE_CHECKING, Any

from shared.storage.store import Away, Change, Row

if TYPE_CHECKING:
    from azure.data.tables.aio import TableClient

MOST_CHANGES = 100  # of one transaction


ACTIONS = {"insert": "create", "replace": "update", "put": "upsert", "delete": "delete"}


async def commit_one(client: "TableClient", change: Change, entity: dict[str, Any], condition: dict[str, Any]) -> Any:
    """A single change needs no transaction."""
    match change.action:
        case "delete":
            await client.delete_entity(entity["PartitionKey"], change.key, **condition)
            return {}
        case "insert":
            return await client.create_entity(entity, **condition)
        case "replace":
            return await client.update_entity(entity, **condition)
        case "put":
            return await client.upsert_entity(entity, **condition)


async def commit_all(client: Any, made: list[tuple[Change, dict[str, Any], dict[str, Any]]]) -> Any:
    return await client.submit_transaction([(ACTIONS[change.action], entity, condition) for change, entity, condition in made])


def etags_of(changes: tuple[Change, ...], answers: list[Any]) -> dict[str, str]:
    """The new ETag of each row that stays. Raises ``Away``: the answer does not include every change."""
    if len(answers) != len(changes):
        raise Away
    etags = {change.key: answer.get("etag") for change, answer in zip(changes, answers, strict=True) if change.action != "delete"}
    if not all(etags.values()):
        raise Away
    return {key: str(etag) for key, etag in etags.items()}


def condition_of(change: Change) -> dict[str, Any]:
    """If-Match, and replace rather than merge."""
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    mode = {"mode": UpdateMode.REPLACE} if change.action in ("replace", "put") else {}
    return {**mode, "etag": change.etag, "match_condition": MatchConditions.IfNotModified} if change.etag else mode


def entity_of(partition: str, change: Change) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": change.key, **change.values}


def row_of(entity: Any) -> Row:
    values = {name: value for name, value in entity.items() if name not in ("PartitionKey", "RowKey")}
    return Row(entity["PartitionKey"], entity["RowKey"], entity.metadata["etag"], values)


def filter_of(partition: str, first: str, last: str) -> str:
    parts = [f"PartitionKey eq '{quoted(partition)}'"]
    parts += [f"RowKey ge '{quoted(first)}'"] if first else []
    parts += [f"RowKey lt '{quoted(last)}'"] if last else []
    return " and ".join(parts)


def quoted(text: str) -> str:
    return text.replace("'", "''")
