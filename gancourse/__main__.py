"""`python -m gancourse ...`: what `gancourse ...` does, after the set-up that it needs."""

from gancourse.course import bootstrap, requirements

if __name__ == "__main__":
    bootstrap.check_python()
    from gancourse.course import options

    arguments, extra = options.parser().parse_known_args()
    arguments.extra = extra
    bootstrap.ensure(*requirements.command_and_lessons(arguments))
    from gancourse.course import cli

    cli.main()
