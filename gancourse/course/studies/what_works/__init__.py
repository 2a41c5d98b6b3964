"""Lesson 09: which choice matters, over many runs, and what each run drew."""
