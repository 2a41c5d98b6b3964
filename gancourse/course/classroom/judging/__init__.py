"""One answer against its check, in a process of its own, within limits."""
