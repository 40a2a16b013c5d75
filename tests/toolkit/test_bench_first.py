"""The bench of the first message lists the imports that this message waited for, and no others."""

from toolkit.bench.first import STARTED, Import, dear, imports_in

REPORT = f"""import time: self [us] | cumulative | imported package
import time:      9000 |      90000 | function_app
{STARTED}
import time:       100 |      60000 |   azure.core.rest
import time:     70000 |     130000 | azure.data.tables
a line of something else
import time:       200 |      20000 | zlib
"""


def test_only_the_outermost_imports_after_the_start_are_listed() -> None:
    assert list(imports_in(REPORT)) == [Import("azure.data.tables", 130.0), Import("zlib", 20.0)]


def test_an_import_is_dear_by_its_quickest_run() -> None:
    runs = [[Import("a", 60.0), Import("b", 90.0), Import("c", 55.0)], [Import("a", 70.0), Import("b", 40.0), Import("d", 200.0)]]
    assert dear(runs) == (Import("d", 200.0), Import("a", 60.0), Import("c", 55.0))
