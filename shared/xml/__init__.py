"""XML: one secure reader for every body in XML. Pure, as ``shared.hl7`` is: no format, integration or network.

>>> from shared.xml.parse import parse
>>> parse(b"<a><b>1</b></a>").findtext("b")
'1'
"""
