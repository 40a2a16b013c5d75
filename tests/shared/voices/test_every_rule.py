"""Every rule that the product can give has its texts in English and Welsh: enumerated, from the code and the tables."""

import re
from collections.abc import Iterator

import pytest

from integrations import load_all
from shared.check import run
from shared.issue import Issue
from shared.privacy import holds_nhs_number
from shared.voices.plain import UNKNOWN, plain
from shared.voices.texts import FAMILY, actions, rules, text_of
from toolkit.generate import rule_ids
from toolkit.samples import samples

Found = dict[str, set[str]]  # a rule -> the places that give it
# Families are for rules of other people's lists: keywords of JSON Schema, national profiles, and what a SOAP library may add.
FAMILIES = {"schema-*", "soap-*", "UKCore-*", "DataStandardsWales-*", "Extension-*"}
# Where a rule is computed: each of these passes on an id that is a constant elsewhere, or takes it from a table that is read.
COMPUTED = {
    ("integrations/lims_results_to_cdr/rules.py", "row.id"),
    ("integrations/lims_results_to_cdr/standard/row.py", "self.id"),
    ("integrations/referrals_to_pas/rules.py", "rule.__name__.replace('_', '-')"),
    ("shared/fhir/validation/bundle_rules.py", "rule"),
    ("shared/fhir/validation/full_check.py", "rule"),
    ("shared/fhir/validation/full_check.py", "rule.key"),
    ("shared/fhir/validation/profile_check.py", "rule"),
    ("shared/fhir/xml/read.py", "rule"),
    ("shared/formats/csv/layout.py", "rule"),
    ("shared/formats/csv/profile.py", "rule.__name__.replace('_', '-')"),
    ("shared/formats/csv/refused.py", "self.rule"),
    ("shared/formats/fhir/profile.py", "rule.__name__.replace('_', '-')"),
    ("shared/formats/hl7v2/source.py", "error.rule"),
    ("shared/formats/json/schema.py", "f'schema-{keyword}'"),
    ("shared/formats/json/schema.py", "rule.__name__.replace('_', '-')"),
    ("shared/formats/soap/envelope.py", "f'soap-{rule}'"),
    ("shared/formats/xml/schema.py", "rule"),
    ("shared/formats/xml/schema.py", "rule.__name__.replace('_', '-')"),
    ("shared/hl7/batch.py", "rule"),
    ("shared/hl7/reader.py", "rule"),
    ("shared/mapping/back/writing.py", "rule"),
    ("shared/mapping/fields.py", "rule"),
    ("shared/mapping/validity.py", "rule"),
    ("shared/problems.py", "code"),
    ("shared/validation/policy.py", "rule"),
    ("shared/validation/profile.py", "rule_id(rule)"),
    ("shared/validation/repairs.py", "each.rule"),
    ("shared/validation/repairs.py", "rule"),
    ("shared/xml/problems.py", "rule"),
}
# Codes of a delivery and not of a verdict: what a failed attempt leaves in the record (docs/generated/delivery-failures.md).
WELSH = re.compile(r"\b(y|yr|yn|mae|nid|nis|ni|neu|ar|o|a'i|gan)\b", re.IGNORECASE)  # words that English does not have


@pytest.fixture(scope="module")
def found() -> Found:
    return rule_ids.every()


def test_there_are_as_many_as_one_expects(found: Found) -> None:
    assert len(found) > 550
    assert {"patient-name", "segment-missing", "ORU-PID-003", "pat-1", "storage-away", "schema-required", "postcode"} <= set(
        found
    )


def test_each_rule_has_its_texts(found: Found) -> None:
    """All of them in one result: there are more than 600."""
    missing = {rule: sorted(places) for rule, places in found.items() if not text_of(rule)}
    assert missing == {}, "these rules have no texts: add them to shared/voices/rules"
    known = {name.removesuffix("-error") for name in actions()} | {"none"}
    assert [rule for rule in found if (text := text_of(rule)) and text.action not in known] == []


def test_each_text_is_a_sentence_and_no_essay(found: Found) -> None:
    texts = {rule: text for rule in found if (text := text_of(rule))}
    said = [(rule, each) for rule, text in texts.items() for each in (*text.wrong.values(), *text.expected.values())]
    assert len(said) >= 4 * len(found)
    assert [each for each in said if not (each[1].endswith(".") and 6 <= len(each[1]) <= 220)] == []


def test_a_text_without_a_rule_is_stale(found: Found) -> None:
    assert {rule for rule in rules() if not rule.endswith(FAMILY)} - set(found) == {UNKNOWN}


def test_families_are_few_and_each_has_rules(found: Found) -> None:
    assert {rule for rule in rules() if rule.endswith(FAMILY)} == FAMILIES
    for family in FAMILIES:
        assert any(rule.startswith(family.removesuffix(FAMILY)) for rule in found)


def test_a_computed_rule_is_known() -> None:
    """A new place that computes the id of a rule could give one that no one has listed."""
    shows_them = ("shared/ops/", "shared/ledger/", "shared/compare/", "shared/partner_docs/")  # rules that were given before
    assert {(path, rule) for path, rule in rule_ids.computed() if not path.startswith(shows_them)} == COMPUTED


def test_both_languages_differ_and_welsh_is_welsh() -> None:
    for rule, text in rules().items():
        assert text.wrong["en"] != text.wrong["cy"], rule
        assert WELSH.search(f"{text.wrong['cy']} {text.expected['cy']}"), rule
    english = {said["en"] for said in actions().values()}
    assert not english & {said["cy"] for said in actions().values()}


def issues() -> Iterator[Issue]:
    for integration in load_all():
        for sample in samples(integration):
            ran = run(integration, sample.envelope)
            yield from (*ran.verdict.issues, *ran.faults, *ran.waits_for)


def test_what_the_samples_give_is_among_the_rules(found: Found) -> None:
    """The other way round: rules that were seen are rules that were found in the code."""
    seen = {issue.rule for issue in issues()}
    assert len(seen) > 60
    assert seen <= set(found)


def test_no_text_has_a_value_of_a_message() -> None:
    """A path is the only part that comes from the message, and it has no value of it."""
    for issue in issues():
        for language in ("en", "cy"):
            said = plain(issue, language)
            assert said.where == (issue.where or said.where)
            assert (said.wrong, said.expected, said.action) == plain(issue._replace(where="", text="CANARY"), language)[1:4]
            assert not holds_nhs_number(said.text)
