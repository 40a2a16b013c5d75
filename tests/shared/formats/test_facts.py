"""The facts of every format agree with each other, and need no installed package."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from integrations import load
from shared import check, formats
from shared.destinations.memory import Memory
from shared.formats.format import Format
from tests.waiting import LONGEST
from toolkit.samples import accepted

ROOT = Path(__file__).resolve().parents[3]
EVERY = list(formats.every())


@pytest.mark.parametrize("form", EVERY, ids=lambda each: each.name)
def test_the_example_is_of_its_format(form: Format) -> None:
    assert formats.recognise(form.example) is form
    assert form.takes(form.assumed_type)
    written = form.write(form.parse(form.example), "1").body
    assert form.write(form.parse(written), "1").body == written
    assert form.readable(form.example)
    assert all(form.shown(form.example, media) for media in form.schemas)


@pytest.mark.parametrize("form", EVERY, ids=lambda each: each.name)
def test_a_leaf_of_the_example_can_be_changed(form: Format) -> None:
    marked = form.mark_test(form.example, "MARKED1")
    assert formats.recognise(marked) is form
    document = form.parse(marked)
    for leaf in form.leaves(document):
        assert [(each.path, each.text) for each in form.leaves(leaf.changed("other")) if each.path == leaf.path] == [
            (leaf.path, "other")
        ]


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("phw-to-mpi", "MSH-11"),
        ("referrals-to-pas", "meta.tag"),
        ("vaccinations-to-cdr", "/test"),
        ("wpas-to-mpi", "processing-instruction('hub-test')"),
    ],
)
def test_a_refused_test_message_names_the_mark_of_its_own_format(name: str, mark: str) -> None:
    integration = load(name)
    closed = replace(integration, destination=Memory(takes_synthetic=False))
    samples = [each for each in accepted(integration) if (form := formats.recognise(each.body)) and form.test_mark == mark]
    form = formats.recognise(samples[0].body)
    assert form
    tried = replace(samples[0].envelope, body=form.mark_test(samples[0].body, "S1"))
    assert [(each.rule, each.where) for each in check.check(closed, tried).verdict.issues if each.is_error] == [
        ("synthetic", mark)
    ]


def test_an_unknown_format_is_an_error() -> None:
    with pytest.raises(KeyError):
        formats.load("no-such-format")


def test_what_no_format_holds_is_one_leaf() -> None:
    assert [(leaf.path, leaf.text, leaf.changed("b")) for leaf in formats.leaves("a")] == [("", "a", "b")]


def test_facts_and_test_marks_need_no_installed_package() -> None:
    """The release runs the smoke test as it is checked out, and a cold start must not pay for readers that it does not use."""
    code = """
import sys
from shared import formats
from toolkit.release.smoke import marked
for form in formats.every():
    marked(form.example, "S1")
print([name for name in sys.modules if name.split(".")[0] in ("orjson", "jsonschema", "azure", "aiohttp")
       or name in ("shared.hl7", "shared.fhir", "shared.validation", "shared.mapping")])
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_a_source_of_hl7_imports_no_other_format() -> None:
    code = "import sys, shared.formats.hl7v2.source; print([name for name in sys.modules if name.startswith('shared.fhir')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
