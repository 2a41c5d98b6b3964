"""A one-page map of the course and a glossary, made from the lessons: `gancourse map`."""
