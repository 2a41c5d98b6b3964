"""A GAN beside flow matching at equal compute on the same images.  Lesson 14."""
