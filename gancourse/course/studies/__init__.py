"""Stored studies: the tables of sweeps that lessons read, and the code that makes them again."""
