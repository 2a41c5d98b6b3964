"""Data that the course makes itself, on the spot and from a seed."""
