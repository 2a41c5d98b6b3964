"""A class: releases, submissions, grades, marks; the command `gancourse class`."""
