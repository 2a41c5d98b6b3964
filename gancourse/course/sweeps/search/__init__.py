"""Searches: points that are drawn from ranges, not a grid's; Optuna draws them."""
