"""Grids of runs over a lesson's parameters and seeds."""
