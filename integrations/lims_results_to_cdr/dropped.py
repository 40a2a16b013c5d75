"""Why elements of a result message reach nothing."""

HEADER = "about the transport of the message alone"
COUNT = "set ids count; the order of the resources shows the same"
OPTION = "the value has another form, or none"
ENTERED_BY = "who entered the order is no part of its result"

DROPPED = {
    **dict.fromkeys(("MSH-3", "MSH-4", "MSH-5", "MSH-6", "MSH-11", "MSH-12", "MSH-15", "MSH-18"), HEADER),
    **dict.fromkeys(("NTE-1", "OBR-1", "OBX-1", "PV1-1", "SPM-1", "TQ1-1"), COUNT),
    **dict.fromkeys(("NTE-2", "NTE-4"), "FHIR's annotation has no source and no type"),
    "OBX-2": OPTION,
    "OBX-5.1": "the application that made a document is no part of it",
    "OBX-5.2": "the type of a document is that of its subtype",
    "OBX-5.3": "the type of a document that is pointed to is that of its subtype",
    "OBX[2]-11": "the status of a document is that of its first piece",
    "ORC-10": ENTERED_BY,
    "PID-3": "a number without an authority identifies no one (standard, clause 6.3.2)",
    "PID-13.2": "PRN is what a home number is without it",
    "PID-15": "the code system defines the display text",
    "PID-30": "implied by the date of death",
    "PID-32": "the status belongs to an NHS Number, and there is none",
    "PV1-3": "the type of place has no element of its own",
    "TQ1-9.2": "the code system defines the display text",
}
