"""Stacked digits: a thousand modes, counted, with controls.  Lesson 14."""
