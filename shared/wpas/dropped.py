"""Why elements of a transaction reach no field of HL7 v2, for every destination."""

from shared.wpas.names import OTHER_TYPES
from shared.wpas.transaction import where

NO_FIELD = "no field of the message takes it"
TEXT_OF_A_CODE = "the text of a code that is sent"
BEFORE = "the message of a transfer has no place for who was responsible before it"
VISIT = "of a visit: only a transfer (IPT) has one"
PERSON = "next of kin and alerts are sent with a registration or a change (MPI, MPA)"
OF_A_VISIT = """
ADM_CONS ADM_CONS_GMC ADM_CONS_NAME ADM_WARD ADM_WARD_NAME CONS CONS_GMC CONS_NAME CURLOC_PROVIDER_CODE DISDEST DISMETHOD
DIS_DATE DIS_TIME LINK_ID NEW_WARD NEW_WARD_NAME OLD_WARD OLD_WARD_NAME OUTCOME REFERRING_GP SOURCE_ADMISSION SPEC SPEC_NAME
SPELL_NO TRANSFER_DATE TRANSFER_TIME TRT_DATE TRT_TIME TRT_TYPE UNIQUE_ID UPI
"""
OF_A_PERSON = "EVENT_CODES EVENT_DESCS EVENT_VALUES KEY_NOTE_TYPES CURRENT_HEALTH_RISK_FACTOR"
KIN_PARTS = ("", "_REL", "_REL_CODE", "_ADDR1", "_ADDR2", "_ADDR3", "_ADDR4", "_POSTCODE", "_TEL_DAY", "_TEL_NIGHT")
KIN = tuple(f"{kin}_KIN{part}" for kin in ("NEXT", "OTHER") for part in KIN_PARTS)

DROPPED = {
    **{where(name): VISIT for name in OF_A_VISIT.split()},
    **{where(name): PERSON for name in (*OF_A_PERSON.split(), *KIN)},
    **{where(name): "belongs to types of message that have no mapping" for name in OTHER_TYPES},
    **{where(f"GP_{part}"): "the practice is named by its code and its first line" for part in ("ADDR2", "ADDR3", "ADDR4")},
    **{where(f"GP_{part}"): "the practice is named by its code" for part in ("POSTCODE", "TELEPHONE", "FAX")},
    **{where(f"OLD_{part}"): BEFORE for part in ("CONS", "SPEC", "CONS_NAME", "SPEC_NAME", "CONS_GMC")},
    **{
        where(f"NEW_{part}"): "compared with the consultant of the transaction, which is sent"
        for part in ("CONS", "CONS_NAME", "CONS_GMC")
    },
    **{where(f"NEW_{part}"): "the specialty of the transaction is sent" for part in ("SPEC", "SPEC_NAME")},
    where("OVERSEAS_STATUS"): NO_FIELD + "; the meaning of its digits is not published",
    where("OCCUPATION"): NO_FIELD,
    where("GENDER"): "HL7 v2.5 has no field for gender identity",
    where("EDCIMS_NO"): "its authority is not known",
    where("ARRIVAL_TIME"): NO_FIELD,
    where("TRANSFER_NO"): NO_FIELD,
    where("SOURCE_ADMISSION_DESC"): TEXT_OF_A_CODE,
    where("DISDEST_DESC"): TEXT_OF_A_CODE,
    where("DISMETHOD_DESC"): TEXT_OF_A_CODE,
    where("UNIT_NUMBER"): "the new number is sent in its place",
    where("DHA_CODE"): "the site of the visit is sent in its place",
    where("WARD"): "the new ward is sent in its place",
    where("WARD_NAME"): "the new ward is sent in its place",
    where("DISLOCATION"): "sent where there is no destination, if it is the code of a hospital",
    where("TRANSFERS"): "the history of transfers: the message has the last one",
    where("OPADDONS"): "belongs to types of message that have no mapping",
    where("ACT_REQ_OPTIONS"): "belongs to types of message that have no mapping",
}
