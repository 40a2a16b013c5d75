"""The pages of ``GET /api/docs`` and the files that they offer."""
