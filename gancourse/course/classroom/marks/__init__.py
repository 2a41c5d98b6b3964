"""Marks, reports, feedback, and answers that are alike."""
