"""What mkdocs calls while it builds the site: pages of other folders, generated ones, links, lists and the navigation."""

import os
from typing import Any

from toolkit.say import HOME, ROOT
from toolkit.site import library, links
from toolkit.site.markup import converted
from toolkit.site.nav import nav

REPOSITORY = os.environ.get("HUB_REPOSITORY", "https://github.com/example/integration-hub").rstrip("/")
MERMAID = HOME / "mermaid.min.js"  # ./hub site --diagrams
SCRIPT = "assets/mermaid.min.js"
SHEETS = "generated/interfaces"


def on_config(config: Any) -> Any:
    """Diagrams are drawn by a script of this site. Without it they are shown as text: the theme would load one from elsewhere."""
    if MERMAID.exists():
        config.extra_javascript.append(SCRIPT)
        drawn = __import__("pymdownx.superfences", fromlist=["fence_code_format"]).fence_code_format
        fence = {"name": "mermaid", "class": "mermaid", "format": drawn}
        config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    return config


def on_files(files: Any, config: Any) -> Any:
    """The pages that are not in docs/, and the navigation over all."""
    from mkdocs.structure.files import File

    for page, text in added().items():
        files.append(File.generated(config, page, content=text))
    if MERMAID.exists():
        files.append(File.generated(config, SCRIPT, content=MERMAID.read_bytes()))
    config.nav = nav(each.src_uri for each in files.documentation_pages())
    return files


def added() -> dict[str, str]:
    """Page -> text."""
    copied = {page: (ROOT / file).read_text("utf-8") for file, page in links.ADDED.items()}
    sheets = sorted(path.stem for path in (ROOT / "docs" / SHEETS).glob("*.md"))
    index = "# Interface sheets\n\nOne for each integration: how to send, what is checked, what is answered, and the limits.\n\n"
    index += "\n".join(f"- [{name}]({name}.md)" for name in sheets) + "\n"
    return {**copied, f"{SHEETS}/index.md": index, **library.pages()}


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links and lists as the site reads them."""
    known = {each.src_uri for each in files}
    return links.rewritten(converted(markdown), page.file.src_uri, known, REPOSITORY)
