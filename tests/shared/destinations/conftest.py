"""A certificate authority with a server and a client, and settings that lead a destination to a simulator."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.shared.destinations.authority import Authority


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``settings("MPI", HOST="127.0.0.1", PORT=2575)``."""

    def put(name: str, **values: object) -> None:
        for key, value in values.items():
            monkeypatch.setenv(f"{name}__{key}", str(value))

    return put


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("authority")))
