"""``./hub impact``: what a change does to the samples and to a recorded corpus."""

from pathlib import Path
from typing import Annotated

import typer

from toolkit import screen
from toolkit.say import stop

Base = Annotated[str, typer.Option("--base", help="The commit before the change; where the branch left main if not given.")]
Corpus = Annotated[Path | None, typer.Option("--corpus", help="A folder with recorded messages: NAME/X.in.* or NAME.jsonl.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with status 1 if a message changes.")]


def impact(base: Base = "", corpus: Corpus = None, as_json: Json = False, exit_code: ExitCode = False) -> None:
    """Show what a change of code does to messages: paths, causes and counts, as Markdown for a pull request."""
    from toolkit.migrate import impact as measured
    from toolkit.migrate import versions
    from toolkit.migrate.pairs import BrokenPairs

    try:
        commit = base or versions.base()
        found = measured.impact(commit, corpus)
    except (versions.NoVersion, BrokenPairs) as error:
        stop(str(error), 2)
    faces = [each.face() for each in found]
    text = screen.as_json({"base": commit, "integrations": faces}) if as_json else measured.comment(found, commit)
    print(text if as_json else screen.plain(text).rstrip())
    raise SystemExit(1 if exit_code and any(each.changed for each in found) else 0)
