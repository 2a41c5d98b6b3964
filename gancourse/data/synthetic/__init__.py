"""Data drawn on the spot, from a seed, with known attributes."""
