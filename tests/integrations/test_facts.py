"""Every rule of the flows to and from the Master Patient Index, each named and shown by a sample."""

import pytest

from tests.integrations.flows import BODIES, UNCHANGED, findings, ran, sent

PHW = "phw-to-mpi"
PIMS = "pims-to-mpi"
CHEMOCARE = "chemocare-to-mpi"
LEAVES = [  # rule, integration, sample, what leaves at each path as it is sent
    ("MSH-7 of 14 digits is unchanged", PHW, "a28_new_patient", {"MSH-7": "20260501101112"}),
    ("MSH-7 with dashes is made compact", PHW, "a31_message_time_with_dashes", {"MSH-7": "20260501101112"}),
    ("MSH-7 loses fraction and offset", PHW, "a31_message_time_with_offset", {"MSH-7": "20260501101112"}),
    ("an absent MSH-7 is the time of receipt", PHW, "a31_message_time_absent", {"MSH-7": "20260501103000"}),
    ("RESURREC is a null", PHW, "a31_resurrected", {"PID-29": '""'}),
    ("PID-29 is its first component, trimmed", PHW, "a31_date_of_death", {"PID-29": "20260401"}),
    ("a blank PID-29 is absent", PHW, "a31_date_of_death_blank", {"PID-29": ""}),
    ("a null is kept", PHW, "a31_null", {"PID-13": '""', "PID-19": '""', "PID-29": '""'}),
    (
        "MSH-3..6 and 8..21 are copied, repetitions kept",
        PHW,
        "a28_every_field",
        {"MSH-8": "SEC", "MSH-13": "42", "MSH-21": "PHW-ADT^252~MPI-ADT^100", "MSH-18": "UNICODE UTF-8", "MSH-5": "100"},
    ),
    ("PIMS: MSH-3..6", PIMS, "a04_registration", {"MSH-3": "103", "MSH-4": "103", "MSH-5": "200", "MSH-6": "200"}),
    ("PIMS: MSH-7 loses its offset", PIMS, "a08_times_with_offset", {"MSH-7": "20260501101112"}),
    ("PIMS: an absent MSH-7 is the time of receipt", PIMS, "a08_message_time_absent", {"MSH-7": "20260501103000"}),
    ("PIMS: MSH-8 and MSH-13 are copied", PIMS, "a04_registration", {"MSH-8": "SEC", "MSH-13": "7"}),
    (
        "PIMS: MSH-14..16, 18, 20, 21 are dropped; 12, 17, 19 are fixed",
        PIMS,
        "a08_every_pid_field",
        {f"MSH-{n}": "" for n in (14, 15, 16, 18, 20, 21)} | {"MSH-12": "2.5", "MSH-17": "GBR", "MSH-19": "EN"},
    ),
    ("PIMS: A04 becomes A28", PIMS, "a04_registration", {"MSH-9": "ADT^A28^ADT_A05", "EVN-1": "A04"}),
    ("PIMS: A08 becomes A31", PIMS, "a08_no_address", {"MSH-9": "ADT^A31^ADT_A05"}),
    ("PIMS: A40 is written as ADT_A39", PIMS, "a40_merge_as_pims_writes_it", {"MSH-9": "ADT^A40^ADT_A39"}),
    ("PIMS: EVN-2, EVN-6 lose their offsets", PIMS, "a08_times_with_offset", {"EVN-2": "20260501101000", "EVN-6": "20260501"}),
    ("PIMS: an absent EVN-2 stays absent", PIMS, "a08_event_time_absent", {"EVN-2": "", "EVN-6": ""}),
    ("PIMS: other EVN fields are dropped", PIMS, "a08_every_pid_field", {"EVN-3": "", "EVN-4": "", "EVN-5": ""}),
    (
        "PIMS: identifiers are found by type, not by place",
        PIMS,
        "a04_identifiers_in_other_order",
        {"PID-3": "9990001111^^^NHS^NH~P300101^^^103^PI"},
    ),
    (
        "PIMS: the type is read in any case, the numbers are trimmed",
        PIMS,
        "a04_identifiers_in_lower_case",
        {"PID-3": "9990001138^^^NHS^NH~P300102^^^103^PI"},
    ),
    ("PIMS: an NI without a number does not count", PIMS, "a04_pims_number_only", {"PID-3": "P300103^^^103^PI"}),
    ("PIMS: an NHS Number alone goes alone", PIMS, "a04_nhs_number_only", {"PID-3": "9990001154^^^NHS^NH"}),
    (
        "PIMS: a pseudo NHS Number is a local number with A04",
        PIMS,
        "a04_pseudo_nhs_number",
        {"PID-3": "N312345678^^^108^LI~P300105^^^103^PI"},
    ),
    ("PIMS: and is left out otherwise", PIMS, "a08_pseudo_nhs_number", {"PID-3": "P300106^^^103^PI"}),
    ("PIMS: PID-5 is the first name, five components", PIMS, "a08_every_pid_field", {"PID-5": "Môn^Siân^Haf^^Mrs"}),
    ("PIMS: PID-7 loses its offset", PIMS, "a08_times_with_offset", {"PID-7": "19620317"}),
    ("PIMS: an absent PID-7 stays absent, an absent PID-11 too", PIMS, "a08_no_address", {"PID-7": "", "PID-11": ""}),
    ("PIMS: a null PID-7 and PID-29 stay nulls", PIMS, "a08_death_null", {"PID-7": '""', "PID-29": '""'}),
    (
        "PIMS: PID-11 is the first address, five components",
        PIMS,
        "a08_every_pid_field",
        {"PID-11": "7 Maes y Dderwen^Flat 2^Bridgend^Mid Glamorgan^CF31 9ZZ"},
    ),
    (
        "PIMS: every PID-13, the first PID-14, the number alone",
        PIMS,
        "a08_every_pid_field",
        {"PID-13": "01632 960211~07700 900211", "PID-14": "01632 960212"},
    ),
    ("PIMS: an absent PID-29 is absent", PIMS, "a08_death_absent", {"PID-29": ""}),
    ("PIMS: absent is absent in a merge too", PIMS, "a40_merge", {"PID-29": ""}),
    ("PIMS: a date of death loses its offset", PIMS, "a08_date_of_death", {"PID-29": "20260401"}),
    ("PIMS: a short PID-29 says not dead", PIMS, "a08_not_dead", {"PID-29": '""'}),
    (
        "PIMS: other PID fields are dropped",
        PIMS,
        "a08_every_pid_field",
        {f"PID-{n}": "" for n in (1, 2, 4, 6, 9, 10, 12, *range(15, 29), 30)},
    ),
    ("PIMS: practitioner and surgery", PIMS, "a08_surgery", {"PD1-4": "G9999981", "PD1-3": "^^W99999"}),
    ("PIMS: one practitioner makes no surgery", PIMS, "a04_registration", {"PD1-4": "G9999981", "PD1-3": ""}),
    ("PIMS: PV1 says N and nothing else", PIMS, "a04_registration", {"PV1-1": "", "PV1-2": "N", "PV1-3": ""}),
    (
        "PIMS: MRG-1 is the merged number",
        PIMS,
        "a40_merge_as_pims_writes_it",
        {"MRG-1": "P400131^^^103^PI", "MRG-2": "", "MRG-7": ""},
    ),
    ("PIMS: the first merged number, trimmed", PIMS, "a40_merged_number_padded", {"MRG-1": "P400134^^^103^PI"}),
    ("Chemocare: Velindre", CHEMOCARE, "a28_velindre", {"PID-3": "9990001650^^^NHS^NH~VCC9990001650^^^224^PI"}),
    ("Chemocare: Betsi Cadwaladr", CHEMOCARE, "a28_betsi_cadwaladr", {"PID-3": "9990001669^^^NHS^NH~BCUCC9990001669^^^212^PI"}),
    ("Chemocare: South West Wales", CHEMOCARE, "a28_south_west_wales", {"PID-3": "9990001677^^^NHS^NH~SWWCC9990001677^^^192^PI"}),
    ("Chemocare: South East Wales", CHEMOCARE, "a28_south_east_wales", {"PID-3": "9990001685^^^NHS^NH~SEWCC9990001685^^^245^PI"}),
    ("Chemocare: no NHS Number, none is sent", CHEMOCARE, "a31_nhs_number_absent", {"PID-3": "VCC^^^224^PI"}),
    (
        "Chemocare: MSH",
        CHEMOCARE,
        "a31_every_field",
        {
            "MSH-3": "224",
            "MSH-4": "224",
            "MSH-5": "100",
            "MSH-6": "100",
            "MSH-7": "20260501101112.5+0100",
            "MSH-8": "SEC",
            "MSH-9": "ADT^A31^ADT_A05",
            "MSH-12": "2.5",
            "MSH-19": "EN^English",
            "MSH-21": "P1^N1~P2^N2",
        },
    ),
    ("Chemocare: MSH-9.3 is filled in", CHEMOCARE, "a28_velindre", {"MSH-9": "ADT^A28^ADT_A05"}),
    ("Chemocare: MSH-9.3 of a merge", CHEMOCARE, "a40_merge", {"MSH-9": "ADT^A40^ADT_A39"}),
    ("Chemocare: an absent MSH-7 is the time of receipt", CHEMOCARE, "a31_message_time_absent", {"MSH-7": "20260501103000"}),
    (
        "Chemocare: EVN is copied",
        CHEMOCARE,
        "a31_every_field",
        {"EVN-5": "OP01^Operator^Ola~OP02^Operator^Oli", "EVN-7": "RQF"},
    ),
    (
        "Chemocare: PID-1, and names",
        CHEMOCARE,
        "a31_every_field",
        {
            "PID-1": "1",
            "PID-5": "Vaughan&van&Vaughan^Siân^Gwen^III^Mrs^BSc^L^A^CTX^20200101^G",
            "PID-6": "Lloyd",
            "PID-7": "19550821120000",
            "PID-8": "F",
            "PID-9": "Elliott",
        },
    ),
    (
        "Chemocare: codes alone",
        CHEMOCARE,
        "a31_every_field",
        {"PID-10": "A", "PID-17": "D5", "PID-22": "N", "PID-29": "20260401", "PID-32": "AL~US"},
    ),
    (
        "Chemocare: address and telephones",
        CHEMOCARE,
        "a31_every_field",
        {
            "PID-11": "22 Ffordd y Mynydd&Ffordd y Mynydd&22^Flat 3^Pontypridd^Rhondda^CF37 9ZZ^^H^Rear",
            "PID-13": "01632 960311^PRN^^eleri@example.org~07700 900311^PRN",
            "PID-14": "01632 960312^WPN",
        },
    ),
    (
        "Chemocare: dropped PID fields",
        CHEMOCARE,
        "a31_every_field",
        {f"PID-{n}": "" for n in (2, 4, 12, 15, 16, 18, 19, 30, 31)},
    ),
    (
        "Chemocare: PD1",
        CHEMOCARE,
        "a31_every_field",
        {"PD1-3": "Meddygfa Example&x^^W99999^7^M10^AUTH^XX^FAC^A", "PD1-4": "G9999981^Meddyg^Mair^Jane^^Dr"},
    ),
    (
        "Chemocare: NK1",
        CHEMOCARE,
        "a31_every_field",
        {
            "NK1-1": "1",
            "NK1-2": "Vaughan^Huw^^^^^L",
            "NK1-3": "SPO",
            "NK1-4": "22 Ffordd y Mynydd^Flat 3^^^^^H",
            "NK1-5": "01632 960314",
        },
    ),
    ("Chemocare: MRG-1 by the identity rule", CHEMOCARE, "a40_merge", {"MRG-1": "VCC9990002975^^^224^PI", "MRG-7": ""}),
]


@pytest.mark.parametrize(("name", "sample", "expected"), [each[1:] for each in LEAVES], ids=[each[0] for each in LEAVES])
def test_what_leaves(name, sample, expected) -> None:
    made = sent(name, sample)
    assert {path: str(made.raw(path)) for path in expected} == expected


ORDERS = [  # rule, integration, sample, the segments that leave
    (
        "PHW: groups keep their order",
        PHW,
        "a31_groups_repeated",
        "MSH EVN PID PV1 PR1 ROL ROL PR1 GT1 IN1 IN2 IN3 IN3 IN1 IN2",
    ),
    ("PHW: a merge keeps MRG", PHW, "a40_merge", "MSH EVN PID PD1 MRG PV1"),
    ("PHW: two pairs stay two", PHW, "a40_two_pairs", "MSH EVN PID MRG PV1 PID PD1 MRG"),
    ("PHW: next of kin, results and allergies repeat", PHW, "a31_repeats", "MSH EVN PID NK1 NK1 PV1 OBX OBX AL1 AL1"),
    ("PIMS: clinical repetitions", PIMS, "a08_clinical_repeats", "MSH EVN PID PV1 PV2 OBX OBX AL1 AL1 DG1 DG1"),
    ("PIMS: groups, without ROL", PIMS, "a08_groups_repeated", "MSH EVN PID PV1 PR1 PR1 GT1 IN1 IN2 IN3 IN3 IN1 IN2"),
    ("PIMS: NK1, DB1, DRG, ACC, UB1, UB2 are dropped", PIMS, "a08_dropped_segments", "MSH EVN PID PV1"),
    ("PIMS: a merge has no PD1 and no PV1", PIMS, "a40_merge_as_pims_writes_it", "MSH EVN PID MRG"),
    ("PIMS: two pairs stay two", PIMS, "a40_two_pairs", "MSH EVN PID MRG PID MRG"),
    ("Chemocare: every next of kin", CHEMOCARE, "a31_next_of_kin", "MSH EVN PID NK1 NK1 NK1 PV1"),
    ("Chemocare: next of kin go before PV1", CHEMOCARE, "a31_next_of_kin_after_pv1", "MSH EVN PID NK1 NK1 PV1 PV2"),
    ("Chemocare: clinical repetitions", CHEMOCARE, "a31_clinical_repeats", "MSH EVN PID PV1 PV2 OBX OBX AL1 AL1 DG1 DG1"),
    (
        "Chemocare: groups are kept",
        CHEMOCARE,
        "a31_groups_repeated",
        "MSH EVN PID PV1 PR1 PR1 GT1 GT1 IN1 IN2 IN3 IN3 IN1 IN2",
    ),
    ("Chemocare: ROL is dropped", CHEMOCARE, "a31_roles_and_others_dropped", "MSH EVN PID PV1 PR1 IN1"),
    ("Chemocare: two pairs stay two", CHEMOCARE, "a40_two_pairs", "MSH EVN PID PD1 MRG PV1 PID MRG"),
    ("Chemocare: a merge keeps next of kin", CHEMOCARE, "a40_next_of_kin", "MSH EVN PID NK1 NK1 MRG"),
]


@pytest.mark.parametrize(("name", "sample", "expected"), [each[1:] for each in ORDERS], ids=[each[0] for each in ORDERS])
def test_the_segments_that_leave(name, sample, expected) -> None:
    assert [segment.name for segment in sent(name, sample).segments()] == expected.split()


FOUND = [  # rule, integration, sample, acknowledgement, findings
    ("PHW: MSH-7 that does not exist", PHW, "rejected_message_time_impossible", "AE", {("102", "MSH-7")}),
    ("PHW: MSH-7 with dashes that does not exist", PHW, "rejected_message_time_dashes_impossible", "AE", {("102", "MSH-7")}),
    ("PHW: MSH-7 to the minute", PHW, "rejected_message_time_to_the_minute", "AE", {("102", "MSH-7")}),
    ("PHW: MSH-7 absent is a warning", PHW, "a31_message_time_absent", "AA", {("101", "MSH-7")}),
    ("PHW: PID-7 absent", PHW, "rejected_birth_date_absent", "AE", {("101", "PID-7")}),
    ("PHW: PID-7 null", PHW, "rejected_birth_date_null", "AE", {("101", "PID-7")}),
    ("PHW: PID-7 of six digits", PHW, "rejected_birth_date_short", "AE", {("102", "PID-7")}),
    ("PHW: PID-7 with a time", PHW, "rejected_birth_date_with_time", "AE", {("102", "PID-7")}),
    ("PHW: PID-7 that does not exist", PHW, "rejected_birth_date_impossible", "AE", {("102", "PID-7")}),
    ("PHW: PID-7 before 1800", PHW, "rejected_birth_date_before_1800", "AE", {("102", "PID-7")}),
    ("PHW: PID-7 in the future is a warning", PHW, "a31_birth_date_in_future", "AA", {("102", "PID-7")}),
    ("PHW: segments out of order", PHW, "rejected_out_of_order", "AE", {("100", "PID")}),
    ("PHW: IN1 has no place in a merge", PHW, "rejected_merge_with_insurance", "AE", {("100", "IN1")}),
    ("PHW: each finding is reported", PHW, "rejected_two_findings", "AE", {("101", "PID-5"), ("102", "PID-7")}),
    ("PHW: a date that does not exist is a warning", PHW, "a31_date_that_does_not_exist", "AA", {("102", "EVN-2")}),
    ("Chemocare: a date that does not exist is a warning", CHEMOCARE, "a31_date_of_death_unreadable", "AA", {("102", "PID-29")}),
    ("PIMS: MSH-7 neither 8 nor 14 digits", PIMS, "rejected_message_time", "AE", {("102", "MSH-7")}),
    ("PIMS: EVN-2 neither 8 nor 14 digits, left out", PIMS, "a08_event_time_unreadable", "AA", {("102", "EVN-2")}),
    ("PIMS: PID-7 neither 8 nor 14 digits", PIMS, "rejected_birth_date", "AE", {("102", "PID-7")}),
    ("PIMS: PID-29 neither 8 nor 14 digits", PIMS, "rejected_date_of_death", "AE", {("102", "PID-29")}),
    ("PIMS: neither NI nor PI", PIMS, "rejected_identifiers_of_other_types", "AE", {("101", "PID-3")}),
    ("PIMS: a pseudo NHS Number alone, left out", PIMS, "rejected_pseudo_nhs_number_alone", "AE", {("101", "PID-3")}),
    ("PIMS: empty MRG-1", PIMS, "rejected_merge_number_absent", "AE", {("101", "MRG-1")}),
    ("Chemocare: MSH-7 that does not exist", CHEMOCARE, "rejected_message_time", "AE", {("102", "MSH-7")}),
    ("Chemocare: empty MRG-1", CHEMOCARE, "rejected_merge_number_absent", "AE", {("101", "MRG-1")}),
    ("Chemocare: SFT is not taken", CHEMOCARE, "rejected_software_segment", "AE", {("100", "SFT")}),
    ("Chemocare: NK1 after PV1 is a repair", CHEMOCARE, "a31_next_of_kin_after_pv1", "AA", {("0", "NK1"), ("0", "NK1[2]")}),
    ("WDS: PV2 without PV1", "wds-to-mpi", "rejected_pv2_without_pv1", "AE", {("100", "PV1")}),
    ("MPI: PID-2 absent", "mpi-outbound", "rejected_no_source", "AE", {("101", "PID-2")}),
    ("MPI: PID-2 without authority", "mpi-outbound", "rejected_source_without_authority", "AE", {("101", "PID-2")}),
]


@pytest.mark.parametrize(
    ("name", "sample", "acknowledgement", "expected"), [each[1:] for each in FOUND], ids=[each[0] for each in FOUND]
)
def test_what_is_found(name, sample, acknowledgement, expected) -> None:
    assert findings(name, BODIES[name][sample]) == (acknowledgement, expected)


@pytest.mark.parametrize("name", UNCHANGED)
def test_the_body_is_unchanged_but_for_segment_ends(name) -> None:
    for sample, body in BODIES[name].items():
        if not sample.startswith("rejected_"):
            made = ran(name, body).outgoing[0].body
            assert made == body.replace(b"\r\n", b"\r").replace(b"\n", b"\r"), sample


def test_phw_copies_every_byte_but_msh_7_and_pid_29() -> None:
    for sample in ("a28_every_field", "a31_groups_repeated", "a31_welsh_letters", "a31_latin1", "a31_repeats", "a31_escapes"):
        assert ran(PHW, BODIES[PHW][sample]).outgoing[0].body == BODIES[PHW][sample]
