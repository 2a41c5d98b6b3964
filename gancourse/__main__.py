"""`python -m gancourse ...`: sets the environment up if need be, then does what `gancourse ...` does."""

from gancourse import bootstrap

if __name__ == "__main__":
    bootstrap.check_python()
    from gancourse import cli

    arguments, extra = cli._parser().parse_known_args()
    arguments.extra = extra
    bootstrap.ensure(*bootstrap.asked(arguments))
    cli.main()
