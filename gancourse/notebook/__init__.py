"""What a lesson shows: figures, checks on an answer, the table of claims, a board to paint on."""
