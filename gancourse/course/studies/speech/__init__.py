"""Lesson 12: a race of two GANs that speak, and what single changes do."""
