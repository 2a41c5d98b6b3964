"""Answers out of a notebook that may be damaged."""
