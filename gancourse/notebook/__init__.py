"""What a lesson shows: figures, animations, checks on an answer, the table of claims, a board to paint on."""
