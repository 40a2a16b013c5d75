"""A FHIR server that accepts transactions."""

from shared.destinations.fhir_server import FhirServer

END = {"destination": FhirServer("TARGET")}
