"""The report on every integration's own samples: the verdicts of ``check``, here and at a hub, and what is missing."""

import json
from pathlib import Path
from typing import Any

import pytest

from integrations import load, load_all
from shared import check, formats
from shared.check import read_or_none
from shared.formats.documented import type_of, types
from shared.integration import Integration
from tests.toolkit.conformance.served import KEY, NOW, PARTNERS, served
from toolkit.commands.develop import conformance as command
from toolkit.conformance import judges, page, terminal
from toolkit.conformance.report import digest, report
from toolkit.conformance.tally import tally
from toolkit.samples import ROOT, Sample, samples

PHW = load("phw-to-mpi")
CLINIC = load("clinic-appointments-to-cdr")
SAMPLE = next(each for each in samples(PHW) if each.name == "a31_null").body
PUBLISHED = [path.stem for path in sorted((ROOT.parent / "docs/generated/interfaces").glob("*.md"))]
NO_SAMPLE = {"pas-adt-to-cdr": ["ADT^A06", "ADT^A07"]}  # types that no sample shows


def made(integration: Integration, folder: Path, required: tuple[str, ...] = ()) -> dict[str, Any]:
    with judges.local(integration, lambda: NOW) as judge:
        return report(tally(integration, folder, judge), "1.2.3", required)


def folder_of(integration: Integration) -> Path:
    return ROOT / integration.package / "samples"


def not_shown(found: dict[str, Any]) -> list[str]:
    """The types of which the report has no accepted message."""
    return [each["type"] for each in found["types"] if each["required"] and not each["accepted"]]


def is_batch(integration: Integration, sample: Sample) -> bool:
    return any(form.is_batch(sample.body) for form in formats.of(integration.source))


@pytest.mark.parametrize("integration", load_all(), ids=lambda each: each.name)
def test_the_samples_get_the_verdicts_of_check(integration: Integration) -> None:
    found = made(integration, folder_of(integration))
    single = [each for each in samples(integration) if not is_batch(integration, each)]
    ran = [check.check(integration, each.envelope).verdict for each in single]
    rules = {(issue.rule or issue.code, issue.severity) for each in ran for issue in each.issues}
    if len(single) == len(samples(integration)):
        assert found["counts"]["accepted"] == sum(each.accepted for each in ran)
        assert {(each["rule"], each["severity"]) for each in found["rules"]} == rules
    assert found["counts"]["files"] == len(samples(integration))
    assert [each["type"] for each in found["types"] if each["required"]] == list(types(integration.source))
    accepted = [each.envelope for each, of_each in zip(single, ran, strict=True) if of_each.accepted]
    shown = {type_of(integration.source, read_or_none(integration, each)) for each in accepted}
    assert shown.isdisjoint(not_shown(found))
    if len(single) == len(samples(integration)):
        assert not_shown(found) == [each for each in types(integration.source) if each not in shown]
    assert found["digest"] == digest(found)
    assert all(each["en"]["wrong"] and each["cy"]["wrong"] for each in found["rules"])
    assert page.page(found, "2026-05-01", "this machine").startswith("<!doctype html>")
    assert found["digest"] in terminal.text(found)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_sample_shows_each_type_that_a_published_sheet_names(name: str) -> None:
    """An integration that was just made has no sheet yet: its report says which samples are missing."""
    integration = load(name)
    assert not_shown(made(integration, folder_of(integration))) == NO_SAMPLE.get(name, [])


@pytest.mark.parametrize("integration", [PHW, CLINIC, load("vaccinations-to-cdr")], ids=lambda each: each.name)
def test_a_hub_elsewhere_gives_the_same_report(integration: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PARTNERS", PARTNERS)
    with served(integration) as url, judges.remote(url, KEY) as judge:
        there = report(tally(integration, folder_of(integration), judge), "1.2.3")
    assert there == made(integration, folder_of(integration))


def test_it_waits_as_long_as_the_hub_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setenv("HUB_PARTNERS", PARTNERS)
    monkeypatch.setattr("time.sleep", waited.append)
    with served(PHW, [429, 503]) as url, judges.remote(url, KEY) as judge:
        assert judge(SAMPLE, "application/hl7-v2").accepted
    assert waited == [7, 7]


@pytest.mark.parametrize(
    ("first", "key", "words"),
    [
        ([], "wrong", "the caller is not recognised"),
        ([403], KEY, "may not call"),
        ([404], KEY, "no self-test is at this address"),
        ([302], KEY, "answered 302"),
        ([200], KEY, "not that of a self-test"),
        ([503] * 5, KEY, "5 times"),
    ],
)
def test_a_hub_that_gives_no_verdict_is_one_line(
    first: list[int], key: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUB_PARTNERS", PARTNERS)
    monkeypatch.setattr("time.sleep", lambda _: None)
    with served(PHW, first) as url, judges.remote(url, key) as judge, pytest.raises(SystemExit) as ended:
        judge(SAMPLE, "application/hl7-v2")
    assert ended.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "url", ["http://hub.example.nhs.wales/api/v1/a/check", "ftp://hub.example", "https://a:b@hub.example/x", "https://"]
)
def test_a_key_goes_only_where_it_is_safe(url: str) -> None:
    with pytest.raises(SystemExit), judges.remote(url, KEY):
        pass


def batch(*bodies: bytes) -> bytes:
    return b"FHS|^~\\&|\rBHS|^~\\&|\r" + b"".join(bodies) + b"BTS|%d\rFTS|1\r" % len(bodies)


def numbered(number: int) -> bytes:
    return SAMPLE.replace(b"PHW000007", b"N%08d" % number)


FRAMES = b"".join(b"\x0b" + numbered(n) + b"\x1c\r" for n in (1, 2))
ANSWER = b"\x0bMSH|^~\\&|HUB|HUB|PHW|PHW|20260501||ACK|1|P|2.5\rMSA|AA|1\r\x1c\r"
FILES = {
    "batch": ("b.hl7", batch(numbered(1), numbered(2)), 2, 2),
    "frames": ("b.mllp", FRAMES, 2, 2),
    "frames in both directions": ("b.mllp", FRAMES + ANSWER, 2, 2),
    "a frame that was cut": ("b.mllp", FRAMES + b"\x0b" + numbered(3)[:40], 3, 2),
    "one after another": ("b.hl7", numbered(1) + numbered(2), 2, 2),
    "with line feeds": ("b.txt", (numbered(1) + numbered(2)).replace(b"\r", b"\n"), 2, 2),
    "one of two wrong": ("b.hl7", numbered(1) + numbered(2).replace(b"|2.5\r", b"|9.9\r"), 2, 1),
}


@pytest.mark.parametrize(("name", "body", "messages", "accepted"), FILES.values(), ids=FILES)
def test_a_file_of_several_messages(name: str, body: bytes, messages: int, accepted: int, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(body)
    counts = made(PHW, tmp_path)["counts"]
    assert (counts["files"], counts["messages"], counts["accepted"]) == (1, messages, accepted)


def test_events_on_lines_and_compressed_files(tmp_path: Path) -> None:
    import gzip

    vaccinations = load("vaccinations-to-cdr")
    events = [each.body for each in samples(vaccinations) if each.extension == "json" and not each.name.startswith("rejected")]
    lines = b"\n".join(json.dumps(json.loads(each)).encode() for each in events)
    (tmp_path / "events.jsonl").write_bytes(lines + b"\n\n")
    (tmp_path / "one.json.gz").write_bytes(gzip.compress(events[0], mtime=0))
    counts = made(vaccinations, tmp_path)["counts"]
    assert counts["messages"] == counts["accepted"] == len(events) + 1


def test_a_letter_and_its_sidecar_are_one_message(tmp_path: Path) -> None:
    from toolkit.local.drops import halves

    documents = load("documents-to-cdr")
    sample = next(each for each in samples(documents) if each.name == "minimal")
    for extension, body in halves(sample.body, "json").items():
        (tmp_path / f"letter.{extension}").write_bytes(body)
    counts = made(documents, tmp_path)["counts"]
    assert (counts["files"], counts["messages"], counts["accepted"]) == (1, 1, 1)


def test_each_missing_thing_is_named_and_the_score_is_below_100(tmp_path: Path) -> None:
    (tmp_path / "a.hl7").write_bytes(numbered(1))
    (tmp_path / "b.hl7").write_bytes(numbered(1).replace(b"SCR100006", b"SCR100007"))
    found = made(PHW, tmp_path)
    text = " ".join(found["missing"])
    assert found["score"] == 33
    assert not found["ready"]
    for words in ("ADT^A28, ADT^A40", "must be refused", "ŵ", "shared with another"):
        assert words in text
    only = made(PHW, tmp_path, ("ADT^A31",))
    assert (only["score"], "ADT^A28" in " ".join(only["missing"])) == (100, False)


def test_a_broken_file_of_a_table_is_refused_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,SECRET\n1,2\n3,4\n")
    found = made(CLINIC, tmp_path)
    assert "files that are not refused as a whole: 1 refused" in found["missing"]
    assert "SECRET" not in json.dumps(found)


def run(*words: Any, **named: Any) -> Any:
    with pytest.raises(SystemExit) as ended:
        command.conformance(*words, **named)
    return ended.value.code


def test_the_command_writes_a_page_and_exits_by_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    html = tmp_path / "report.html"
    assert run("phw-to-mpi", str(folder_of(PHW)), html=html, as_json=True) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["ready"]
    assert printed["digest"] in html.read_text("utf-8")
    assert run("pas-adt-to-cdr", str(folder_of(load("pas-adt-to-cdr"))), as_json=True) == 1
    assert run("phw-to-mpi", str(tmp_path / "absent")) == 2
    assert run("phw-to-mpi", str(tmp_path), types=["ADT^A99"]) == 2
    assert run("no-such", str(tmp_path)) == 2
    assert run("phw-to-mpi", str(folder_of(PHW)), html=tmp_path / "no" / "folder.html") == 2


def test_an_address_alone_tries_the_samples_at_a_hub(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("HUB_PARTNERS", PARTNERS)
    monkeypatch.setenv("HUB_KEY", KEY)
    with served(PHW) as url:
        assert run("phw-to-mpi", url, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["messages"] == len(samples(PHW))
