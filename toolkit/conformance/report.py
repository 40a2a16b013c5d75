"""The report: what was seen, what was broken, a score, and what is missing before go-live."""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from shared.formats.documented import types
from shared.integration import Integration
from shared.voices import plain
from toolkit.conformance.tally import PATHS, REFUSED_ON_PURPOSE, Breach, Found, Tally

SEVERITIES = ("fatal", "error", "warning", "information")
Json = dict[str, Any]


class Check(NamedTuple):
    """One line of the checklist. ``missing``: what to do, if it is not met."""

    text: str
    is_met: bool
    missing: str = ""


def report(found: Tally, version: str, required: tuple[str, ...] = ()) -> Json:
    """The report as JSON. ``required``: the types that this partner will send; empty: all that the integration accepts.

    Its digest covers all of it: the same messages, judged by the same version, give the same digest on any machine.
    """
    needed = required or types(found.integration.source)
    checks = list(checklist(found, needed))
    made = {
        "integration": found.integration.name,
        "version": version,
        "interface": interface_digest(found.integration),
        "messages_digest": found.digest,
        "score": score(found, needed),
        "ready": all(check.is_met for check in checks),
        "missing": [check.missing for check in checks if not check.is_met],
        "checks": [{"text": check.text, "met": check.is_met} for check in checks],
        "counts": {
            "files": len(found.names),
            "messages": found.messages,
            "accepted": found.accepted,
            "refused": found.messages - found.accepted,
            "refused_on_purpose": found.refused_on_purpose,
            "marked_as_test": found.synthetic,
        },
        "types": list(type_rows(found, needed)),
        "rules": [rule_row(breach, found.breaches[breach]) for breach in sorted(found.breaches, key=order)],
        "not_read": [{"file": number, "why": why} for number, why in found.not_read],
    }
    return {**made, "digest": digest(made)}


def digest(made: Json) -> str:
    """SHA-256 of a report without its digest: its JSON with sorted names and no blanks, in UTF-8."""
    rest = {name: value for name, value in made.items() if name != "digest"}
    return sha256(json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def interface_digest(integration: Integration) -> str:
    """Which interface was agreed: the beginning of the SHA-256 of its interface sheet."""
    from toolkit.generate.generated_docs import interface

    return sha256(interface(integration).encode()).hexdigest()[:16]


def score(found: Tally, needed: tuple[str, ...]) -> int:
    """0 to 100: the share of messages with the expected verdict, times the share of required types with an accepted message.

    It is rounded down, so that 100 means all.
    """
    if not found.messages:
        return 0
    covered = sum(found.accepted_types[each] > 0 for each in needed)
    return 100 * found.as_expected * covered // (found.messages * len(needed))


def checklist(found: Tally, needed: tuple[str, ...]) -> Iterator[Check]:
    """What must be met before go-live, as far as messages show it."""
    yield Check("There are messages, and every file was read", bool(found.messages) and not found.not_read, unread(found))
    absent = [each for each in needed if not found.accepted_types[each]]
    yield Check(
        "There is an accepted message of every type that will be sent",
        not absent,
        f"an accepted message of each of these types: {', '.join(absent)}",
    )
    wrong = found.messages - found.as_expected
    yield Check(
        f"Every message is accepted, except those in files named {REFUSED_ON_PURPOSE}..., which are refused",
        not wrong,
        f"the expected verdict for every message: {wrong} of {found.messages} have another, see the rules",
    )
    yield Check(
        "No file is refused as a whole",
        not found.files_refused,
        f"files that are not refused as a whole: {found.files_refused} refused",
    )
    yield Check(
        f"A refusal was tried: a file named {REFUSED_ON_PURPOSE}... with a message that is refused",
        found.refused_on_purpose > 0,
        f"a message that must be refused, in a file named {REFUSED_ON_PURPOSE}..., and its answer read by your system",
    )
    yield Check(
        "An accepted message has a ŵ or a ŷ",
        found.has_letters,
        "an accepted message with ŵ or ŷ in a name, to show that the character set is right",
    )
    yield Check(
        "Different messages have different control ids",
        not found.reused_ids,
        f"a control id of its own for each message: shared with another message: {found.reused_ids}",
    )


def unread(found: Tally) -> str:
    return f"files that can be read: {len(found.not_read)} cannot" if found.not_read else "messages: the folder has none"


def type_rows(found: Tally, needed: tuple[str, ...]) -> Iterator[Json]:
    """Each accepted or required type; those that could not be read as one are together, as the last."""
    for kind in dict.fromkeys((*types(found.integration.source), *needed)):
        counts = {"messages": found.types[kind], "accepted": found.accepted_types[kind]}
        yield {"type": kind, "required": kind in needed, **counts}
    if found.types[""]:
        yield {"type": "", "required": False, "messages": found.types[""], "accepted": 0}


def order(breach: Breach) -> tuple[int, str]:
    return SEVERITIES.index(breach.severity), breach.rule


def rule_row(breach: Breach, found: Found) -> Json:
    """One rule, with what is wrong, what is expected and what to do in both languages."""
    paths = sorted(path for path in found.paths if path)
    issue = found.issue
    texts = {
        language: {"wrong": words.wrong, "expected": words.expected, "action": words.action}
        for language in ("en", "cy")
        if issue and (words := plain(issue, "cy" if language == "cy" else "en"))
    }
    more = {"more_paths": len(paths) - PATHS} if len(paths) > PATHS else {}
    counts = {"count": found.count, "messages": found.messages, "paths": paths[:PATHS], **more}
    return {"rule": breach.rule, "severity": breach.severity, **counts, "examples": found.examples, **texts}
