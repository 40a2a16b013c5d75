"""What a partner reads: the interface sheet of each integration, its OpenAPI document, and the pages of ``GET /api/docs``.

Nothing of it is imported before the first request for one of its pages.
"""
