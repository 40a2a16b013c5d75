"""The structures of the common message types, each for HL7 v2.3 to 2.5.1 at once: what any of these versions has is accepted.

Where it is not safe to accept, the standard is narrowed. Refused are a second patient (ORU, SIU), results of earlier orders
(OML, OMG), because they look like new orders, a VXU without a vaccination and an A18 without MRG. Swaps and links of two patients
(A17, A24, A37) have no structure here. Structures of one sender are in ``shared/validation/structures.py``.
"""

from collections.abc import Iterable

from shared.hl7.structure import structures
from shared.validation.structure import Structure

_START = "MSH [{SFT}] EVN PID [PD1]"
_VISIT = "PV1 [PV2] [{ROL}] [{DB1}] [{OBX}]"
_PROCEDURES = "[{PR1 [{ROL}]}]"
_INSURANCE = "[{IN1 [IN2] [{IN3}] [{ROL}]}]"
_FACTS = f"[{{AL1}}] [{{DG1}}] [DRG] {_PROCEDURES}"
_PAYER = f"[{{GT1}}] {_INSURANCE} [ACC]"
_PATIENT = "PID [PD1] [{NTE}] [{NK1}] [{NTE}] [PV1 [PV2]]"
_ORDERED_FOR = f"[{{NTE}}] [{_PATIENT} [{{IN1 [IN2] [{{IN3}}]}}] [GT1] [{{AL1}}]]"
_TIMES = "[{TQ1 [{TQ2}]}]"
_RESULTS = "[{OBX [TCD] [{NTE}]}]"
_SPECIMENS = "[{SPM [{OBX}] [{SAC [{OBX}]}]}]"
_CONTAINERS = "[{SAC [{OBX}]}]"
_END = "[{FT1}] [{CTI}] [BLG]"
_DOCUMENT = f"MSH [{{SFT}}] EVN PID PV1 [{{ORC {_TIMES} OBR [{{NTE}}]}}] TXA"
_CHARGED = f"[ORC] {_TIMES} [OBR [{{NTE}}]] [{{OBX [{{NTE}}]}}]"

TEXTS = {
    "ADT_A01": f"{_START} [{{ROL}}] [{{NK1}}] {_VISIT} {_FACTS} {_PAYER} [UB1] [UB2] [PDA]",
    "ADT_A02": f"{_START} [{{ROL}}] {_VISIT} [PDA]",
    "ADT_A03": f"{_START} [{{ROL}}] [{{NK1}}] PV1 [PV2] [{{ROL}}] [{{DB1}}] {_FACTS} [{{OBX}}] {_PAYER} [PDA]",
    "ADT_A05": f"{_START} [{{ROL}}] [{{NK1}}] {_VISIT} {_FACTS} {_PAYER} [UB1] [UB2]",
    "ADT_A06": f"{_START} [{{ROL}}] [MRG] [{{NK1}}] PV1 [PV2] [{{ROL}}] [{{DB1}}] [DRG] [{{OBX}}] {_FACTS} {_PAYER} [UB1] [UB2]",
    "ADT_A09": f"{_START} PV1 [PV2] [{{DB1}}] [{{OBX}}] [{{DG1}}]",
    "ADT_A12": f"{_START} PV1 [PV2] [{{DB1}}] [{{OBX}}] [{{DG1}}]",
    "ADT_A15": f"{_START} [{{ROL}}] {_VISIT} [{{DG1}}]",
    "ADT_A16": f"{_START} [{{ROL}}] [{{NK1}}] {_VISIT} {_FACTS} {_PAYER}",
    "ADT_A18": f"{_START} MRG PV1",
    "ADT_A20": "MSH [{SFT}] EVN NPU",
    "ADT_A21": f"{_START} PV1 [PV2] [{{DB1}}] [{{OBX}}]",
    "ADT_A30": f"{_START} MRG",
    "ADT_A38": f"{_START} PV1 [PV2] [{{DB1}}] [{{OBX}}] [{{DG1}}] [DRG]",
    "ADT_A39": "MSH [{SFT}] EVN {PID [PD1] MRG [PV1]}",
    "ADT_A43": "MSH [{SFT}] EVN {PID [PD1] MRG}",
    "ADT_A45": f"{_START} {{MRG PV1}}",
    "ADT_A50": f"{_START} MRG PV1",
    "ADT_A52": f"{_START} PV1 [PV2]",
    "ADT_A54": f"{_START} [{{ROL}}] PV1 [PV2] [{{ROL}}]",
    "ADT_A60": "MSH [{SFT}] EVN PID [PV1] [PV2] [{IAM}]",
    "ADT_A61": f"{_START} PV1 [{{ROL}}] [PV2]",
    "ORU_R01": (
        f"MSH [{{SFT}}] [{_PATIENT}] "
        f"{{[ORC] OBR [{{NTE}}] {_TIMES} [CTD] [{{[OBX] [{{NTE}}]}}] [{{FT1}}] [{{CTI}}] [{{SPM [{{OBX}}]}}]}} [DSC]"
    ),
    "ORM_O01": (f"MSH {_ORDERED_FOR} {{ORC [<OBR|RQD|RQ1|RXO|ODS|ODT> [{{NTE}}] [CTD] [{{DG1}}] [{{OBX [{{NTE}}]}}]] {_END}}}"),
    "OML_O21": (
        f"MSH [{{SFT}}] {_ORDERED_FOR} "
        f"{{[SAC [{{OBX}}]] ORC {_TIMES} [OBR {_CONTAINERS} [TCD] [{{NTE}}] [CTD] [{{DG1}}] {_RESULTS} {_SPECIMENS}] {_END}}}"
    ),
    "OMG_O19": (
        f"MSH [{{SFT}}] {_ORDERED_FOR} {{ORC {_TIMES} OBR [{{NTE}}] [CTD] [{{DG1}}] [{{OBX [{{NTE}}]}}] {_SPECIMENS} {_END}}}"
    ),
    "MDM_T01": _DOCUMENT,
    "MDM_T02": f"{_DOCUMENT} {{OBX [{{NTE}}]}}",
    "SIU_S12": (
        "MSH SCH [{TQ1}] [{NTE}] [PID [PD1] [PV1] [PV2] [{OBX}] [{DG1}]] "
        "{RGS [{AIS [{NTE}]}] [{AIG [{NTE}]}] [{AIL [{NTE}]}] [{AIP [{NTE}]}]}"
    ),
    "VXU_V04": (
        "MSH [{SFT}] PID [PD1] [{NK1}] [PV1 [PV2]] [{GT1}] [{IN1 [IN2] [IN3]}] "
        f"{{[ORC {_TIMES}] RXA [RXR] [{{OBX [{{NTE}}]}}]}}"
    ),
    "REF_I12": (
        "MSH [{SFT}] [RF1] [AUT [CTD]] {PRD [{CTD}]} PID [{NK1}] [{GT1}] [{IN1 [IN2] [IN3]}] [ACC] [{DG1}] [{DRG}] [{AL1}] "
        "[{PR1 [AUT [CTD]]}] [{OBR [{NTE}] [{OBX [{NTE}]}]}] [PV1 [PV2]] [{NTE}]"
    ),
    "RDE_O11": (
        f"MSH [{{SFT}}] {_ORDERED_FOR} {{ORC {_TIMES} [RXO [{{NTE}}] {{RXR}} [{{RXC [{{NTE}}]}}]] "
        f"RXE [{{NTE}}] {_TIMES} {{RXR}} [{{RXC}}] [{{OBX [{{NTE}}]}}] [{{FT1}}] [BLG] [{{CTI}}]}}"
    ),
    "DFT_P03": (
        f"{_START} [{{ROL}}] [PV1] [PV2] [{{ROL}}] [{{DB1}}] [{{{_CHARGED}}}] "
        f"{{FT1 [NTE] {_PROCEDURES} [{{{_CHARGED}}}]}} [{{DG1}}] [DRG] {_PAYER}"
    ),
}
STRUCTURES = {name: Structure(text, f"HL7 v2.5.1, {name}") for name, text in TEXTS.items()}


def structures_of(messages: Iterable[str]) -> dict[str, Structure]:
    """The structures of these messages, by MSH-9.3. ``KeyError``: one of them has none here.

    >>> sorted(structures_of(("ADT^A01", "ADT^A12")))
    ['ADT_A01', 'ADT_A09', 'ADT_A12']
    """
    return {name: STRUCTURES[name] for message in messages for name in sorted(structures(message)) or [message]}
