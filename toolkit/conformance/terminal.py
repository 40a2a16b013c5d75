"""A report for a terminal."""

from collections.abc import Iterator
from typing import Any

from toolkit import screen
from toolkit.conformance.tally import Tally

Json = dict[str, Any]
NO_TYPE = "(not read as one of them)"


def text(report: Json) -> str:
    """The whole report; what is missing is last, where the eye is."""
    return screen.plain("\n".join([*head(report), *type_lines(report), *rule_lines(report), *check_lines(report)]))


def head(report: Json) -> Iterator[str]:
    counts = report["counts"]
    yield f"{report['integration']}: {counts['accepted']} of {counts['messages']} messages accepted, in {counts['files']} files"
    yield from (f"  file {each['file']} was not read: {each['why']}" for each in report["not_read"])


def type_lines(report: Json) -> Iterator[str]:
    yield ""
    yield "types of message"
    for each in report["types"]:
        is_missing = each["required"] and not each["accepted"]
        mark = "  MISSING" if is_missing else "" if each["required"] else "  not required"
        yield f"  {screen.line(each['type']) or NO_TYPE:<26} {each['messages']:>6} seen {each['accepted']:>6} accepted{mark}"


def rule_lines(report: Json) -> Iterator[str]:
    if report["rules"]:
        yield ""
        yield "rules that were broken"
    for each in report["rules"]:
        counts = f"findings {each['count']}, messages {each['messages']}"
        yield f"  {each['severity']:<11} {screen.line(each['rule'])}: {counts}, first in {each['examples'][0]}"
        yield f"      at {', '.join(map(screen.line, each['paths'])) or 'the message as a whole'}{more(each)}"
        for language in ("en", "cy"):
            text = each[language]
            yield f"      {language}: {text['wrong']} {text['action']}"


def names(found: Tally) -> str:
    """Which file has which number. A name may hold a patient's data, so it is on the terminal alone."""
    return screen.plain("\n".join(f"file {number}: {screen.line(name)}" for number, name in enumerate(found.names, 1)))


def more(rule: Json) -> str:
    return f" and {rule['more_paths']} more" if "more_paths" in rule else ""


def check_lines(report: Json) -> Iterator[str]:
    yield ""
    yield "before go-live"
    yield from (f"  [{'x' if each['met'] else ' '}] {each['text']}" for each in report["checks"])
    yield ""
    yield from (f"missing: {each}" for each in report["missing"])
    yield f"score {report['score']} of 100, {'ready to be signed off' if report['ready'] else 'not ready'}"
    yield f"version {report['version']}, interface {report['interface']}, digest {report['digest']}"
