"""What runs a course: the command line, the runner of lessons, sweeps, the set-up."""
