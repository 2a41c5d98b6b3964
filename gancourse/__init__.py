"""Helpers for the GAN course.  Importing this package imports no deep-learning framework.

Choose a track by its import:  `from gancourse.pt import losses, models, train`
                          or:  `from gancourse.tf import losses, models, train`
"""

__version__ = "0.2.0"
