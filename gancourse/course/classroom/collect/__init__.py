"""Submissions out of a platform's export into the class."""
