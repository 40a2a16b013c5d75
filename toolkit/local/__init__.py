"""The hub on one machine: storage, simulators, the local host, and samples sent through it."""
