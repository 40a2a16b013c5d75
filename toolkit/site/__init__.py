"""The documentation site: pages of docs/ and of other folders, generated pages, and the library from its docstrings."""
