"""Which worker runs the functions: Microsoft's runtime library where it is installed (Python 3.13), else a plain one."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from toolkit.local.host.functions import Worker


def load(folder: Path) -> Worker:
    """The app of ``function_app.py``, indexed. An error in any function, or on import, fails the whole app, as in Azure."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    if find_spec("azure_functions_runtime") and os.environ.get("HUB_HOST_WORKER") != "plain":
        from toolkit.local.host.runtime import RuntimeWorker

        return RuntimeWorker()
    from toolkit.local.host.plain import PlainWorker

    return PlainWorker()
