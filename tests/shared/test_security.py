"""Callers one by one: patterns of senders, the form of the setting, times of certificates, what the log says at the start."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import platform_headers, privacy, security
from shared.envelope import Identity
from shared.ops.access import Person, token
from shared.security import BadPartners, Partner, at_start, caller, partners, wrong_sender
from shared.settings import SettingMissing, in_azure, on_developers_machine, platform_checks
from tests.callers.kinds import EXPIRED, PARTNERS, UNKNOWN, VALID, certificate, digest, key, shown
from tests.ledger_world import NOW

ROOT = Path(__file__).resolve().parent.parent.parent
DAY = 86400
SETTINGS = ("WEBSITE_SITE_NAME", "WEBSITE_INSTANCE_ID", "CONTAINER_APP_NAME", "HUB_PARTNERS", "HUB_PLATFORM_AUTH")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SETTINGS, "AzureWebJobsStorage", "HUB_HASH_KEY"):
        monkeypatch.delenv(name, raising=False)


def partner(monkeypatch: pytest.MonkeyPatch, **entry: Any) -> Partner:
    monkeypatch.setenv("HUB_PARTNERS", json.dumps([{"name": "one", **entry}]))
    return partners()[0]


@pytest.mark.parametrize(
    ("senders", "sender", "facility", "covered"),
    [
        (["*"], "A", "B", True),
        (["A"], "A", "B", True),
        (["A"], "A", "", True),
        (["A"], "AB", "B", False),
        (["A|B"], "A", "B", True),
        (["A|B"], "A", "C", False),
        (["A|B"], "A", "", False),
        (["A|B"], "A|B", "", False),
        (["A|B"], "A|B", "C", False),
        (["A|*"], "A", "C", True),
        (["A|*"], "A|*", "C", False),
        (["A|"], "A", "", True),
        (["A|"], "A", "B", False),
        (["A"], "*", "*", False),
        (["A#B"], "A", "B", False),
        (["A#B"], "A#B", "C", True),
        ([["A|B", "C"]], "A|B", "C", True),
        ([["A|B", "C"]], "A", "B|C", False),
        ([["A", "*"]], "A", "B", False),
        ([["*", "B"]], "A", "B", False),
        (["C", "A|B"], "A", "B", True),
        ([], "A", "B", False),
        ([], "", "", False),
    ],
)
def test_which_senders_a_partner_may_send_for(
    monkeypatch: pytest.MonkeyPatch, senders: list[Any], sender: str, facility: str, covered: bool
) -> None:
    one, who = partner(monkeypatch, senders=senders), Identity(sender=sender, facility=facility, control_id="1")
    assert one.may_send_for(who) is covered
    assert (wrong_sender("one", who) is None) is covered
    assert wrong_sender("another", who) is security.WRONG_SENDER


def test_the_finding_about_a_wrong_sender_says_what_and_where_and_no_value() -> None:
    found = security.WRONG_SENDER
    assert (found.severity, found.code, found.where, found.rule, found.condition) == (
        "error",
        "forbidden",
        "MSH-3",
        "sender-not-the-callers",
        "207",
    )


@pytest.mark.parametrize(
    ("header", "checks", "read"),
    [
        ("Zm9v", "certificate", b"foo"),
        ("Zm9v", "principal,certificate", b"foo"),
        ("Zm9v", "principal", b""),
        ("Zm9v", "", b""),
        ("Zm9", "certificate", b""),
        ("not base64", "certificate", b""),
        ("Zm9v\u0142", "certificate", b""),
        ("", "certificate", b""),
    ],
)
def test_a_certificate_is_read_as_stated_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, header: str, checks: str, read: bytes
) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", checks)
    assert platform_headers.certificate({"x-arr-clientcert": header}) == read


NO_SENDERS = ('[""]', '["|B"]', '["*|B"]', '["A*"]', '["A|B|C"]', '[["A"]]', '["A|B*"]', "[1]")
NAMES = st.text(st.sampled_from("AB|#*^& "), max_size=5)


@given(NAMES, NAMES, NAMES, NAMES)
def test_a_pair_covers_itself_alone(sender: str, facility: str, other: str, elsewhere: str) -> None:
    """Whatever separators are in the values: MSH-1 is the sender's choice, so a name may have any of them."""
    pair = security._sender([sender, facility])
    assert pair.covers(Identity(sender=other, facility=elsewhere, control_id="1")) is ((sender, facility) == (other, elsewhere))


@given(NAMES, NAMES, NAMES)
def test_a_text_covers_its_own_sender_alone(pattern: str, sender: str, facility: str) -> None:
    try:
        read = security._sender(pattern)
    except ValueError:
        return
    if pattern != "*" and read.covers(Identity(sender=sender, facility=facility, control_id="1")):
        assert sender == pattern.partition("|")[0]
        assert "|" not in pattern or pattern.endswith("|*") or facility == pattern.partition("|")[2]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{", "not JSON"),
        ("@Microsoft.KeyVault(SecretUri=https://vault.test/)", "not JSON"),
        ("{}", "not a list"),
        ("null", "not a list"),
        ('["one"]', "entry 1: name"),
        ('[{"keys": []}]', "entry 1: name"),
        ('[{"name": "a"}, {"name": ""}]', "entry 2: name"),
        ('[{"name": "a", "integration": ["*"]}]', "entry 1: only lists"),
        ('[{"name": "a", "integrations": "*"}]', "entry 1: only lists"),
        ('[{"name": "a", "roles": ["Admin"]}]', "entry 1: roles"),
        ('[{"name": "a", "keys": ["a key"]}]', "entry 1: keys"),
        ('[{"name": "a", "certificates": ["12"]}]', "entry 1: certificates"),
        ('[{"name": "a", "applications": [""]}]', "entry 1: a text"),
        ('[{"name": "a", "integrations": [1]}]', "entry 1: a text"),
        *((f'[{{"name": "a", "senders": {senders}}}]', "entry 1: senders") for senders in NO_SENDERS),
        ('[{"name": "a"}, {"name": "a"}]', "names"),
        (json.dumps([{"name": name, "keys": [digest("k")]} for name in "ab"]), "keys"),
        (json.dumps([{"name": name, "applications": ["x"]} for name in "ab"]), "applications"),
        (json.dumps([{"name": name, "certificates": [digest("k")]} for name in "ab"]), "certificates"),
    ],
)
def test_a_setting_that_cannot_be_read_opens_nothing(monkeypatch: pytest.MonkeyPatch, text: str, place: str) -> None:
    """And the text names the place, never a value: the setting holds hashes of keys."""
    monkeypatch.setenv("HUB_PARTNERS", text)
    with pytest.raises(BadPartners, match=place) as caught:
        caller({"x-hub-key": "k"}, NOW)
    assert "a key" not in str(caught.value)
    assert place in at_start()


def test_the_sample_partner_may_do_everything() -> None:
    sample = security.SAMPLE
    assert (sample.name, sample.roles, sample.senders) == ("sample-partner", ("admin", "legacy"), (security.ANY_SENDER,))
    assert sample.may_call("any-integration")
    assert sample.may_send_for(Identity(sender="ANY", facility="ANY", control_id="1"))
    assert set(sample.roles) == security.ROLES


@pytest.mark.parametrize(
    ("settings", "developers", "azure"),
    [
        ({}, True, False),
        ({"AzureWebJobsStorage": "UseDevelopmentStorage=true"}, True, False),
        ({"AzureWebJobsStorage": "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=x"}, True, False),
        ({"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=real;AccountKey=x"}, False, False),
        ({"AzureWebJobsStorage": "AccountName=devstoreaccount12;"}, False, False),
        ({"AzureWebJobsStorage__accountName": "real"}, False, False),
        ({"AzureWebJobsStorage__tableServiceUri": "https://real.table.test"}, False, False),
        *(({name: "x"}, False, True) for name in SETTINGS[:3]),
    ],
)
def test_the_sample_partner_is_for_a_developers_machine(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], developers: bool, azure: bool
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert (on_developers_machine(), in_azure()) == (developers, azure)
    assert (caller({}, NOW) is security.SAMPLE) is developers
    for empty in ("", "  ", "[]"):
        monkeypatch.setenv("HUB_PARTNERS", empty)
        assert (caller({}, NOW) is not None) is (developers and not empty.strip())
    assert "every call is rejected" in at_start()
    monkeypatch.delenv("HUB_PARTNERS")
    assert ("has all rights" if developers else "every call is rejected") in at_start()
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(PARTNERS))
    assert at_start() == ""


def test_the_app_says_at_its_start_that_every_caller_may_do_everything() -> None:
    code = "import logging; logging.basicConfig(); import function_app"
    path = {"PYTHONPATH": str(ROOT), "PATH": ""}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path, check=True)
    assert "WARNING:hub:HUB_PARTNERS is empty: on this machine every caller is the sample partner" in ran.stderr
    named = {**path, "HUB_PARTNERS": json.dumps(PARTNERS)}
    assert "HUB_PARTNERS" not in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=named).stderr


@pytest.mark.parametrize(
    ("begins", "ends", "known"),
    [(0, DAY, True), (1, DAY, False), (-DAY, 0, True), (-DAY, -1, False), (-DAY, DAY, True)],
)
def test_a_certificate_counts_from_its_first_second_to_its_last(
    monkeypatch: pytest.MonkeyPatch, begins: int, ends: int, known: bool
) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "certificate")
    der = certificate("edge", begins / DAY, ends / DAY)
    partner(monkeypatch, certificates=[digest(der)])
    assert (caller(shown(der), NOW) is not None) is known


@pytest.mark.parametrize("written", [str.upper, lambda text: ":".join(text[n : n + 2] for n in range(0, 64, 2))])
def test_a_thumbprint_as_other_tools_write_it(monkeypatch: pytest.MonkeyPatch, written: Any) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", " principal , certificate ")
    partner(monkeypatch, certificates=[written(digest(VALID))])
    assert caller(shown(VALID), NOW)


@pytest.mark.parametrize(
    ("azure", "text", "checks"),
    [
        (True, "principal,certificate", {"principal", "certificate"}),
        (True, "certificate", {"certificate"}),
        (True, "", set()),
        (False, "principal,certificate", set()),
    ],
)
def test_what_the_platform_checks(monkeypatch: pytest.MonkeyPatch, azure: bool, text: str, checks: set[str]) -> None:
    """Each header needs its own check: an app that asks for no certificate strips none."""
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app" if azure else "")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", text)
    headers = dict.fromkeys((*platform_headers.NEEDS, "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"), "x")
    assert platform_checks() == checks
    found = {name for name in headers if platform_headers.platform_header(headers, name)}
    own = {name for name, needs in platform_headers.NEEDS.items() if needs & checks}
    assert found == own | ({name for name in headers if name.startswith("x-forwarded")} if checks else set())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("203.0.113.9, 192.0.2.1:4711", "192.0.2.1"),
        ("[2001:db8::1]:4711", "2001:db8::/64"),
        ("2001:db8::5", "2001:db8::/64"),
        ("somewhere", ""),
        ("", ""),
        ("\udcff", ""),
    ],
)
def test_the_address_is_the_one_that_the_front_end_saw(monkeypatch: pytest.MonkeyPatch, text: str, found: str) -> None:
    assert platform_headers.address({"x-forwarded-for": text}) == ""
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "principal")
    assert platform_headers.address({"x-forwarded-for": text}) == found


def test_platform_headers_are_named_in_one_place() -> None:
    """Code that needs one calls ``platform_header``, which knows when it counts."""
    sources = [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py"), *(ROOT / "integrations").rglob("*.py")]
    found = {path.name for path in sources if re.search('"x-(ms|arr|forwarded)-', path.read_text("utf-8"))}
    assert found - {"request.py"} == {"platform_headers.py"}  # its own doctest sends one


def test_only_a_certificate_that_a_partner_has_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's bytes reach no parser; what is not valid now counts as nothing."""
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    monkeypatch.setenv("HUB_PLATFORM_AUTH", "certificate")
    known = (partner(monkeypatch, certificates=[digest(VALID), digest(EXPIRED)]),)
    read: list[bytes] = []
    is_valid = security._is_valid
    monkeypatch.setattr(security, "_is_valid", lambda der, now: bool(read.append(der)) or is_valid(der, now))
    found = [security._certificate(shown(der), known, NOW) for der in (VALID, EXPIRED, UNKNOWN)]
    assert found == [digest(VALID), "", ""]
    assert read == [VALID, EXPIRED]


def test_no_credential_is_none_of_those_that_are_known() -> None:
    assert not security._is_one_of("", ("",))
    assert [security._is_one_of("b", kept) for kept in ((), ("a",), ("a", "b"), ("bb",))] == [False, False, True, False]


KINDS = st.text("abc", max_size=3)


@given(KINDS, st.text(), KINDS, st.text())
def test_a_keyed_hash_tells_kinds_apart(kind: str, text: str, other: str, words: str) -> None:
    assert (privacy.keyed(kind, text) == privacy.keyed(other, words)) is ((kind, text) == (other, words))


def test_the_hash_key_has_no_fallback_in_azure(monkeypatch: pytest.MonkeyPatch) -> None:
    on_this_machine = privacy.keyed("lane", "1")
    monkeypatch.setenv("HUB_HASH_KEY", "a key of the tests")
    with_key = privacy.keyed("lane", "1")
    assert with_key != on_this_machine
    monkeypatch.setenv("WEBSITE_SITE_NAME", "an-app")
    assert privacy.keyed("lane", "1") == with_key
    monkeypatch.delenv("HUB_HASH_KEY")
    with pytest.raises(SettingMissing, match="HUB_HASH_KEY"):
        privacy.keyed("lane", "1")


@pytest.mark.parametrize(
    ("key", "kept"),
    [("", "2a864270db295c451f750e3abc0787b8"), ("a key of the tests", "dc00e4aaf2da41930838da2db3ae1c54")],
)
def test_a_keyed_hash_is_the_same_in_every_release(monkeypatch: pytest.MonkeyPatch, key: str, kept: str) -> None:
    """Lanes and the index are found by it: another hash would lose what is stored."""
    monkeypatch.setenv("HUB_HASH_KEY", key)
    assert privacy.keyed("lane", "9990000018") == kept
    assert privacy.lane_hash("9990000018") == f"1-{kept}"
    monkeypatch.setenv("HUB_HASH_KEY_VERSION", "2")
    assert privacy.lane_hash("9990000018") == f"2-{kept}"


def test_a_forms_token_is_bound_to_person_role_and_day() -> None:
    one = (b"secret", Person("a", "reader"), "2026-03-02")
    others = [
        (b"other", Person("a", "reader"), "2026-03-02"),
        (b"secret", Person("b", "reader"), "2026-03-02"),
        (b"secret", Person("a", "operator"), "2026-03-02"),
        (b"secret", Person("a", "reader"), "2026-03-03"),
    ]
    assert len({token(*each) for each in (one, *others)}) == 5
    assert token(*one) == token(b"secret", Person("a", "reader"), "2026-03-02")


def test_a_key_of_any_bytes_is_refused_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PARTNERS", json.dumps(PARTNERS))
    for text in ("clé", "\udcff", "\ud800", "\x80", "🔑"):
        assert caller(key(text), NOW) is None
