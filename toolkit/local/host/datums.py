"""Values in the worker's own form (``Datum``) and back. The class differs between the two workers, its shape does not."""

from typing import Any

from toolkit.local.host.functions import Reply, Value


def to_datum(kind: type[Any], value: Value) -> Any:
    """The value as the converters of azure.functions take it."""
    if value.kind != "http":
        return kind(value.value, value.kind)
    parts = dict(value.value)
    texts = {name: kind(parts[name], "string") for name in ("method", "url")}
    maps = {name: {key: kind(text, "string") for key, text in parts[name].items()} for name in ("headers", "params", "query")}
    return kind({**texts, **maps, "body": kind(parts["body"], "bytes")}, "http")


def returned(datum: Any) -> Value | None:
    """What a function returned; an HTTP answer as a ``Reply``."""
    if datum is None or datum.type is None:
        return None
    if datum.type != "http":
        return Value(datum.type, datum.value)
    parts = datum.value
    cookies = tuple(morsel.OutputString() for cookie in parts["cookies"] or () for morsel in cookie.values())
    headers = {name: each.value for name, each in parts["headers"].items()}
    return Value("http", Reply(int(parts["status_code"].value), headers, cookies, parts["body"].value))
