"""Vendor what the ops page shows: NHS stylesheet without its remote fonts, uPlot; with licences and hashes.

Run after ``npm install nhsuk-frontend uplot`` (versions in ``VENDORED``):
``python -m toolkit.generate.build_ops_assets node_modules``.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "shared" / "ops" / "static"
FONT_FACE = re.compile(r"@font-face\{[^{}]*\}")
ICON = re.compile(r"url\(/assets/[^()]*\)")
SOURCE_MAP = re.compile(r"/[/*]# sourceMappingURL=\S+(?: ?\*/)?")
VENDORED = {
    "nhsuk.min.css": ("nhsuk-frontend", "10.6.1", "dist/nhsuk/nhsuk-frontend-10.6.1.min.css"),
    "uplot.min.css": ("uplot", "1.6.32", "dist/uPlot.min.css"),
    "uplot.min.js": ("uplot", "1.6.32", "dist/uPlot.iife.min.js"),
}


def local_only(text: str) -> str:
    """The text without fonts from elsewhere (licensed for NHS sites; the page falls back to Arial), icons and source maps."""
    return ICON.sub("none", SOURCE_MAP.sub("", FONT_FACE.sub("", text)))


def vendor(modules: Path) -> None:
    """Copy each file, and write ``vendored.json``: package, version and SHA-256 of what stands here."""
    listed = {}
    for name, (package, version, path) in VENDORED.items():
        about = json.loads((modules / package / "package.json").read_text())
        if about["version"] != version:
            raise SystemExit(f"{package} is {about['version']}, not {version}")
        text = local_only((modules / package / path).read_text("utf-8"))
        (STATIC / name).write_text(text, "utf-8")
        digest = hashlib.sha256(text.encode()).hexdigest()
        listed[name] = {"package": package, "version": version, "licence": about["license"], "sha256": digest}
        for licence in (modules / package).glob("LICEN*"):
            (STATIC / f"{package}.LICENCE.txt").write_text(licence.read_text("utf-8"), "utf-8")
    (STATIC / "vendored.json").write_text(json.dumps(listed, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    vendor(Path(sys.argv[1]))
