"""An option of ``./hub relay`` that would have no effect is refused: a certificate that is ignored leaves a port open."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--port", "2575"], "remove --port"),
        (["--on-failure", "close"], "remove --on-failure"),
        (["--authority", str(ROOT / "LICENCE")], "remove --authority"),
        ([], "TOML"),
    ],
    ids=["port", "as the default", "file", "settings alone"],
)
def test_settings_in_a_file_leave_no_option_without_effect(words: list[str], text: str, tmp_path: Path) -> None:
    settings = tmp_path / "relay.toml"
    settings.write_text("not TOML", "utf-8")
    command = [sys.executable, "-m", "toolkit", "relay", "--settings", str(settings), *words]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2
    assert text in run.stderr
