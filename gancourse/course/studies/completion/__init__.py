"""Lesson 11: what fills a hole, and what it invents."""
