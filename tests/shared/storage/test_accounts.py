"""Which storage account the settings name."""

import pytest

from shared.storage.accounts import SETTING, account

HUB = {f"{SETTING}__{kind}ServiceUri": f"https://hub.{kind}.example" for kind in ("table", "queue", "blob")}


@pytest.fixture(autouse=True)
def identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SETTING, raising=False)
    for name, value in HUB.items():
        monkeypatch.setenv(name, value)


def test_blobs_lie_beside_the_tables_by_default() -> None:
    assert account().blob == "https://hub.blob.example"


def test_content_lies_in_an_account_of_its_own_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HubContent__blobServiceUri", "https://content.blob.example")
    assert (account().table, account().blob) == ("https://hub.table.example", "https://content.blob.example")
