"""``./hub sheet``: what becomes of each element of an integration's messages."""

from typing import Annotated

import typer

from toolkit.commands.check import Name, declared

Write = Annotated[bool, typer.Option("--write", help="Write it, and seen.py, to the integration's folder (NAME left out: all).")]


def sheet(name: Name = "", write: Write = False) -> None:
    """The mapping sheet of an integration, made from its samples."""
    from integrations import CATALOGUE
    from toolkit.sheet import page, places, places_file
    from toolkit.sheet import sheet as made

    for each in (name,) if name else tuple(CATALOGUE):
        integration = declared(each)
        if write:
            page(integration).write_text(made(integration), encoding="utf-8")
            places_file(integration).write_text(places(integration), encoding="utf-8")
        else:
            print(made(integration))
