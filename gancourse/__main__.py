"""`python -m gancourse ...`: sets the environment up if need be, then does what `gancourse ...` does."""

from gancourse import bootstrap

if __name__ == "__main__":
    bootstrap.ensure()
    from gancourse.cli import main

    main()
