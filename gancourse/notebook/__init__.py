"""What a lesson shows: figures, animations, checks on an answer, claims, a board to paint on."""
