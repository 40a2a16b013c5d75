"""``./hub watch``: the samples of an integration, run again at each save."""

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.say import ROOT, stop

if TYPE_CHECKING:
    from rich.console import Console

    from toolkit.watch.files import Stamps

Named = Annotated[str, typer.Argument(help="The integration, such as phw-to-mpi.")]
LOOK = 0.1  # seconds between two looks at the files


def watch(name: Named) -> None:
    """Run the samples of an integration at each save, and show how they differ from their golden files, until Ctrl-C."""
    from integrations import CATALOGUE
    from toolkit.screen import console
    from toolkit.watch.files import of_code, stamps

    if name not in CATALOGUE:
        stop(f"no integration is called {name}: ./hub list shows the catalogue", 2)
    folder = ROOT / "integrations" / name.replace("-", "_")
    screen = console()
    screen.print(f"watching integrations/{folder.name}; Ctrl-C ends")
    while True:
        before = _now(folder)  # before the run: what is saved during it is seen after it
        run(name, screen)
        wait(folder, {**stamps(of_code()), **before}, name)


def run(name: str, screen: "Console") -> None:
    """One run, and what it prints."""
    from toolkit.watch.rerun import Broken, load, results
    from toolkit.watch.show import show, show_broken

    began = time.perf_counter()
    screen.rule(time.strftime("%H:%M:%S"), style="dim")
    try:
        found = list(results(load(name)))
    except Broken as error:
        show_broken(screen, str(error))
        return
    show(screen, name, found, time.perf_counter() - began)


def wait(folder: Path, seen: "Stamps", name: str) -> None:
    """Until a file of the integration changed. After a change of other code, or of a schema, start again in a new process."""
    from toolkit.watch.files import changed

    while not (found := changed(seen, _now(folder))):
        time.sleep(LOOK)
    if any(needs_new_process(folder, path) for path in found):
        os.execv(sys.executable, [sys.executable, "-m", "toolkit", "watch", name])


def needs_new_process(folder: Path, path: Path) -> bool:
    """Modules outside the integration are loaded once, and schemas are kept as they were read first."""
    inside = path.is_relative_to(folder)
    return not inside or not (path.suffix in (".py", ".md") or path.is_relative_to(folder / "samples"))


def _now(folder: Path) -> "Stamps":
    from toolkit.watch.files import of_code, of_package, stamps

    return stamps(of_package(folder) | of_code())
