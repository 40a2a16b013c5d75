"""Which codes of a message no table knows, and what of them may be shown."""

import pytest

from shared.codes.met import kept, met
from shared.codes.table import CodeTable, Unmapped, fields, issues, waits
from shared.hl7 import parse
from shared.issue import Issue
from shared.privacy import HASHED

CLASSES = CodeTable("CLASSES", __name__, {"I": "IMP"}, met=fields("PV1-2", "PID-3.4"), unmapped="wait")
MESSAGE = parse('MSH|^~\\&|\rPID|||1^^^X~2^^^I\rPV1||Q\rPV1||""\r')


@pytest.mark.parametrize("text", ["F", "Sub", "W37.1", "7A4BV", "E11.9", "NH", "10.01", "a_b"])
def test_a_code_is_shown(text: str) -> None:
    assert kept(text) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Jones",
            "JONES",
            "O'Hara",
            "Siân",
            "Mary-Ann",
            "9990000018",
            "999-000-0018",
            "999000",
            "19800214",
            "CF101AA",
            "SA6 8BA",
        ),
        *("A123456", "07700 900123", "x" * 21, "1 Heol yr Orsaf", "S55000B", "chest pain", "jo@example.com", "-1", "NSTS01"),
    ],
)
def test_what_may_be_free_text_is_kept_as_a_keyed_hash(text: str) -> None:
    assert kept(text).startswith(HASHED)
    assert text not in kept(text)


def test_every_place_of_a_table_is_looked_at() -> None:
    found = CLASSES.unknown(MESSAGE)
    assert [(issue.where, code) for issue, code in found] == [("PV1-2", "Q"), ("PID-3.4", "X")]
    assert {issue.severity for issue, _ in found} == {"warning"}
    assert waits([CLASSES], MESSAGE) == found


@pytest.mark.parametrize(("unmapped", "severity"), [("refuse", "error"), ("wait", "warning"), ("keep", "warning")])
def test_a_table_decides_what_an_unknown_code_means(unmapped: str, severity: str) -> None:
    table = CodeTable("T", __name__, {}, met=fields("PV1-2"), unmapped=unmapped)  # type: ignore[arg-type]
    assert [issue.severity for issue in issues([table], MESSAGE)] == [severity]
    assert bool(waits([table], MESSAGE)) == (unmapped == "wait")


def test_looking_up_an_unknown_code_fails_as_a_table_does() -> None:
    assert CLASSES["I"] == "IMP"
    assert CLASSES.get("Q") is None
    with pytest.raises(KeyError) as raised:
        CLASSES["Q"]
    assert isinstance(raised.value, Unmapped)
    assert raised.value.waits


def test_a_table_says_where_it_is() -> None:
    path, _, line = CLASSES.place.partition(":")
    assert path == "tests/shared/codes/test_met.py"
    assert line == "11"


def test_a_code_at_one_place_is_one_item() -> None:
    issue = Issue(severity="warning", code="code-invalid", where="PV1-2", text="not in table", rule="local-code")
    found = met(
        MESSAGE, [issue, issue, issue._replace(rule="table-code"), issue._replace(code="value"), issue._replace(where="")]
    )
    assert [(each.path, each.code, each.rule) for each in found] == [
        ("PV1-2", "Q", "local-code"),
        ("PV1-2", "Q", "table-code"),
    ]


def test_a_path_of_json_is_read() -> None:
    issue = Issue(severity="error", code="code-invalid", where="/a/0/b", text="not in table", rule="schema-enum")
    assert [(each.path, each.code) for each in met({"a": [{"b": "Q"}]}, [issue])] == [("/a/0/b", "Q")]


def test_a_path_of_a_fhir_bundle_is_read() -> None:
    issue = Issue(severity="error", code="code-invalid", where="Bundle.entry[1].resource.gender", text="not", rule="binding")
    bundle = {"resourceType": "Bundle", "entry": [{}, {"resource": {"resourceType": "Patient", "gender": "Q"}}]}
    assert [(each.path, each.code) for each in met(bundle, [issue])] == [("Bundle.entry.resource.gender", "Q")]
