"""Lesson 04: its scores over seeds, its figures, and what stands in for an empty answer."""
