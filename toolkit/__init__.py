"""The developer's side: command line, local host, simulators, bench. Never deployed."""
