"""Submissions become results on Dask's workers; nbgrader's gradebook follows."""
