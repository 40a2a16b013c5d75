"""``./hub site``: the documentation site."""

import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from toolkit.commands.develop.setup import install_extras
from toolkit.say import HOME, ROOT, say, stop

Output = Annotated[Path, typer.Option("--output", help="The folder of the site; it is emptied first.")]
Diagrams = Annotated[
    bool, typer.Option("--diagrams", help="Download the script that draws diagrams (once), and put it into the site.")
]
MERMAID = "mermaid@12.3.0"
SCRIPT = "package/dist/mermaid.min.js"


def site(output: Output = HOME / "site", diagrams: Diagrams = False) -> None:
    """Build the documentation site. A link that leads nowhere, or a page in no section, fails the build."""
    if output.exists() and not is_site(output):
        stop(f"{output} is not an earlier site, and would be emptied: name a new folder", 2)
    if importlib.util.find_spec("mkdocs") is None:
        install_extras("site")
    if diagrams:
        fetch()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
    # Not --quiet: mkdocs would count no warning then, and a broken link would pass.
    command = [sys.executable, "-m", "mkdocs", "build", "--clean", "--site-dir", str(output.resolve())]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode:
        stop("the site was not built:\n" + "\n".join(line for line in ran.stderr.splitlines() if not line.startswith("INFO")))
    say(f"the site is in {output}: open {output / 'index.html'}, or serve it with python3 -m http.server --directory {output}")


def is_site(folder: Path) -> bool:
    """Whether a folder is empty, or holds a site that was built before."""
    return folder.is_dir() and (not any(folder.iterdir()) or (folder / "search" / "search_index.json").is_file())


def fetch() -> None:
    """The script of the pinned version, from its npm package, which npm checks."""
    from toolkit.local.azurite import environment, npm

    target = HOME / "mermaid.min.js"
    if target.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [npm(), "pack", "--silent", MERMAID]
        if subprocess.run(command, cwd=folder, env=environment(), capture_output=True, check=False).returncode:
            stop("npm could not download the script that draws diagrams")
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package, package.extractfile(SCRIPT) or stop("no script") as file:
            HOME.mkdir(exist_ok=True)
            target.write_bytes(file.read())
