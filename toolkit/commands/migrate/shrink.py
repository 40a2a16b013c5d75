"""``./hub shrink``: the smallest de-identified message that fails as this one does."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit import screen
from toolkit.commands.develop.check import declared, read
from toolkit.say import HOME, stop

Name = Annotated[str, typer.Argument(help="An integration of the catalogue (./hub list).")]
File = Annotated[str, typer.Argument(help="A file with the message that fails; - for standard input.")]
Rule = Annotated[str, typer.Option("--rule", help="The rule to reproduce, where the message breaks several.")]
To = Annotated[Path | None, typer.Option("--to", help="The folder to write to; .hub/shrunk if not given.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def shrink(name: Name, file: File, rule: Rule = "", to: To = None, as_json: Json = False) -> None:
    """Make a small message without patient data that fails in the same way, with a test that reproduces it."""
    from toolkit.migrate.reproduce import shrink as shrinking
    from toolkit.migrate.reproduce.failures import failures

    integration, body = declared(name), read(file)
    found = failures(integration, body)
    named = [each for each in found if rule in (each.rule, each.rule.partition(" ")[0])] if rule else []
    chosen = named or [each for each in found if not rule and each.kind != "warning"]
    if not chosen:
        broken = ", ".join(dict.fromkeys(each.rule for each in found)) or "none"
        stop(f"the message does not fail{f' at {rule}' if rule else ''}; rules that it breaks: {broken}", 2)
    try:
        shrunk = shrinking.shrink(integration, body, chosen[0])
    except shrinking.Unsafe as error:
        stop(f"nothing was written: {error}")
    folder = to or HOME / "shrunk"
    folder.mkdir(parents=True, exist_ok=True)
    sample, test = folder / f"{shrunk.name}.in.{shrunk.extension}", folder / f"test_{shrunk.name}.py"
    sample.write_bytes(shrunk.body)
    test.write_text(shrinking.stub(integration, shrunk), "utf-8")
    result = {
        "failure": chosen[0]._asdict(),
        "bytes_before": shrunk.before,
        "bytes": len(shrunk.body),
        "sample": str(sample),
        "test": str(test),
    }
    if as_json:
        print(screen.as_json(result))
    else:
        print(screen.plain(f"{chosen[0].text}: {shrunk.before} bytes became {len(shrunk.body)}\nwrote {sample}\nwrote {test}"))
