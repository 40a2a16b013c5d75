"""``./hub docs``: interface sheets, OpenAPI and the record of processing, made from the catalogue."""

from typing import Annotated

import typer


def docs(
    name: Annotated[str, typer.Argument(help="Print the interface sheet of this integration.")] = "",
    write: Annotated[bool, typer.Option("--write", help="Write all pages to docs/generated.")] = False,
) -> None:
    """Print the interface sheet of an integration, or write every generated page with --write."""
    from integrations import load_all
    from toolkit.generate import hazards
    from toolkit.generate.generated_docs import FOLDER, pages
    from toolkit.generate.generated_docs import write as write_pages
    from toolkit.say import stop

    made = pages(load_all())
    if write:
        write_pages(made)
        hazards.write()
        print(f"{len(made)} pages in {FOLDER.name}")
    elif f"interfaces/{name}.md" in made:
        print(made[f"interfaces/{name}.md"])
    else:
        stop("name an integration of the catalogue (./hub list), or --write")
