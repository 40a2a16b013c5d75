"""Why elements of a WPAS transaction reach nothing in the Master Patient Index."""

from shared.wpas.dropped import DROPPED as OF_WPAS

DROPPED = {**OF_WPAS}
