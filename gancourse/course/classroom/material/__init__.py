"""Slides, plans, the solution book, and the kit for a room without network."""
