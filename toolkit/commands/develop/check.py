"""``./hub check`` and ``./hub run``: the verdict on a message, and the output. No network, no storage."""

import base64
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from toolkit import screen
from toolkit.say import say, stop

Name = Annotated[str, typer.Argument(help="An integration of the catalogue (./hub list).")]
File = Annotated[str, typer.Argument(help="A file with one message; - for standard input.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Jsonl = Annotated[
    bool, typer.Option("--jsonl", help='Many messages: reads {"name","body_base64"} per line, writes one result per line.')
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with status 1 if a message is not accepted.")]
Second = Annotated[bool, typer.Option("--second-opinion", help="Also validate the FHIR output with fhir.resources.")]
WhatIf = Annotated[
    list[str] | None,
    typer.Option("--what-if", help="RULE=error or RULE=warning, or RULE@PATH=...; FILE is then a folder. May be repeated."),
]
Lang = Annotated[
    Literal["", "en", "cy"],
    typer.Option("--lang", help="Explain each finding in plain words, in English (en) or Welsh (cy).", show_default=False),
]
Result = dict[str, Any]


def check(
    name: Name,
    file: File = "-",
    as_json: Json = False,
    jsonl: Jsonl = False,
    strict: Strict = False,
    second: Second = False,
    what_if: WhatIf = None,
    lang: Lang = "",
) -> None:
    """Check a message. With --what-if, show what a changed rule would mean for a folder of messages."""
    if what_if:
        from toolkit.analyse.rule_decisions import report

        return report(declared(name), what_if, file, as_json)
    return answer_all(checker(name, second, lang), file, as_json, jsonl, strict)


def run(name: Name, file: File = "-", as_json: Json = False, jsonl: Jsonl = False, strict: Strict = False) -> None:
    """Check a message and show the output that would be sent."""
    answer_all(runner(name), file, as_json, jsonl, strict)


def checker(name: str, second: bool = False, lang: Literal["", "en", "cy"] = "") -> Callable[[bytes], Result]:
    integration = declared(name)
    from shared import check
    from toolkit.commands.develop import check_file

    def answer(body: bytes) -> Result:
        if (of_file := check_file.verdicts(integration, envelope(name, body))) is not None:
            return of_file
        ran = check.run(integration, envelope(name, body))
        verdict = {**verdict_face(ran.verdict), "answer": answered(integration.source, ran.answer)}
        if lang:
            verdict["issues"] = [{**issue_face(each), "plain": plain_face(each, lang)} for each in ran.verdict.issues]
        face = {**verdict, **waits_face(ran.waits_for), **faults_face(ran.faults)}
        return {**face, "second_opinion": opinions(ran.outgoing)} if second else face

    return answer


def opinions(outgoing: Iterable[Any]) -> list[dict[str, str]]:
    """What fhir.resources reports for each FHIR body of the output."""
    from shared.fhir.validation.second_opinion import second_opinion

    found = [issue for each in outgoing if "fhir" in each.content_type for issue in second_opinion(json.loads(each.body))]
    return [{"where": issue.where, "text": issue.text} for issue in found]


def runner(name: str) -> Callable[[bytes], Result]:
    integration = declared(name)
    from shared import check
    from toolkit.analyse.fate import faces

    def answer(body: bytes) -> Result:
        received = envelope(name, body)
        ran = check.run(integration, received)
        return ran_face(integration.source, ran, faces(integration, received) if ran.outgoing else [])

    return answer


def declared(name: str) -> Any:
    """The integration's declaration, or one clear line."""
    from integrations import CATALOGUE, load

    if name not in CATALOGUE:
        stop(f"no integration is called {name}: ./hub list shows the catalogue", 2)
    return load(name)


def all_declared(names: Sequence[str] | None) -> tuple[Any, ...]:
    """These integrations, or the whole catalogue; one clear line if a name is not in it."""
    from integrations import load_all

    return tuple(map(declared, names)) if names else tuple(load_all())


def envelope(name: str, body: bytes) -> Any:
    from shared.envelope import Envelope

    return Envelope(integration=name, body=body, received_at=now())


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def verdict_face(verdict: Any) -> Result:
    return {
        "acknowledgement": verdict.acknowledgement,
        "accepted": verdict.accepted,
        "issues": [issue_face(issue) for issue in verdict.issues],
    }


def answered(source: Any, answer: Any) -> str:
    """What the sender receives: the code in MSA-1, or the HTTP status where no HL7 acknowledgement is sent.

    SOAP has its own statuses for a fault, so the source decides.
    """
    from shared.intake.triggers.http import Bound

    if isinstance(source, Bound):
        return f"HTTP {source.over_http(answer.content_type, answer).status}"
    if answer.body and answer.body.startswith(b"MSH"):
        from shared.hl7 import parse

        return str(parse(answer.body)["MSA-1"])
    return f"HTTP {answer.status}"


def issue_face(issue: Any) -> dict[str, str]:
    return {name: getattr(issue, name) for name in ("severity", "rule", "code", "where", "text")}


def plain_face(issue: Any, lang: Literal["en", "cy"]) -> Result:
    """What is wrong, where, what is expected and what to do, in one language."""
    from shared.voices import plain

    words = plain(issue, lang)
    return {**words._asdict(), "text": words.text, "lines": list(words.sentences)}


def waits_face(codes: Iterable[Any]) -> Result:
    """The codes that an accepted message waits for, by path; empty if it waits for none."""
    found = [issue_face(issue) for issue in codes]
    return {"waits_for": found} if found else {}


def faults_face(faults: Iterable[Any]) -> Result:
    """Problems in the hub's own output for an accepted message, by path; empty if it passes its check."""
    found = [issue_face(issue) for issue in faults]
    return {"faults": found} if found else {}


def ran_face(source: Any, ran: Any, fate: list[Result]) -> Result:
    outgoing = [outgoing_face(one) for one in ran.outgoing]
    verdict = {**verdict_face(ran.verdict), "answer": answered(source, ran.answer)}
    return {**verdict, **waits_face(ran.waits_for), **faults_face(ran.faults), "outgoing": outgoing, "fate": fate}


def outgoing_face(outgoing: Any) -> Result:
    return {"content_type": outgoing.content_type, **body_face(outgoing.body)}


def body_face(body: bytes) -> dict[str, str]:
    """As text where it is text."""
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def answer_all(answer: Callable[[bytes], Result], file: str, as_json: bool, jsonl: bool, strict: bool) -> None:
    """One message or many. Exits with status 0 if each was answered, and a single one has valid output."""
    if jsonl:
        results = many(answer, read(file).splitlines())
        raise SystemExit(0 if all(results) else 1)
    result = answer(read(file))
    print(screen.as_json(result) if as_json else screen.plain(as_text(result)))
    raise SystemExit(1 if result.get("faults") or (strict and not result["accepted"]) else 0)


def many(answer: Callable[[bytes], Result], lines: Iterable[bytes]) -> list[bool]:
    """Each line's result is written as soon as it is known; whether each was answered."""
    return [one_line(answer, line) for line in lines if line.strip()]


def one_line(answer: Callable[[bytes], Result], line: bytes) -> bool:
    try:
        row = json.loads(line)
        name, body = row["name"], base64.b64decode(row["body_base64"], validate=True)
    except (ValueError, KeyError, TypeError):
        emit({"name": None, "error": 'not a line of {"name", "body_base64"}'})
        return False
    emit({"name": name, **answer(body)})
    return True


def emit(result: Result) -> None:
    sys.stdout.write(screen.as_json(result, indent=None) + "\n")


def read(file: str) -> bytes:
    """As bytes: text mode would change the segment ends."""
    if file == "-":
        if sys.stdin.isatty():  # otherwise the command would wait without a word
            say("no file is named: type or paste the message, then Ctrl-D (Ctrl-Z and Enter in Windows)")
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        stop(f"cannot read {file}: {error.strerror}", 2)


def as_text(result: Result) -> str:
    """As text: the decision, each finding, each body of the output."""
    lines = [f"{result.get('answer', result['acknowledgement'])}  {decision(result)}"]
    for issue in result["issues"]:
        lines += [issue_line(issue), *plain_lines(issue.get("plain"))]
    if faults := result.get("faults"):
        then = "so the message would become a dead letter" if result["accepted"] else "so the message is refused"
        lines += ["", f"the hub's own output does not pass its check, {then}:"]
        lines += map(issue_line, faults)
    for one in result.get("outgoing", []):
        lines += ["", f"sends {one['content_type']}:", readable(one)]
    return "\n".join(lines)


def readable(outgoing: Result) -> str:
    """A body for a person's eye: indented where its format can be, a line for each segment."""
    from shared import formats

    if "body" not in outgoing:
        return "(binary)"
    form, text = formats.naming(outgoing["content_type"]), str(outgoing["body"])
    return (form.readable(text.encode()).decode() if form else text).replace("\r\n", "\n").replace("\r", "\n").rstrip()


def decision(result: Result) -> str:
    """In words: accepted, accepted but would fail, or not accepted; of a file, how many of its messages."""
    if "messages" in result:
        return f"{result['accepted_messages']} of {result['messages']} messages accepted"
    if not result["accepted"]:
        return "not accepted"
    if result.get("waits_for"):
        return "accepted, and waits for a code that no table has"
    return "accepted, but would fail" if result.get("faults") else "accepted"


def plain_lines(words: Result | None) -> list[str]:
    """A finding in plain words, below its line; none if no language was chosen."""
    return [f"    {each}" for each in words["lines"]] if words else []


def issue_line(issue: dict[str, str]) -> str:
    row = f"{issue['row'] or '-':>7} " if "row" in issue else ""
    return f"  {row}{issue['severity']:<11} {issue['where'] or '-':<14} {issue['text']}  ({issue['rule'] or issue['code']})"
