"""Structures that several integrations share, in the abstract syntax of HL7 v2.5 chapter 2.12 (see grammar.py).

No grammar accepts a second PID outside ADT_A39, a Z segment, an A40 without MRG or a missing PV1, so they are rejected.
"""

from dataclasses import replace

from shared.validation.structure import Structure

_UP_TO_PATIENT = "MSH [{SFT}] EVN PID [PD1] [{ROL}] [{NK1}]"
_CLINICAL = "[{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{GT1}]"
_INSURANCE = "[{IN1 [IN2] [{IN3}] [{ROL}]}] [ACC] [UB1] [UB2]"

ADT_A05 = Structure(f"{_UP_TO_PATIENT} PV1 [PV2] [{{ROL}}] {_CLINICAL} {_INSURANCE}", "HL7 v2.5 3.3.28")
ADT_A05_VISIT_OPTIONAL = Structure(f"{_UP_TO_PATIENT} [PV1 [PV2] [{{ROL}}]] {_CLINICAL} {_INSURANCE}", "HL7 v2.5 3.3.28")
# Chemocare sends NK1 after PV1: it is accepted, and recorded as a repair.
ADT_A05_NK1_AFTER_PV1 = Structure(
    f"MSH EVN PID [PD1] [{{ROL}}] [{{NK1}}] PV1 [{{~NK1}}] [PV2] [{{~NK1}}] [{{ROL}}] {_CLINICAL} {_INSURANCE}", "HL7 v2.4 3.3.28"
)
ADT_A01 = Structure(
    "MSH EVN PID [PD1] [{NK1}] PV1 [PV2] [{DB1}] [{OBX}] [{AL1}] [{DG1}] [DRG] [{PR1 [{ROL}]}] [{GT1}] "
    "[{IN1 [IN2] [{IN3}]}] [ACC] [UB1] [UB2]",
    "HL7 v2.3.1 3.3.1",
)
ADT_A02 = Structure("MSH [{SFT}] EVN PID [PD1] [{ROL}] PV1 [PV2] [{ROL}] [{DB1}] [{OBX}] [PDA]", "HL7 v2.5 3.3.2")
ADT_A39 = Structure("MSH EVN {PID [PD1] MRG [PV1]}", "HL7 v2.5 3.3.39")
ADT_A39_NK1 = Structure("MSH EVN {PID [PD1] [{NK1}] MRG [PV1]}", "HL7 v2.4 3.3.39")

REF_I12 = Structure(
    "MSH [{SFT}] [RF1] [AUT [CTD]] {PRD [{CTD}]} PID [{NK1}] [{GT1}] [{IN1 [IN2] [IN3]}] [ACC] [{DG1}] [{DRG}] [{AL1}] "
    "[{PR1 [AUT [CTD]]}] [{OBR [{NTE}] [{OBX [{NTE}]}]}] [PV1 [PV2]] [{NTE}]",
    "HL7 v2.5.1 11.3.2",
)
MDM_T02 = Structure(
    "MSH [{SFT}] EVN PID PV1 [{ORC [{TQ1 [{TQ2}]}] OBR [{NTE}]}] TXA {OBX [{NTE}]}",
    "HL7 v2.5.1 9.6.2",
)
VXU_V04 = Structure(
    "MSH [{SFT}] PID [PD1] [{NK1}] [PV1 [PV2]] [{GT1}] [{IN1 [IN2] [IN3]}] {ORC [{TQ1 [{TQ2}]}] RXA [RXR] [{OBX [{NTE}]}]}",
    "HL7 v2.5.1 4.14.1",
)


def with_z_segments(structure: Structure) -> Structure:
    """The same structure, which accepts Z segments at any place."""
    return replace(structure, z_segments=True)
