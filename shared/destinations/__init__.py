"""The protocols that messages leave by. Each is a module with its class and its facts (``KIND``, see ``kinds/kind.py``)."""
