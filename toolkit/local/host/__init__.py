"""A small local host for the function app, where Core Tools are not installed: it keeps to the rules of Azure's.

``python -m toolkit.local.host``. What it does not keep is listed in docs/local-host.md.
"""
