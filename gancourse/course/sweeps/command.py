"""What `gancourse sweep` does: it reads command line and file, and starts a grid or a search."""

from typing import Any

from gancourse.course.lessons import assignments
from gancourse.course.sweeps import axes, plan, watch
from gancourse.errors import CourseError

# what the options of a search are called in a file's table [search]
OF_A_SEARCH = {"search": "sampler", "trials": "trials", "search_seed": "seed",
               "confirm": "confirm", "budget": "budget", "reduce": "reduce"}


def sweep(arguments) -> int:
    """Run a lesson over a grid or search its parameters, or show what would be run.

    Returns the status.  The command line overrules the file.
    """
    config = plan.from_file(arguments.file) if arguments.file else {}
    lesson = arguments.lesson or config.get("lesson")
    if not lesson:
        raise CourseError("say which lesson, such as: gancourse sweep 03 -g width=8,16")
    if arguments.workers is not None and arguments.workers < 1:
        raise CourseError(f"--workers {arguments.workers} must be 1 or more")
    seeds = config.get("seeds")
    if arguments.seeds is not None:
        seeds = plan.seeds(arguments.seeds)
    given = (lesson, arguments.preset or config.get("preset", "laptop"),
             config.get("parameters", {}) | assignments(arguments.given),
             config.get("grid", {}) | axes.read(arguments.grid), seeds)
    metric = arguments.measure or config.get("measure", "")
    maximise = arguments.maximise or config.get("maximise", False)
    chosen = _of_a_search(arguments, config)
    if chosen is not None:
        return _search(arguments, given, metric=metric, maximise=maximise, **chosen)
    grid = plan.make_sweep(*given)
    workplace = {"workers": arguments.workers or 0, "scheduler": arguments.scheduler}
    if arguments.dry_run:
        watch.dry_run(grid, arguments.runs, metric=metric, **workplace)
        return 0
    folder = arguments.to or arguments.runs / "sweeps" / grid.name()
    failed = watch.run(grid, arguments.runs, folder, metric=metric, maximise=maximise,
                       force=arguments.force, cell_timeout=arguments.cell_timeout, **workplace)
    return 1 if failed else 0


def _of_a_search(arguments, config: dict[str, Any]) -> dict[str, Any] | None:
    """What is chosen for a search, None where a grid is meant."""
    typed = {key: getattr(arguments, option) for option, key in OF_A_SEARCH.items()
             if getattr(arguments, option) is not None}
    chosen = config.get("search", {}) | typed
    if "search" not in config and "sampler" not in chosen and chosen:
        option = next(option for option, key in OF_A_SEARCH.items() if key in chosen)
        raise CourseError(f"--{option.replace('_', '-')} is for a search: add --search tpe (or "
                          "random)")
    return chosen if chosen or "search" in config else None


def _search(arguments, given: tuple, **chosen) -> int:
    """Search, or show what would be searched; return the status."""
    from gancourse.course.sweeps.search import dry_run
    from gancourse.course.sweeps.search import watch as search_watch
    from gancourse.course.sweeps.search.plan import make_search

    search = make_search(*given, **chosen)
    folder = arguments.to or arguments.runs / "sweeps" / search.name()
    workplace = {"workers": arguments.workers or 0, "scheduler": arguments.scheduler}
    if arguments.dry_run:
        dry_run.show(search, folder / search_watch.STUDY, **workplace)
        return 0
    return search_watch.run(search, arguments.runs, folder, force=arguments.force,
                            cell_timeout=arguments.cell_timeout, **workplace)
