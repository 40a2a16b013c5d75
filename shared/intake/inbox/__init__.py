"""Files that are left in the inbox: a message, or a document and the sidecar that describes it, which wait for each other.

The inbox is the truth and an event only a hint: the watchdog looks through the folder too, so that a lost event costs a minute
and never a file. A file's name is its sender's choice and may identify a patient: it is content, and leaves this package as a
keyed hash alone.
"""
