"""The syntax of HL7 v2 below the segment: delimiters, character sets, names, paths and date-times."""
