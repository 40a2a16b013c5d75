"""Lanes, and what the Master Patient Index is routed by."""

import pytest

from integrations import load
from shared.hl7 import parse
from tests.integrations.flows import BODIES, ran

PHW, PIMS, CHEMOCARE = "phw-to-mpi", "pims-to-mpi", "chemocare-to-mpi"
LANES = [  # integration, sample, lane, the lane that it waits for
    (PHW, "a28_new_patient", "SCR100000^252", ""),
    (PHW, "a40_merge", "SCR100020^252", "SCR200020^252"),
    (PIMS, "a04_identifiers_in_other_order", "P300101", ""),
    (PIMS, "a40_merge", "P300130", "P400130"),
    (CHEMOCARE, "a28_velindre", "9990001650", ""),
    (CHEMOCARE, "a40_merge", "9990001863", "9990002975"),
    ("paris-to-mpi", "a31_update", "PAR600001^169", ""),
    ("paris-to-mpi", "a40_merge", "PAR600007^169", "PAR700007^169"),
    ("mosaiq-to-mpi", "a31_update", "MSQ600001^285", ""),
    ("wds-to-mpi", "a31_update", "WDS600001^WDS", ""),
    ("mpi-outbound", "a28_created", "E900000^100", ""),
    ("mpi-outbound", "a31_no_enterprise_number", "A912012^140", ""),
    ("mpi-outbound", "a40_merge", "E900013^100", "E950013^100"),
]


@pytest.mark.parametrize(("name", "sample", "lane", "after"), LANES)
def test_the_lane_is_the_patient_and_a_merge_waits_for_the_merged_one(name, sample, lane, after) -> None:
    integration, content = load(name), parse(BODIES[name][sample])
    assert integration.lane(content) == lane
    assert integration.after
    assert integration.after(content) == after


def test_a_patient_known_by_the_nhs_number_alone_has_it_for_a_lane() -> None:
    content = parse(BODIES["wds-to-mpi"]["a31_nhs_number_alone"])
    assert load("wds-to-mpi").lane(content) == f"{content['PID-3.1']}^NHS"


PROPERTIES = [  # rule, sample, property, value
    ("messagetype is MSH-9.2", "a40_merge", "messagetype", "A40"),
    ("sources are trimmed, distinct, in order, in bars", "a31_sources_repeated", "updatesources", "|110|252|"),
    ("assigning authorities", "a28_created", "assigningauthorities", "|100|NHS|140|"),
    ("no authority is empty text", "a31_no_authorities", "assigningauthorities", ""),
    ("PID-30 says dead", "a31_deceased_by_indicator", "deceased", True),
    ("PID-29 says dead", "a31_deceased_by_date", "deceased", True),
    ("a null says alive", "a31_death_withdrawn", "deceased", False),
    ("nothing says alive", "a28_created", "deceased", False),
]


@pytest.mark.parametrize(("sample", "key", "value"), [each[1:] for each in PROPERTIES], ids=[each[0] for each in PROPERTIES])
def test_routing_properties(sample, key, value) -> None:
    assert ran("mpi-outbound", BODIES["mpi-outbound"][sample]).outgoing[0].properties[key] == value


@pytest.mark.parametrize("sample", ["a31_z_segment", "a31_z_segment_inside"])
def test_the_mpi_may_send_z_segments(sample) -> None:
    assert ran("mpi-outbound", BODIES["mpi-outbound"][sample]).verdict.accepted
