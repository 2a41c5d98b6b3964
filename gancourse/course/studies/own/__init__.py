"""A study of the reader's own: its plan, its runs, its verdict, its model card.  Lesson 14."""
