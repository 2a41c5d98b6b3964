"""Grids of runs over any lesson: what to run, who runs it, the table, the page, the terminal."""
