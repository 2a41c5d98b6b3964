"""The modern recipe, one part left out at a time: lesson 14."""
