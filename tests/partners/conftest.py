"""What is no test here: Schemathesis loads its hooks itself, from an environment of its own."""

collect_ignore = ["schemathesis_hooks.py"]
