"""What has been run: a list, comparisons, tables; the command `gancourse runs`."""
