"""The worker of Azure itself: ``azure-functions-runtime``, called in process. The one module that knows its inside.

Its seam is no public API: the version is pinned, and eight empty types stand in for the records of its wire format.
"""

import json
from types import SimpleNamespace
from typing import Any

from azure_functions_runtime import handle_event, start_threadpool_executor
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.bindings.meta import load_binding_registry
from azure_functions_runtime.loader import index_function_app, process_indexed_function
from azure_functions_runtime.native_invocation import invocation_request_native

from toolkit.local.host.datums import returned, to_datum
from toolkit.local.host.functions import Call, Done, Function

APP = "function_app.py"


class BindingInfo(SimpleNamespace):
    """Directions and data types, numbered as the decorators number them."""

    out, inout, undefined = 1, 2, 0


RECORDS = SimpleNamespace(
    BindingInfo=BindingInfo,
    RpcRetryOptions=SimpleNamespace,
    RpcFunctionMetadata=SimpleNamespace,
)


class RuntimeWorker:
    """Loads the app once; invokes as Azure's worker does."""

    def __init__(self) -> None:
        load_binding_registry()
        start_threadpool_executor()
        indexed, _ = process_indexed_function(RECORDS, handle_event._functions, index_function_app(APP), ".")
        self.functions = tuple(_function(one) for one in indexed)

    async def invoke(self, call: Call) -> Done:
        ok, value, _, error, stack = await invocation_request_native(
            call.id,
            call.function.id,
            [(call.function.trigger["name"], to_datum(Datum, call.value))],
            {name: to_datum(Datum, each) for name, each in call.metadata.items()},
            call.traceparent,
            call.tracestate,
        )
        return Done(ok, returned(value), error or "", stack or "")


def _function(indexed: Any) -> Function:
    return Function(indexed.name, tuple(json.loads(raw) for raw in indexed.raw_bindings), indexed.function_id)
