"""The end of a declaration, for each kind of destination: ``END`` has the arguments of ``Integration`` that it sets."""
