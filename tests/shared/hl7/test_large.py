"""Large messages: no needless copies, and time that grows with the size alone."""

import tracemalloc

import pytest

from shared.hl7 import parse

HEAD = b"MSH|^~\\&|A|B|C|D|20240501||ORU^R01|1|P|2.5\rPID|||1||Jones\r"


@pytest.mark.slow
def test_twenty_megabytes_are_not_copied_needlessly() -> None:
    body = HEAD + b"OBX|1|ED|||a^b^c^Base64^" + b"QUJD" * 5_000_000 + b"\r"
    tracemalloc.start()
    message = parse(body)
    assert message["PID-5"] == "Jones"
    assert message["MSH-10"] == "1"
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1.1 * len(body), "the text is kept once"
    assert peak < 2.2 * len(body), "decoded once, split once"
    assert message.encode() == body
