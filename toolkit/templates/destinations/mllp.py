"""An MLLP receiver of HL7 v2."""

from shared.destinations.mllp import Mllp

END = {"destination": Mllp("TARGET")}
