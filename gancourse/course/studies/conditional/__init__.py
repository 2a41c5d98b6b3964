"""Lesson 10: conditional GANs, and what their images are worth to a classifier."""
