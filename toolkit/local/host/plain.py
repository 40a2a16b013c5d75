"""A plain worker for Python 3.11 and 3.12, where Microsoft's runtime library does not run: the same converters, our checks.

It refuses what Azure's worker refuses when it loads the app: a parameter without a binding, a binding without a parameter,
a second app. ``Out`` parameters and retry contexts it does not know.
"""

import asyncio
import contextvars
import inspect
import json
import threading
import traceback
from importlib import import_module
from types import SimpleNamespace
from typing import Any, get_type_hints

from toolkit.local.host.datums import returned, to_datum
from toolkit.local.host.functions import Call, Done, Function


class CannotLoad(RuntimeError):
    """The app does not fit together; the text names the function."""


class PlainWorker:
    """Loads the app once; decodes, calls, encodes."""

    def __init__(self) -> None:
        indexed = _app().get_functions()
        self._code = {each.get_function_name(): each.get_user_function() for each in indexed}
        self.functions = tuple(_function(each) for each in indexed)
        for function in self.functions:
            _check(function, self._code[function.name])

    async def invoke(self, call: Call) -> Done:
        try:
            return Done(True, await _called(call, self._code[call.function.name]))
        except Exception as error:  # noqa: BLE001 - whatever the function does wrong is a failed invocation
            return Done(False, None, repr(error), traceback.format_exc())


def _app() -> Any:
    from azure.functions import FunctionRegister

    module = import_module("function_app")
    apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
    if len(apps) != 1:
        raise CannotLoad(f"function_app.py must have one function app, not {len(apps)}")
    return apps[0]


def _function(indexed: Any) -> Function:
    bindings = tuple(json.loads(raw) for raw in indexed.get_raw_bindings())
    return Function(indexed.get_function_name(), bindings, indexed.get_function_name())


def _check(function: Function, code: Any) -> None:
    parameters = set(inspect.signature(code).parameters) - {"context"}
    bound = {binding["name"] for binding in function.bindings} - {"$return"}
    if parameters != bound:
        odd = ", ".join(sorted(parameters ^ bound))
        raise CannotLoad(f"cannot load the {function.name} function: parameter or binding without the other: {odd}")


async def _called(call: Call, code: Any) -> Any:
    arguments = {call.function.trigger["name"]: _decoded(call, code)}
    if "context" in inspect.signature(code).parameters:
        arguments["context"] = _context(call)
    if inspect.iscoroutinefunction(code):
        result = await code(**arguments)
    else:
        context = contextvars.copy_context()
        result = await asyncio.get_running_loop().run_in_executor(None, lambda: context.run(code, **arguments))
    return _encoded(call, code, result)


def _decoded(call: Call, code: Any) -> Any:
    """By the parameter's annotation: ``str`` and ``bytes`` get the value as it is."""
    from azure.functions import meta

    if get_type_hints(code).get(call.function.trigger["name"]) in (str, bytes):
        return call.value.value
    metadata = {name: to_datum(meta.Datum, value) for name, value in call.metadata.items()}
    converter = meta.get_binding_registry().get(call.function.kind)
    return converter.decode(to_datum(meta.Datum, call.value), trigger_metadata=metadata)


def _encoded(call: Call, code: Any, result: Any) -> Any:
    from azure.functions import meta

    output = next((binding for binding in call.function.bindings if binding["name"] == "$return"), None)
    if output is None:
        if result is not None:
            raise RuntimeError(f"function {call.function.name!r} without a $return binding returned a non-None value")
        return None
    return returned(meta.get_binding_registry().get(output["type"]).encode(result, expected_type=None))


def _context(call: Call) -> Any:
    trace = SimpleNamespace(trace_parent=call.traceparent, trace_state=call.tracestate, attributes={})
    local = threading.local()
    local.invocation_id = call.id
    return SimpleNamespace(
        invocation_id=call.id, function_name=call.function.name, trace_context=trace, thread_local_storage=local
    )
