"""The places that some sample of this integration fills. Generated with the mapping sheet, never written."""

PLACES = """
MSH-3 MSH-4 MSH-5 MSH-6 MSH-7 MSH-9 MSH-9.2 MSH-9.3 MSH-10 MSH-11 MSH-12 MSH-18 EVN-1 EVN-2 PID-1 PID-2
PID-2.4 PID-2.5 PID-3 PID-3.4 PID-3.5 PID-5 PID-5.2 PID-5.3 PID-5.5 PID-5.7 PID-7 PID-8 PID-11 PID-11.3
PID-11.4 PID-11.5 PID-11.6 PID-11.7 PID-13 PID-29 PID-30 MRG-1 MRG-1.4 MRG-1.5 PV1-1 PV1-2 ZMP-1 ZMP-2
"""

SEEN = frozenset(PLACES.split())
