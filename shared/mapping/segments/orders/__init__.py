"""Segments of orders (chapter 4): the order, its timing, medicines and vaccinations."""
