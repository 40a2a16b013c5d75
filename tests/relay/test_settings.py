"""A settings file: what each mistake is answered with, and what a good one gives."""

import asyncio
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from relay.__main__ import main
from relay.process import run
from relay.settings import BadSettings, Endpoint, Health, Listener, SignIn, read, settings
from tests.shared.destinations.authority import Authority

ROOT = Path(__file__).resolve().parents[2]
LEAST = '[hub]\nurl = "https://hub.example.wales/"\n[[listener]]\nname = "pas"\nintegration = "pims-to-mpi"\n'


def given(text: str) -> Any:
    return settings(tomllib.loads(text))


def test_the_least_that_is_needed() -> None:
    (one,) = given(LEAST).listeners
    assert one == Listener(name="pas", endpoint=Endpoint(url="https://hub.example.wales/api/v1/pims-to-mpi"))
    assert (one.host, given(LEAST).health) == ("127.0.0.1", None)


def test_everything_that_can_be_said() -> None:
    text = """
        [hub]
        url = "https://hub.example.wales"
        timeout = 10
        patience = 5.5
        longest_pause = 7
        authority = "hub.pem"
        [sign_in]
        key_file = "key"
        [health]
        host = "0.0.0.0"
        port = 8081
        [[listener]]
        name = "pas"
        integration = "pims-to-mpi"
        [[listener]]
        name = "lims"
        integration = "lims-results-to-cdr"
        host = "0.0.0.0"
        port = 2576
        certificate = "c.pem"
        private_key = "c.key"
        authority = "senders.pem"
        peers = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32"]
        on_failure = "ae"
        connections = 3
        idle = 60
        frame = 20
        largest = 1000
        sign_in = { entra_scope = "api://x/.default" }
    """
    made = given(text)
    first, second = made.listeners
    assert made.health == Health(host="0.0.0.0", port=8081)
    assert first.endpoint.sign_in == SignIn(key_file="key")
    assert second == Listener(
        name="lims",
        endpoint=Endpoint(
            url="https://hub.example.wales/api/v1/lims-results-to-cdr",
            timeout=10,
            patience=5.5,
            longest_pause=7,
            authority="hub.pem",
            sign_in=SignIn(entra_scope="api://x/.default"),
        ),
        host="0.0.0.0",
        port=2576,
        certificate="c.pem",
        private_key="c.key",
        authority="senders.pem",
        peers=(ip_network("10.1.0.0/16"), ip_network("192.0.2.7"), ip_network("2001:db8::/32")),
        on_failure="ae",
        connections=3,
        idle=60,
        frame=20,
        largest=1000,
    )


LISTENER = LEAST.partition("[[listener]]")[0]
MISTAKES = {
    "": r"there is no \[\[listener\]\]",
    LISTENER + "[[listener]]\nname = 'x'": r"listener\[1\].integration is missing",
    LISTENER + "[[listener]]\nintegration = 'x'": r"listener\[1\].name is missing",
    LEAST + "prot = 1": "prot is not a setting; it is one of: .*port",
    LEAST + "port = '2575'": r"listener\[1\].port is a whole number",
    LEAST + "port = true": r"listener\[1\].port is a whole number",
    LEAST + "port = 2575.5": r"listener\[1\].port is a whole number",
    LEAST + "idle = 'x'": r"listener\[1\].idle is a number",
    LEAST + "idle = -1": "listener pas: .*idle",
    LEAST + "frame = nan": "listener pas: .*frame",
    LEAST + "port = 70000": "listener pas: port",
    LEAST + "host = 1": r"listener\[1\].host is a text",
    LEAST + "frame = 0": "listener pas: .*frame",
    LEAST + "connections = 0": "listener pas: .*connections",
    LEAST + "on_failure = 'ar'": "on_failure is close or ae",
    LEAST + "authority = 'x'": "need certificate",
    LEAST + "private_key = 'x'": "need certificate",
    LEAST + "peers = '10.0.0.0/8'": r"listener\[1\].peers is a list",
    LEAST + "peers = ['10.0.0.1/8']": "without host bits",
    LEAST + "peers = ['hospital']": "an address or a network",
    LEAST + "sign_in = 'key'": r"listener\[1\].sign_in is a table",
    LEAST + "sign_in = { key_file = 'a', key_env = 'B' }": "more than one of",
    LEAST + "sign_in = { private_key = 'a' }": "needs sign_in.certificate",
    LEAST + "sign_in = { key = 'secret' }": "sign_in.key is not a setting",
    LEAST + LEAST.replace(LISTENER, ""): "two listeners have the same name",
    LEAST.replace("https://hub.example.wales/", "http://hub.example.wales"): "must begin with https",
    LEAST.replace("hub.example", "user:secret@hub.example"): "no user, password",
    LEAST.replace("wales/", "wales/?key=secret"): "no user, password",
    LEAST.replace("pims-to-mpi", "../x?y"): "letters, digits and hyphens",
    LEAST.replace("[[listener]]", "patience = -1\n[[listener]]"): "patience is 0 or more",
    LEAST.replace("[[listener]]", "timeout = 0\n[[listener]]"): "timeout and longest_pause",
    LEAST.replace("[[listener]]", "longest_pause = 0\n[[listener]]"): "timeout and longest_pause",
    LEAST.replace("[hub]", "hub = 1\n[x]"): "x is not a setting",
    "listener = [1]\n": r"listener\[1\] is a table",
    "[health]\nport = 'x'\n" + LEAST: "health.port is a whole number",
}


@pytest.mark.parametrize(("text", "answer"), MISTAKES.items(), ids=MISTAKES.values())
def test_a_mistake_is_one_line(text: str, answer: str) -> None:
    with pytest.raises(BadSettings, match=answer) as raised:
        given(text)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("content", "answer"), [(b"= 1", "is not TOML"), (b"\xff", "is not TOML"), (None, "cannot be read")])
def test_a_file_that_is_none(tmp_path: Path, content: bytes | None, answer: str) -> None:
    if content is not None:
        (tmp_path / "relay.toml").write_bytes(content)
    with pytest.raises(BadSettings, match=answer):
        read(tmp_path / "relay.toml")


def test_a_key_is_read_where_it_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("the key\n")
    monkeypatch.setenv("A_KEY", " other ")
    monkeypatch.setenv("EMPTY", "")
    assert SignIn(key_file=str(tmp_path / "key")).key() == "the key"
    assert (SignIn(key_env="A_KEY").key(), SignIn().key()) == ("other", "")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "two lines").write_text("the key\nanother")
    lost = [SignIn(key_file=str(tmp_path / name)) for name in ("none", "empty", "two lines")]
    for one in (SignIn(key_env="EMPTY"), *lost):
        with pytest.raises(BadSettings) as raised:
            one.key()
        assert "the key" not in str(raised.value)


def test_the_sample_is_a_settings_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(read(ROOT / "relay/relay.toml").listeners) == 2


def test_check_reads_every_file_that_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    certificate, key = Authority(tmp_path).issue("relay")
    file = tmp_path / "relay.toml"
    file.write_text(LEAST + f'certificate = "{certificate}"\nprivate_key = "{key}"\n')
    assert main([str(file), "--check"]) == 0
    assert "1 listeners can be used" in capsys.readouterr().out
    for wrong in (f'certificate = "{tmp_path / "none"}"', f'certificate = "{key}"', 'sign_in = { key_file = "/none" }'):
        file.write_text(LEAST + wrong)
        assert main([str(file), "--check"]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "wrong", ['certificate = "/none"', 'sign_in = { key_file = "/none" }', 'sign_in = { certificate = "/none" }']
)
def test_a_relay_that_cannot_start_says_which_listener_and_what(wrong: str) -> None:
    with pytest.raises(BadSettings, match=r"listener pas: a certificate, key or authority|sign_in\.key_file: /none"):
        asyncio.run(run(given(LEAST + wrong), print))
