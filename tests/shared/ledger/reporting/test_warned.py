"""Warnings are counted by rule, field and sender, whatever a sender writes."""

from shared.issue import Issue, Verdict
from shared.ledger.reporting import warned
from tests import ledger_world as world


def verdict(*issues: Issue) -> Verdict:
    return Verdict("AA", issues)


def counted(hub) -> dict[str, int]:
    return {name: count for (_, name), count in hub.counts.items()}


def hub_of(one):
    return world.hub(one)


def test_a_warning_is_counted_once_for_each_rule_and_field_of_a_message() -> None:
    one = world.integration(world.Remembering())
    hub = hub_of(one)
    found = verdict(
        Issue(severity="warning", code="code-invalid", where="NK1[2]-3[2].1", text="x", rule="local-code"),
        Issue(severity="warning", code="code-invalid", where="NK1[3]-3.1", text="x", rule="local-code"),
        Issue(severity="information", code="informational", where="EVN-2", text="x", rule="padding"),
        Issue(severity="error", code="required", where="PID-3", text="x", rule="patient-identifier"),
    )
    warned.count(one, "224", found, hub)
    warned.count(one, "224", found, hub)
    assert counted(hub) == {"warned local-code NK1-3 224": 2, "warned padding EVN-2 224": 2}
    assert [warned.of(name) for name in sorted(counted(hub))] == [("local-code", "NK1-3", "224"), ("padding", "EVN-2", "224")]


def test_what_a_sender_writes_never_becomes_a_name() -> None:
    one = world.integration(world.Remembering())
    hub = hub_of(one)
    warned.count(
        one,
        "Jones Ann 9990000018",
        verdict(Issue(severity="warning", code="value", where="/Jones Ann", text="x", rule="date")),
        hub,
    )
    (name,) = counted(hub)
    assert "Jones" not in name
    assert "9990000018" not in name
    found = warned.of(name)
    assert found
    assert found.field == "-"
    assert found.sender.startswith("hash-")


def test_names_are_bounded() -> None:
    one = world.integration(world.Remembering())
    hub = hub_of(one)
    for n in range(warned.MOST + 200):
        warned.count(one, f"S{n}", verdict(Issue(severity="warning", code="value", where="EVN-2", text="x", rule="date")), hub)
    assert len(hub.counts) == warned.MOST + 1
    assert counted(hub)[warned.OTHERS] == 200
    warned.count(one, "S0", verdict(Issue(severity="warning", code="value", where="EVN-2", text="x", rule="date")), hub)
    assert counted(hub)["warned date EVN-2 S0"] == 2, "a name that is known keeps its own count"
    assert counted(hub)[warned.OTHERS] == 200


async def test_an_accepted_message_counts_its_warnings() -> None:
    from integrations import load
    from shared.envelope import Envelope
    from shared.intake.accept import accept
    from toolkit.samples import samples

    one = load("chemocare-to-mpi")
    hub = world.hub(one)
    (sample,) = (each for each in samples(one) if each.name == "a31_as_chemocare_writes_it")
    await accept(one, Envelope(integration=one.name, body=sample.body, received_at="2026-05-01T09:30:00.000Z"), hub)
    assert counted(hub)["warned table-code EVN-1 224"] == 1
    await accept(one, Envelope(integration=one.name, body=sample.body, received_at="2026-05-01T09:30:00.000Z"), hub)
    assert counted(hub)["warned table-code EVN-1 224"] == 1, "a duplicate is not counted again"
