"""Experiments that are too long for a lesson: a folder for each, with the tables that it has made.

A lesson reads the tables (CSV).  The code that a study and its lesson share stands there too.
"""
