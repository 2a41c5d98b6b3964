"""A learner's progress is read from saved checks, stays known, names what comes next, and leaves the machine alone."""

import json

import pytest

from gancourse.course import progress
from gancourse.course.classroom.lesson.exercises import exercises
from gancourse.course.lessons import STUB, all_lessons, find, source, without_solutions
from gancourse.errors import MissingFile

LESSONS = all_lessons()
TICKS = "✓ One.\n✓ Two.\nFrom here on, this lesson plays with your answer.\n"


@pytest.fixture(autouse=True)
def memory(tmp_path, monkeypatch):
    path = tmp_path / "of the learner" / "progress.json"
    monkeypatch.setenv("GANCOURSE_PROGRESS", str(path))
    monkeypatch.setattr(progress, "all_lessons", lambda: LESSONS)  # read once
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "copies"


def printed(text):
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def error(name):
    return {"output_type": "error", "ename": name, "evalue": "", "traceback": []}


def copy_of(lesson, folder, **answers):
    """Write a learner's copy; `answers` gives, by function, the outputs of its check."""
    notebook = without_solutions(find(lesson).notebook)
    for exercise in exercises(notebook):
        outputs = answers.get(exercise.functions[0])
        if outputs is not None:
            cell = notebook["cells"][exercise.answer]
            cell["source"] = [source(cell).replace(STUB, "return 1")]
            notebook["cells"][exercise.check]["outputs"] = outputs
    folder.mkdir(exist_ok=True)
    path = folder / find(lesson).path.name
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return notebook, path


def standing(folder, lesson):
    """The states of a lesson's exercises."""
    (one,) = [one for one in progress.lessons_in(folder) if one.number == int(lesson)]
    return [exercise.state for exercise in one.exercises]


def test_only_a_check_that_is_all_ticks_has_passed(folder):
    copy_of("05", folder, w1_gradient=[printed(TICKS)], best_bounded_T=[],
            critic_slope=[printed("✓ One.\n✗ critic_slope is not right yet.")],
            kl_at_least=[printed("✓ One.\n"), error("AssertionError")])
    assert standing(folder, "05") == ["passed", "wrong", "wrong", "waiting"]


def test_an_untouched_copy_is_empty_whatever_its_checks_say(folder):
    notebook, path = copy_of("02", folder)
    for exercise in exercises(notebook):
        notebook["cells"][exercise.check]["outputs"] = [error("NotImplementedError")]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert standing(folder, "02") == ["empty"] * 3


def test_the_line_of_a_lesson_counts_and_names_what_comes_next(folder):
    copy_of("02", folder, update_D=[printed(TICKS)], update_G=[printed(TICKS)], mended_game=[printed(TICKS)])
    assert progress.line(2, folder) == 'Passed here: 2 of 3.  Next: exercise 02.3, "better_path".'
    copy_of("02", folder, update_D=[printed(TICKS)], update_G=[printed(TICKS)], mended_game=[printed(TICKS)],
            better_path=[printed(TICKS)])
    assert progress.line(2, folder) == "Passed here: 3 of 3.  Next: lesson 03, DCGAN in PyTorch."


def test_what_has_passed_stays_known_when_a_copy_begins_afresh(folder, memory):
    copy_of("05", folder, w1_gradient=[printed(TICKS)])
    progress.report(folder)
    assert list(json.loads(memory.read_text())["passed"]) == ["05.1"]
    copy_of("05", folder)
    assert standing(folder, "05") == ["passed", "empty", "empty", "empty"]


def test_a_file_that_is_no_use_is_written_anew(folder, memory):
    memory.parent.mkdir()
    for text in ("", "[]", '{"passed": 3}', "{"):
        memory.write_text(text)
        copy_of("05", folder, w1_gradient=[printed(TICKS)])
        assert standing(folder, "05")[0] == "passed"
        assert list(json.loads(memory.read_text())["passed"]) == ["05.1"]


def test_the_report_has_a_bar_for_each_lesson_and_says_where_to_go_on(folder):
    copy_of("02", folder, update_D=[printed(TICKS)], update_G=[printed(TICKS)])
    text = progress.report(folder)
    assert "02  A first image GAN in TensorFlow         [###.......]  1 of 3 exercises, about" in text
    assert "13  Text  " in text and "0 of 4 exercises" in text
    assert "      02.1 update_D and update_G: passed\n      02.2 mended_game: empty\n" in text
    assert ('Go on with exercise 02.2, "mended_game", in lesson 02, A first image GAN in TensorFlow, '
            "section A listing on trial.") in text
    assert text.isascii() or set(text) - set(map(chr, range(128))) <= set("…")


def test_the_minutes_left_are_those_of_the_sections_from_the_next_exercise_on(folder):
    """05.3 and 05.4 stand in Deeper, which has no minutes of its own: six for each."""
    def left(**answers):
        copy_of("05", folder, **answers)
        return next(one.minutes for one in progress.lessons_in(folder) if one.number == 5)

    whole = left()
    stated = progress._minutes(find("05").notebook)
    assert whole == round(sum(stated.values())) and stated["Carrying earth"] == 10
    names = list(stated)
    after = names[names.index("A plan and a critic"):]
    assert left(w1_gradient=[printed(TICKS)]) == round(sum(stated[name] for name in after))
    assert left(w1_gradient=[printed(TICKS)], critic_slope=[printed(TICKS)]) == 12


def test_the_minutes_are_those_that_the_lesson_states():
    folded = "<details><summary>Minutes by section</summary>\n\nStart 2 · A, b 13\n\n</details>"
    lesson = {"cells": [{"source": [folded]}]}
    assert progress._minutes(lesson) == {"Start": 2, "A, b": 13}


def test_answers_are_found_by_name_in_an_older_copy_and_one_that_was_deleted_is_named(folder):
    notebook, path = copy_of("05", folder, w1_gradient=[printed(TICKS)])
    for cell in notebook["cells"]:
        cell["metadata"].pop("gancourse", None)
    (last,) = [cell for cell in notebook["cells"] if "def critic_slope(" in source(cell) and "check" not in str(cell)]
    notebook["cells"].remove(last)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert standing(folder, "05") == ["passed", "missing", "empty", "empty"]


def test_solved_lessons_are_no_learners_copies(folder):
    folder.mkdir()
    for lesson in ("00", "05"):
        (folder / find(lesson).path.name).write_text(json.dumps(find(lesson).notebook), encoding="utf-8")
    with pytest.raises(MissingFile, match="gancourse lab"):
        progress.report(folder)


def test_without_copies_the_command_that_makes_them_is_named_and_the_line_is_empty(folder):
    with pytest.raises(MissingFile, match="`gancourse lab` makes yours"):
        progress.report(folder)
    assert progress.line(2, folder) == ""


def test_other_files_in_the_folder_do_not_matter(folder):
    copy_of("05", folder, w1_gradient=[printed(TICKS)])
    (folder / "my notes.ipynb").write_text("{")
    (folder / "06_own.ipynb").write_text('{"cells": [], "metadata": {}}')
    assert standing(folder, "05")[0] == "passed"


def test_copies_are_looked_for_in_the_present_folder_and_then_where_lab_puts_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert progress._folder(None) == tmp_path / "build" / "student"
    (tmp_path / "00_start_here.ipynb").write_text("{}")
    assert progress._folder(None) == tmp_path
    assert progress._folder(tmp_path / "x") == tmp_path / "x"


def test_copies_without_the_course_are_enough(folder, monkeypatch):
    copy_of("05", folder, w1_gradient=[printed(TICKS)])
    monkeypatch.setattr(progress, "all_lessons", lambda: (_ for _ in ()).throw(MissingFile("no lessons")))
    (only,) = progress.lessons_in(folder)
    assert only.passed == 1 and only.following.id == "05.2"


def test_the_file_is_the_users_own_unless_the_environment_names_another(memory, monkeypatch):
    assert progress.memory_file() == memory
    monkeypatch.delenv("GANCOURSE_PROGRESS")
    assert progress.memory_file().name == "progress.json" and "gancourse" in progress.memory_file().parts


def test_a_copy_prints_its_line_below_its_title(folder, monkeypatch, capsys):
    folder.mkdir()
    copy = progress.with_line(without_solutions(find("02").notebook))
    (folder / find("02").path.name).write_text(json.dumps(copy), encoding="utf-8")
    monkeypatch.chdir(folder)
    assert source(copy["cells"][0]).startswith("# ")
    exec(source(copy["cells"][1]), {})
    assert capsys.readouterr().out == 'Passed here: 0 of 3.  Next: exercise 02.1, "update_D and update_G".\n'
    assert len(exercises(copy)) == 3  # a grader finds its answers as before
