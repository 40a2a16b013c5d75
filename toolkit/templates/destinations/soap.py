"""A SOAP service that takes HL7 v2 as text."""

from shared.destinations.soap import Soap

END = {"destination": Soap("TARGET")}
