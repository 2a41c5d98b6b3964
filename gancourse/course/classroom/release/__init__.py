"""What students get, and that nothing in it gives an answer away."""
