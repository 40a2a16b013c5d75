"""local.settings.sample.json has every setting that the hub reads, and none that holds anything real."""

import json
import re
from pathlib import Path

from integrations import load_all
from shared.destinations.kinds.kind import kind_of
from shared.mode import setting_name

ROOT = Path(__file__).resolve().parent.parent
VALUES = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
READ = re.compile(r"\b(?:setting|required|number|flag)\(\s*[\"']([A-Z][A-Za-z0-9_]+)[\"']")
FROM_AZURE = {
    "WEBSITE_SITE_NAME",
    "IDENTITY_ENDPOINT",
    "AZURE_CLIENT_ID",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
}


def test_every_setting_that_is_read() -> None:
    sources = [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py")]
    read = {name for path in sources for name in READ.findall(path.read_text()) if "__" not in name}
    assert read - FROM_AZURE <= set(VALUES), sorted(read - FROM_AZURE - set(VALUES))


def test_every_destination_of_the_catalogue() -> None:
    destinations = [integration.destination for integration in load_all()]
    needed = {f"{one.name}__{each.key}" for one in destinations for each in kind_of(one).settings if each.is_address}
    assert needed <= set(VALUES)


def test_the_mode_of_an_integration() -> None:
    """One stands for all, so that a new integration needs no line here."""
    modes = {name: value for name, value in VALUES.items() if name.endswith("__MODE")}
    assert modes == {setting_name("phw-to-mpi"): "live"}


def test_only_this_machine_and_no_secret() -> None:
    for name, value in VALUES.items():
        assert isinstance(value, str)
        if "//" in value or name.endswith("__HOST"):
            assert "127.0.0.1" in value
        if re.search("SECRET|PASSWORD|__KEY$|HASH_KEY$|CONNECTION_STRING", name):
            assert value == ""
