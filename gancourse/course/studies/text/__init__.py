"""Lesson 13: text GANs against maximum likelihood, over temperatures and seeds."""
