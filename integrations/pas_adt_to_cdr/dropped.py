"""Why elements of an admission message reach nothing."""

HEADER = "about the transport of the message alone"
COUNT = "set ids count; the order of the resources shows the same"
USUAL = "gives the default value"

DROPPED = {
    **dict.fromkeys(("MSH-5", "MSH-6", "MSH-11", "MSH-12", "MSH-15", "MSH-16", "MSH-18"), HEADER),
    **dict.fromkeys(("AL1-1", "DG1-1", "IN1-1", "PID-1", "PV1-1"), COUNT),
    "EVN-1": "the event is that of MSH-9",
    "IN1-2.2": "an identifier of a plan has no text of its own",
    "IN1-3": "the payor is named by IN1-4",
    **dict.fromkeys(("IN1-16.1", "IN1-16.2", "IN1-18"), "the insured is the patient (IN1-17), who is described by PID"),
    "MRG-1[2]": "a number that the survivor keeps is not also that of the patient who was merged away",
    "MRG-6": "a merge moves no visits",
    "PD1-3.3": "the number of the practice is that of component 10",
    **dict.fromkeys(("PID-13.2", "PID-13[2].2", "GT1-6.2", "PV1-19.5"), USUAL),
    "PID-13": "the first null of a field deletes, whatever its content",
    "PID-24": "implied by the order of birth",
    "PID-30": "implied by the date of death",
    "PID-32": "the status belongs to an NHS Number, and there is none",
    "PV1-3.6": "the type of place has no element of its own",
}
