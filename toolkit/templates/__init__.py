"""What ``./hub new`` starts from: ordinary modules, so that they are formatted, linted and type-checked as all code is.

``sources`` has a declaration for each kind of source, ``destinations`` the end of a declaration for each kind of destination,
``mappings`` a mapping for each pair of formats that differ. ``toolkit/generate/scaffold`` puts them together and writes the
names: ``the-name``, ``The title``, ``SENDER`` and ``TARGET``.
"""
