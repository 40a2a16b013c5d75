"""``./hub sheet``: which element of an integration's messages reaches which element of the output."""

from typing import Annotated

import typer

from toolkit.commands.develop.check import Name, declared

Write = Annotated[bool, typer.Option("--write", help="Write it and seen.py to the integration's folder. Without NAME: for all.")]


def sheet(name: Name = "", write: Write = False) -> None:
    """Print the mapping sheet of an integration, generated from its samples."""
    from integrations import CATALOGUE
    from toolkit.generate.sheet import page, places, places_file
    from toolkit.generate.sheet import sheet as made

    for each in (name,) if name else tuple(CATALOGUE):
        integration = declared(each)
        if write:
            page(integration).write_text(made(integration), encoding="utf-8")
            places_file(integration).write_text(places(integration), encoding="utf-8")
        else:
            print(made(integration))
