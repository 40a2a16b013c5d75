"""``./hub sheet``: what becomes of each element of an integration's messages."""

from typing import Annotated

import typer

from toolkit.commands.check import Name, declared

Write = Annotated[bool, typer.Option("--write", help="Write it to the integration's folder; NAME may be left out for all.")]


def sheet(name: Name = "", write: Write = False) -> None:
    """The mapping sheet of an integration, made from its samples."""
    from integrations import CATALOGUE
    from toolkit.sheet import page
    from toolkit.sheet import sheet as made

    for each in (name,) if name else tuple(CATALOGUE):
        integration = declared(each)
        if write:
            page(integration).write_text(made(integration), encoding="utf-8")
        else:
            print(made(integration))
