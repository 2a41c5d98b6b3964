"""What a lesson asks of students: exercises, open questions, and the code that each needs."""
