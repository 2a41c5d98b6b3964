"""Answers come out of every damaged submission whole, and what was odd is said.

One small lesson has been handed out: two exercises, `double` and `halve` (which needs `shrink`, too), and an open
question.  Each test damages a solved copy in one way; what has to come out can be read off the answers below.
"""

import json
from copy import deepcopy

import pytest

from gancourse.course.classroom.lifting import lifting, notebook_bytes
from gancourse.errors import CourseError

STUB = "raise NotImplementedError  # your turn"
DOUBLE = "def double(x):\n    return np.add(x, x)\n"
HALVE = "def shrink(x, by):\n    return x / by\n\n\ndef halve(x):\n    return shrink(x, 2)\n"
REPLY = "Because 2 is even, ä."


def cell(kind, text, id_, **facts):
    """A cell of a notebook; `facts` are the course's."""
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": id_, "source": text.splitlines(keepends=True),
            "metadata": {"gancourse": facts} if facts else {}, **extra}


RELEASE = {
    "nbformat": 4, "nbformat_minor": 5,
    "metadata": {"gancourse": {"lesson": 5, "release": {"version": "aaaaaaaaaaaa", "cut": []}},
                 "kernelspec": {"language": "python", "name": "python3", "display_name": "Python 3"}},
    "cells": [
        cell("markdown", "# Five", "a0"),
        cell("code", "import numpy as np\n\nfrom gancourse.notebook import checks", "a1"),
        cell("markdown", "**Exercise 1.** Double a number.\n\n```python\ndef double(x):\n    ...\n```", "a2"),
        cell("code", f"def double(x):\n    {STUB}\n", "a3", exercise="05.1", role="answer", points=5),
        cell("code", 'checks.close(double(2), 4, "twice 2 is 4")\nchecks.close(double(0), 0, "twice 0 is 0")', "a4",
             exercise="05.1", role="check"),
        cell("markdown", "**Exercise 2.** Halve a number, and shrink it.", "a5"),
        cell("code", f"def shrink(x, by):\n    {STUB}\n\n\ndef halve(x):\n    {STUB}\n", "a6", exercise="05.2",
             role="answer", points=5),
        cell("code", "_four = 4\nchecks.close(halve(_four), 2, \"half of 4 is 2\")", "a7", exercise="05.2",
             role="check"),
        cell("markdown", "**Think.** Why is 2 even?", "a8", open="05.Q1", role="question", points=2),
        cell("markdown", "YOUR ANSWER HERE", "a9", open="05.Q1", role="reply", points=2),
        cell("code", "ready = double(8)", "b0"),
    ],
}


def solved():
    """A copy with both answers and a reply."""
    notebook = deepcopy(RELEASE)
    for number, text in ((3, DOUBLE), (6, HALVE), (9, REPLY)):
        notebook["cells"][number]["source"] = text.splitlines(keepends=True)
    return notebook


def bytes_of(notebook, encoding="utf-8"):
    return json.dumps(notebook, ensure_ascii=False).encode(encoding)


def lift(notebook):
    """What comes out of a notebook, or out of bytes."""
    return lifting.lift(notebook if isinstance(notebook, bytes) else bytes_of(notebook), RELEASE)


def functions(code, *names):
    """The functions of an answer, run; NumPy is there as in the lesson."""
    import numpy as np

    scope = {"np": np}
    exec(code, scope)
    return [scope[name] for name in names]


def assert_whole(lifted, *, notes=None):
    """Both answers do what they should, the reply is there, and the notes hold these words and no others."""
    double, = functions(lifted.answers["05.1"], "double")
    halve, shrink = functions(lifted.answers["05.2"], "halve", "shrink")
    assert double(3) == 6 and halve(8) == 4 and shrink(9, 3) == 3
    assert lifted.replies == {"05.Q1": REPLY}
    assert len(lifted.notes) == len(notes or []), lifted.notes
    for words, note in zip(notes or [], lifted.notes, strict=True):
        assert words in note


def stripped(notebook):
    """A notebook whose cells have lost metadata and ids."""
    for part in notebook["cells"]:
        part["metadata"] = {}
        part.pop("id", None)
    return notebook


# ---- as it should be


def test_a_solved_copy_comes_out_as_it_was_written_and_without_notes():
    lifted = lift(solved())
    assert lifted == ({"05.1": DOUBLE.strip(), "05.2": HALVE.strip()}, {"05.Q1": REPLY}, [])


def test_an_untouched_copy_gives_its_stubs_and_no_reply():
    lifted = lift(RELEASE)
    assert STUB in lifted.answers["05.1"] and lifted.answers["05.2"].count(STUB) == 2
    assert lifted.replies == {} and lifted.notes == []


def test_imports_and_helpers_in_the_cell_of_an_answer_stay_with_it():
    notebook = solved()
    whole = "import math\n\nTWO = 2\n\n\ndef times(x, y):\n    return math.prod((x, y))\n\n\ndef double(x):\n" \
            "    return times(x, TWO)"
    notebook["cells"][3]["source"] = whole
    assert lift(notebook).answers["05.1"] == whole


# ---- cells


def test_a_deleted_answer_is_missing_and_the_others_stay():
    notebook = solved()
    del notebook["cells"][3]
    lifted = lift(notebook)
    assert list(lifted.answers) == ["05.2"]
    assert lifted.notes == ["05.1: its cell is gone."]


def test_an_emptied_answer_is_missing():
    notebook = solved()
    notebook["cells"][3]["source"] = []
    lifted = lift(notebook)
    assert list(lifted.answers) == ["05.2"] and lifted.notes == ["05.1: its cell was emptied."]


@pytest.mark.parametrize("empty_first", [True, False])
def test_of_a_doubled_answer_the_one_that_is_not_empty_counts(empty_first):
    notebook = solved()
    notebook["cells"].insert(3 if empty_first else 4, deepcopy(RELEASE["cells"][3]))
    assert_whole(lift(notebook))


def test_of_two_answers_the_last_counts_and_that_is_said():
    notebook = solved()
    notebook["cells"].insert(3, cell("code", "def double(x):\n    return x", "c0", exercise="05.1", role="answer"))
    assert_whole(lift(notebook), notes=["05.1: double is defined in the cells 4, 5; cell 5 counts."])


def test_the_cell_of_the_exercise_counts_before_a_cell_without_metadata():
    notebook = solved()
    notebook["cells"].append(cell("code", "def double(x):\n    return x", "c0"))
    assert_whole(lift(notebook), notes=["cell 4 counts"])


def test_an_answer_in_a_cell_of_its_own_counts_where_the_stub_is_untouched():
    notebook = solved()
    notebook["cells"][3] = RELEASE["cells"][3]
    notebook["cells"].insert(5, cell("code", DOUBLE, "c0"))
    assert_whole(lift(notebook), notes=["05.1: the answer stands outside of its own cell, in cell 6."])


@pytest.mark.parametrize("head, tail", [
    ("def double(x):\n    y = np.add(x, x)", "    return y"),
    ("def double(x):", "    return np.add(x, x)"),
    ("def double(x):\n    return np.add(x,", "                  x)"),
], ids=["between two lines", "after the head", "within brackets"])
@pytest.mark.parametrize("both_tagged", [True, False])
def test_a_function_split_over_two_cells_is_joined(head, tail, both_tagged):
    notebook = solved()
    notebook["cells"][3]["source"] = head
    facts = {"exercise": "05.1", "role": "answer"} if both_tagged else {}
    notebook["cells"].insert(4, cell("code", tail, "c0", **facts))
    assert_whole(lift(notebook), notes=["Cells 4 to 5 were one cell"])


def test_two_functions_of_one_exercise_in_two_cells_come_together():
    notebook = solved()
    shrink, halve = HALVE.split("\n\n\n")
    notebook["cells"][6]["source"] = shrink
    notebook["cells"].insert(7, cell("code", halve, "c0"))
    assert_whole(lift(notebook))


def test_a_helper_in_the_cell_above_comes_along_with_what_it_needs():
    notebook = solved()
    notebook["cells"][3]["source"] = "def double(x):\n    return times(x, 2)"
    notebook["cells"].insert(3, cell("code", "import math, os\nCALLS = []\n\ndef times(x, y):\n    CALLS.append(x)\n"
                                             "    return math.prod((x, y))\n\nprint(times(1, 2))", "c0"))
    lifted = lift(notebook)
    assert_whole(lifted, notes=["05.1: CALLS, math, times came from elsewhere"])
    assert "print" not in lifted.answers["05.1"] and "os" not in lifted.answers["05.1"]


def test_a_names_own_meaning_within_a_function_brings_no_cell_along():
    notebook = solved()
    notebook["cells"][3]["source"] = "def double(x):\n    y = x\n    return np.add(x, y)"
    notebook["cells"].insert(3, cell("code", "y = train_for_hours()", "c0"))
    assert_whole(lift(notebook))


def test_cells_that_were_merged_give_only_what_an_exercise_needs():
    notebook = solved()
    texts = ["".join(part["source"]) for part in notebook["cells"]]
    merged = "\n".join(["import math", *(texts[i] for i in (3, 4, 6, 7)), "launch_missiles()"])
    notebook["cells"][3]["source"] = merged
    for i in (7, 6, 4):
        del notebook["cells"][i]
    lifted = lift(notebook)
    assert_whole(lifted, notes=["05.1: its cell holds more", "05.2: its cell has lost", "05.2: its cell holds more",
                                "Changed or deleted checks (05.1, 05.2)"])
    for answer in lifted.answers.values():
        assert "checks" not in answer and "missiles" not in answer


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_an_answer_that_became_text_is_read_as_code(kind):
    notebook = solved()
    notebook["cells"][3] |= {"cell_type": kind}
    assert_whole(lift(notebook), notes=[f"05.1: its cell had become {kind} text."])


def test_an_answer_that_became_text_and_lost_its_metadata_is_read_as_code():
    notebook = solved()
    notebook["cells"][3] = {"cell_type": "markdown", "source": f"My answer:\n```python\n{DOUBLE}```\n", "metadata": {}}
    assert_whole(lift(notebook), notes=["its cell has lost its metadata", "had become markdown text"])


def test_a_reply_that_became_code_is_read_as_text():
    notebook = solved()
    notebook["cells"][9] |= {"cell_type": "code"}
    assert_whole(lift(notebook))


def test_answers_in_another_order_are_known_by_their_ids():
    notebook = solved()
    notebook["cells"] = [notebook["cells"][i] for i in (1, 6, 7, 9, 8, 3, 4, 0, 2, 5, 10)]
    assert_whole(lift(notebook), notes=["another order"])


# ---- checks and trust


def test_an_edited_check_does_not_count_and_is_said():
    notebook = solved()
    notebook["cells"][4]["source"] = 'print("✓ twice 2 is 4")'
    assert_whole(lift(notebook), notes=["Changed or deleted checks (05.1) do not count"])


def test_a_check_with_another_layout_is_the_same_check():
    notebook = solved()
    notebook["cells"][7]["source"] = "_four=4  # four\n\nchecks.close( halve(_four), 2, 'half of 4 is 2')"
    assert_whole(lift(notebook))


def test_deleted_checks_are_said_and_an_answer_in_the_place_of_a_check_counts():
    notebook = solved()
    notebook["cells"][4]["source"] = notebook["cells"][3]["source"]
    notebook["cells"][3]["source"] = []
    del notebook["cells"][7]
    lifted = lift(notebook)
    assert_whole(lifted, notes=["outside of its own cell, in cell 5", "Changed or deleted checks (05.1, 05.2)"])


@pytest.mark.parametrize("trick, name", [
    ("checks.close = print\n", "checks.close"), ("class checks:\n    close = print\n", "checks"),
    ("np = None\n", "np"),
])
def test_a_check_function_that_an_answer_redefines_is_said(trick, name):
    notebook = solved()
    notebook["cells"][3]["source"] = trick + "def double(x):\n    return x"
    lifted = lift(notebook)
    assert lifted.notes == [f"05.1: it sets {name}, which is the lesson's; the checks use the lesson's own."]
    assert lifted.answers["05.1"].startswith(trick.strip())  # the judge sees all that was written


# ---- metadata


def test_without_any_metadata_answers_are_known_by_the_names_of_their_functions():
    assert_whole(lift(stripped(solved())), notes=["The cells carry no metadata"])


def test_one_cell_without_metadata_is_known_by_its_id_in_the_release():
    notebook = solved()
    notebook["cells"][3]["metadata"] = {}
    assert_whole(lift(notebook))


def test_nbgraders_own_metadata_are_enough():
    notebook = stripped(solved())
    for number, name in ((3, "05_1"), (4, "05_1_check"), (6, "05_2"), (7, "05_2_check"), (9, "05_Q1")):
        notebook["cells"][number]["metadata"] = {"nbgrader": {"grade_id": name}}
    assert_whole(lift(notebook))


def test_a_renamed_function_is_taken_from_its_cell_and_said():
    notebook = solved()
    notebook["cells"][3]["source"] = "def dobule(x):\n    return 2 * x"
    lifted = lift(notebook)
    assert lifted.answers["05.1"] == "def dobule(x):\n    return 2 * x"
    assert lifted.notes == ["05.1: its cell does not define double."]


def test_without_metadata_and_name_the_place_after_the_exercise_counts():
    notebook = solved()
    notebook["cells"][3] = cell("code", "def dobule(x):\n    return 2 * x", "new")
    lifted = lift(notebook)
    assert lifted.answers["05.1"] == "def dobule(x):\n    return 2 * x"
    assert lifted.notes == ["05.1: what stands in the place of its cell was taken."]


def test_another_version_of_the_lesson_is_said():
    notebook = solved()
    notebook["metadata"]["gancourse"]["release"]["version"] = "bbbbbbbbbbbb"
    assert_whole(lift(notebook), notes=["made from version bbbbbbbbbbbb of the lesson, and is graded by version aaaa"])


# ---- IPython


@pytest.mark.parametrize("text, said", [
    ("%timeit 1 + 1\n" + DOUBLE, "%timeit 1 + 1"),
    ("%%time\n" + DOUBLE, "%%time"),
    ("!rm -rf ~\n" + DOUBLE, "!rm -rf ~"),
    ("def double(x):\n    !rm -rf ~\n    return np.add(x, x)", "!rm -rf ~"),
    ("files = !ls\n" + DOUBLE, "!ls"),
    (DOUBLE + "double?", "%pinfo double"),
    ("get_ipython().run_line_magic('matplotlib', 'inline')\n" + DOUBLE, "%matplotlib inline"),
])
def test_lines_for_ipython_alone_are_dropped_and_said(text, said):
    notebook = solved()
    notebook["cells"][3]["source"] = text
    lifted = lift(notebook)
    assert_whole(lifted, notes=[f"05.1: lines for IPython alone were left out: {said}."])
    assert "get_ipython" not in lifted.answers["05.1"]


def test_a_percent_sign_that_goes_on_with_an_expression_stays():
    notebook = solved()
    text = 'def double(x):\n    print("%d"\n          % x)\n    return np.add(x, x)\n'
    notebook["cells"][3]["source"] = text
    assert lift(notebook).answers["05.1"] == text.strip()


def test_an_answer_with_a_syntax_error_comes_out_as_it_was_written():
    notebook = solved()
    notebook["cells"][3]["source"] = "def double(x)\n    return x\n"
    lifted = lift(notebook)
    assert lifted.answers["05.1"] == "def double(x)\n    return x" and lifted.notes == []


def test_a_cell_longer_than_any_answer_comes_out_as_it_is():
    notebook = solved()
    notebook["cells"][3]["source"] = "def double(x):\n    return " + "(" * 30_000
    assert lift(notebook).answers["05.1"] == notebook["cells"][3]["source"]


# ---- replies


def test_a_reply_below_the_words_that_stood_there_comes_without_them():
    notebook = solved()
    notebook["cells"][9]["source"] = f"YOUR ANSWER HERE\n\n{REPLY}"
    assert_whole(lift(notebook))


def test_a_reply_in_the_cell_of_the_question_counts():
    notebook = solved()
    notebook["cells"][9]["source"] = "YOUR ANSWER HERE"
    notebook["cells"][8]["source"] += ["\n", "\n", REPLY]
    assert_whole(lift(notebook))


@pytest.mark.parametrize("keep_metadata", [True, False])
def test_a_reply_in_a_cell_of_its_own_counts(keep_metadata):
    notebook = solved()
    notebook["cells"][9]["source"] = "YOUR ANSWER HERE"
    notebook["cells"].insert(10, cell("markdown", REPLY, "c0"))
    if keep_metadata:
        assert_whole(lift(notebook))
    else:
        assert_whole(lift(stripped(notebook)), notes=["no metadata"])


# ---- files


def test_windows_bytes_a_mark_at_the_beginning_and_utf_16_are_read():
    assert_whole(lift(bytes_of(solved(), "cp1252")), notes=["not all UTF-8"])
    assert_whole(lift(bytes_of(solved(), "utf-8-sig")))
    assert_whole(lift(bytes_of(solved(), "utf-16")), notes=["UTF-16"])


def test_one_bad_byte_spoils_no_other_letter():
    notebook = solved()
    notebook["cells"][0]["source"] = "@"
    assert_whole(lift(bytes_of(notebook).replace(b"@", b"\x81\xff")), notes=["not all UTF-8"])


def test_lines_end_as_they_like():
    notebook = solved()
    notebook["cells"][3]["source"] = DOUBLE.replace("\n", "\r\n")
    assert_whole(lift(bytes_of(notebook)))


def test_the_old_format_with_worksheets_is_read():
    old = {"nbformat": 3, "metadata": {"name": "x"}, "worksheets": [{"metadata": {}, "cells": []}]}
    for part in solved()["cells"]:
        if part["cell_type"] == "code":
            old["worksheets"][0]["cells"].append({"cell_type": "code", "input": part["source"], "language": "python",
                                                  "outputs": [], "prompt_number": 1, "metadata": {}})
        else:
            old["worksheets"][0]["cells"].append({"cell_type": part["cell_type"], "source": part["source"],
                                                  "metadata": {}})
    assert_whole(lift(old), notes=["nbformat 3", "no metadata"])


def test_colabs_and_vs_codes_files_are_read():
    """Colab writes minor version 0 and its own ids as metadata; VS Code keeps the language of each cell."""
    for own in ({"id": "8xKPGO"}, {"vscode": {"languageId": "python"}}):
        notebook = stripped(solved())
        notebook["nbformat_minor"] = 0
        notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
        for part in notebook["cells"]:
            part["metadata"] = dict(own)
            part["source"] = "".join(part["source"])
        assert_whole(lift(notebook), notes=["no metadata"])


@pytest.mark.parametrize("kernel, notes", [
    ({"name": "my-env", "display_name": "My env", "language": "python"}, []),
    ({"name": "ir", "display_name": "R", "language": "R"}, ["a kernel for R"]),
])
def test_another_kernel_changes_nothing_and_another_language_is_said(kernel, notes):
    notebook = solved()
    notebook["metadata"]["kernelspec"] = kernel
    assert_whole(lift(notebook), notes=notes)


def test_a_merge_is_undone_where_one_side_is_whole():
    lines = json.dumps(solved(), indent=1, ensure_ascii=False).splitlines()
    place = next(i for i, line in enumerate(lines) if "np.add" in line)
    conflict = ["<<<<<<< HEAD", lines[place], "=======", '    "    return x * "2,', ">>>>>>> 3f2a91c"]
    text = "\n".join([*lines[:place], *conflict, *lines[place + 1:]])
    assert_whole(lift(text.encode()), notes=["its first side is a whole notebook"])
    text = text.replace("np.add", 'np."add')
    with pytest.raises(CourseError, match="neither side"):
        lift(text.encode())


def test_an_exported_python_file_is_read():
    cells = solved()["cells"]
    texts = ["".join(part["source"]) for part in cells]
    percent, jupyter = ["# ---\n# jupyter: x\n# ---\n"], ["#!/usr/bin/env python\n# coding: utf-8\n"]
    for part, text in zip(cells, texts, strict=True):
        comment = "\n".join(f"# {line}" for line in text.splitlines())
        if part["cell_type"] == "code":
            percent.append(f"# %%\n{text}\n")
            jupyter.append(f"# In[7]:\n\n\n{text}\n\n")
        else:
            percent.append(f"# %% [markdown]\n{comment}\n")
            jupyter.append(f"{comment}\n")
    assert_whole(lift("\n".join(percent).encode()), notes=["exported Python file", "no metadata"])
    lifted = lift("\n".join(jupyter).encode())  # its prose is comments, so no reply is left
    assert set(lifted.answers) == {"05.1", "05.2"}
    assert functions(lifted.answers["05.1"], "double")[0](3) == 6


def test_a_plain_python_file_gives_what_the_exercises_need():
    lifted = lift(f"import numpy as np\n{DOUBLE}\n{HALVE}\nprint(launch_missiles())\n".encode())
    assert functions(lifted.answers["05.1"], "double")[0](3) == 6
    assert functions(lifted.answers["05.2"], "halve")[0](8) == 4
    assert not any("missiles" in answer for answer in lifted.answers.values())


def test_outputs_of_some_megabytes_are_fine_and_over_the_limit_the_words_say_what_to_do(monkeypatch):
    notebook = solved()
    notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * 5_000_000}]
    assert_whole(lift(notebook))
    monkeypatch.setattr(notebook_bytes, "LIMIT", 2**22)
    with pytest.raises(CourseError, match="has 5 MB, and 4 are the limit: clear its outputs"):
        lift(notebook)


@pytest.mark.parametrize("data, words", [
    (b"", "empty"), (b"\0\0\0", "empty"), (b"PK\x03\x04...", "a zip"), (b"%PDF-1.7", "a PDF"),
    (b"[]", "not a notebook"), (b'{"a": 1}', "no cells"), (b'{"cells": 3}', "no cells"),
    (b'{"cells": [{"cell_type": "code", "sou', "damaged"), (b"[" * 200_000, "damaged"),
    (b'{"cells": ' + b"9" * 5000 + b"}", "damaged"), (b"<html>", "neither a notebook"),
    ("Übung".encode("cp1252"), "neither a notebook"),
])
def test_what_is_no_notebook_is_refused_in_words(data, words):
    with pytest.raises(CourseError, match=words):
        lift(data)


def test_cells_of_wrong_types_are_passed_over():
    notebook = solved()
    notebook["cells"] += [None, 3, {"cell_type": "code"}, {"source": None, "metadata": []},
                          {"cell_type": "code", "source": [1, "x\0 = 1"],
                           "metadata": {"gancourse": "?", "nbgrader": 1}},
                          {"cell_type": "code", "source": "\ud800", "metadata": {"gancourse": {"exercise": 5}}}]
    lifted = lifting.lift(json.dumps(notebook).encode(), RELEASE)
    assert_whole(lifted, notes=["2 cells were no cells"])
