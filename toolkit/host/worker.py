"""Which worker runs the functions: Microsoft's runtime library where there is one for this Python, else a plain one."""

import os
import sys
from pathlib import Path

from toolkit.host.functions import Worker


def load(folder: Path) -> Worker:
    """The app of ``function_app.py``, indexed. An error in any function, or on import, fails the whole app, as in Azure."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    if sys.version_info >= (3, 13) and os.environ.get("HUB_HOST_WORKER") != "plain":
        from toolkit.host.runtime import RuntimeWorker

        return RuntimeWorker()
    from toolkit.host.plain import PlainWorker

    return PlainWorker()
