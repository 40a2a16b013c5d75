"""Why elements of a WPAS transaction reach nothing in the Clinical Data Repository."""

from shared.wpas.dropped import DROPPED as OF_WPAS
from shared.wpas.dropped import OF_A_PERSON
from shared.wpas.transaction import where

DROPPED = {
    **{path: reason for path, reason in OF_WPAS.items() if path != where("DHA_CODE")},  # the authority of the account
    **{where(name): "alerts: how the repository holds them is for a clinical review to decide" for name in OF_A_PERSON.split()},
    where("UPDATE_DATE"): "the repository has its own time of a change, and the message has that of its receipt",
}
