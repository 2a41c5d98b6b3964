"""The answers of a student, out of a notebook that may be damaged.

    lifted = lift(path.read_bytes(), released_notebook)
    lifted.answers["05.1"], lifted.replies["05.Q1"], lifted.notes

An answer is known by the id in its cell's metadata, else by the name of its function, else by its
place after the exercise's text.  So cells may be deleted, doubled, split, merged, moved, retyped or
stripped of their metadata.  What was odd is in the notes, in sentences that a teacher and a student
can read; they count cells from 1.  Checks are never taken from a submission.
"""

import ast
from typing import NamedTuple

from gancourse.course.classroom.lesson.exercises import Exercise, exercises, open_questions
from gancourse.course.classroom.lifting import answer_code, notebook_bytes
from gancourse.course.classroom.lifting.pieces import (
    NOBODY,
    Piece,
    in_release,
    pieces,
    replies_blank,
)
from gancourse.course.lessons import source


class Lifted(NamedTuple):
    """What a student wrote."""

    answers: dict[str, str]  # by exercise; an untouched one is there with its stub
    replies: dict[str, str]  # by open question; those without a word are left out
    notes: list[str]  # what was odd, in sentences


def lift(submission: bytes, release: dict) -> Lifted:
    """Return the answers and replies in a submission's bytes; `release` is what was handed out.

    Raises CourseError, in words for its author, when the bytes are no notebook.
    """
    notebook = notebook_bytes.read(submission)
    notes = [*notebook.notes, *_about_file(notebook.metadata, release["metadata"])]
    handed_in = pieces(notebook.cells, release, notes)
    known = exercises(release)
    if known and all(piece.tag == NOBODY for piece in handed_in):
        notes.append("The cells carry no metadata of the course, so answers were looked for by the "
                     "names of their functions.")
    answers = {}
    places = []
    for exercise in known:
        chosen = _chosen(exercise, known, handed_in, release, notes)
        if chosen:
            answers[exercise.id] = _whole(exercise, known, chosen, handed_in, release, notes)
            places.append(chosen[0].number)
    if places != sorted(places):
        notes.append("The exercises stand in another order than in the lesson.")
    _about_checks(known, handed_in, release, notes)
    replies = {question.id: _reply(question.id, source(release["cells"][question.cell]).strip(),
                                   handed_in, release) for question in open_questions(release)}
    return Lifted(answers, {id_: reply for id_, reply in replies.items() if reply}, notes)


def _about_file(metadata: dict, released: dict) -> list[str]:
    """What is odd about a notebook as a whole: its language, and the version of its lesson."""
    notes = []
    for place, name in (("kernelspec", "language"), ("language_info", "name")):
        facts = metadata.get(place)
        language = str(facts.get(name) or "python")[:30] if isinstance(facts, dict) else "python"
        if language.lower() not in ("python", "ipython"):
            notes.append(f"The notebook was saved with a kernel for {language}; it was read as "
                         "Python.")
            break
    version = release_version(metadata)
    wanted = release_version(released)
    if version and wanted and version != wanted:
        notes.append(f"The notebook was made from version {version} of the lesson, and is graded "
                     f"by version {wanted}.")
    return notes


def release_version(metadata: dict) -> str:
    """Return the version in the metadata of a release or a submission, "" where there is none."""
    facts = metadata.get("gancourse")
    facts = facts.get("release") if isinstance(facts, dict) else None
    return str(facts.get("version", ""))[:30] if isinstance(facts, dict) else ""


def _chosen(exercise: Exercise, known: list[Exercise], handed_in: list[Piece], release: dict,
            notes: list[str]) -> list[Piece]:
    """The cells that answer an exercise, in their order; none where its cell is gone."""
    tagged = [piece for piece in handed_in if piece.tag == (exercise.id, "answer")]
    stub = in_release(release["cells"][exercise.answer])
    chosen: dict[int, Piece] = {}
    for function in exercise.functions:
        able = [piece for piece in handed_in if function in piece.defines
                and (not piece.released or piece.shape == stub)]
        if able:
            best = max(able, key=lambda piece: _rank(piece, function, exercise))
            chosen[best.number] = best
            _about_others(exercise, function, best, able, notes)
    if not chosen and any(piece.code.strip() for piece in tagged):
        chosen = {piece.number: piece for piece in tagged}
        notes.append(f"{exercise.id}: its cell does not define {' and '.join(exercise.functions)}.")
    if not chosen:
        chosen = {piece.number: piece for piece in _by_place(exercise, known, handed_in, release)}
        notes.append(f"{exercise.id}: what stands in the place of its cell was taken." if chosen
                     else f"{exercise.id}: its cell was emptied." if tagged
                     else f"{exercise.id}: its cell is gone.")
    elif not tagged and any(piece.tag != NOBODY for piece in handed_in):
        notes.append(f"{exercise.id}: its cell has lost its metadata; it was found by the name of "
                     "its function.")
    elif tagged and not any(piece in tagged for piece in chosen.values()):
        numbers = ", ".join(map(str, sorted(chosen)))
        notes.append(f"{exercise.id}: the answer stands outside of its own cell, in cell "
                     f"{numbers}.")
    for piece in chosen.values():
        if piece.kind != "code":
            notes.append(f"{exercise.id}: its cell had become {piece.kind} text.")
    return [chosen[number] for number in sorted(chosen)]


def _rank(piece: Piece, function: str, exercise: Exercise) -> tuple:
    """How well a cell that defines a function serves as its answer; the last of equals is best."""
    return (not answer_code.is_empty(piece.code, function), piece.tag == (exercise.id, "answer"),
            piece.kind == "code", piece.number)


def _about_others(exercise: Exercise, function: str, best: Piece, able: list[Piece],
                  notes: list[str]) -> None:
    """Note that several cells answer an exercise, unless they say the same."""
    others = [piece.number for piece in able if piece.shape[1] != best.shape[1]
              and not answer_code.is_empty(piece.code, function)]
    if others:
        numbers = ", ".join(map(str, sorted([*others, best.number])))
        notes.append(f"{exercise.id}: {function} is defined in the cells {numbers}; cell "
                     f"{best.number} counts.")


def _by_place(exercise: Exercise, known: list[Exercise], handed_in: list[Piece],
              release: dict) -> list[Piece]:
    """The student's own code between the cells that surround an exercise in the release."""
    shapes = [piece.shape for piece in handed_in]
    others = {name for other in known for name in other.functions}

    def place(numbers: range) -> int | None:
        """Where the first of these cells of the release stands in the submission."""
        for number in numbers:
            form = in_release(release["cells"][number])
            if form[1] and form in shapes:
                return shapes.index(form)
        return None

    before = place(range(exercise.answer - 1, -1, -1))
    after = place(range(exercise.answer + 1, len(release["cells"])))
    if before is None or after is None:
        return []
    return [piece for piece in handed_in[before + 1:after] if piece.kind == "code"
            and piece.code.strip() and not piece.released and piece.tag == NOBODY
            and not piece.defines & others]


def _whole(exercise: Exercise, known: list[Exercise], chosen: list[Piece], handed_in: list[Piece],
           release: dict, notes: list[str]) -> str:
    """The answer out of the chosen cells, with the student's helpers that stand elsewhere."""
    dropped = [line for piece in chosen for line in piece.dropped]
    if dropped:
        notes.append(f"{exercise.id}: lines for IPython alone were left out: {', '.join(dropped)}.")
    answer = "\n\n\n".join(piece.code.strip("\n") for piece in chosen)
    others = [piece for piece in handed_in if piece not in chosen]
    if _holds_more(exercise, known, answer, release) or len(handed_in) == 1:
        notes.append(f"{exercise.id}: its cell holds more than this exercise; what the exercise "
                     "needs was taken.")
        answer = answer_code.only(answer, exercise.functions)
        others = handed_in
    before = [source(cell) for cell in release["cells"][: exercise.answer]
              if cell["cell_type"] == "code"]
    given = [statement for cell in before for statement in answer_code.statements(cell)]
    own = [statement for piece in others if piece.kind == "code" and not piece.released
           for statement in answer_code.statements(piece.code)]
    code, names = answer_code.helpers(
        answer, set().union(*(statement.binds for statement in given)), own)
    if names:
        notes.append(f"{exercise.id}: {', '.join(names)} came from elsewhere in the notebook.")
        answer = f"{code}\n\n\n{answer}"
    _about_trust(exercise, answer, given, notes)
    return answer


def _holds_more(exercise: Exercise, known: list[Exercise], answer: str, release: dict) -> bool:
    """Whether an answer's cell holds another exercise too, or a check: cells were merged."""
    if not answer_code.definitions(answer) & set(exercise.functions):
        return False
    others = {name for other in known if other.id != exercise.id for name in other.functions}
    checks = {statement.code for other in known
              for statement in answer_code.statements(source(release["cells"][other.check]))}
    return any(statement.binds & others or statement.code in checks
               for statement in answer_code.statements(answer))


def _about_trust(exercise: Exercise, answer: str, given: list[answer_code.Statement],
                 notes: list[str]) -> None:
    """Note that an answer changes a module of the lesson, such as `checks.close = ...`."""
    modules = {name for statement in given if statement.imports for name in statement.binds}
    changed = {name for statement in answer_code.statements(answer)
               if not statement.imports for name in statement.binds & modules}
    tree = answer_code.tree_of(answer)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in modules:
                changed.add(ast.unparse(node))
    if changed:
        notes.append(f"{exercise.id}: it sets {', '.join(sorted(changed))}, which is the lesson's; "
                     "the checks use the lesson's own.")


def _about_checks(known: list[Exercise], handed_in: list[Piece], release: dict,
                  notes: list[str]) -> None:
    """Note which checks are no longer as they were handed out."""
    shapes = {piece.shape for piece in handed_in}
    odd = [exercise.id for exercise in known
           if in_release(release["cells"][exercise.check]) not in shapes
           or any(piece.tag == (exercise.id, "check") and not piece.released
                  for piece in handed_in)]
    if odd:
        notes.append(f"Changed or deleted checks ({', '.join(odd)}) do not count; the course's own "
                     "are run.")


def _reply(id_: str, question: str, handed_in: list[Piece], release: dict) -> str:
    """A student's words to an open question, "" without any.

    They stand in the cell for the reply, else behind the question in its own cell or in cells of
    the student's that follow it.
    """
    blanks = replies_blank(release, id_)

    def words(text: str) -> str:
        """A text without what stood in the cell before."""
        for blank in filter(None, blanks):
            text = text.replace(blank, "")
        return text.strip()

    parts = [words(piece.text) for piece in handed_in if piece.tag == (id_, "reply")]
    if not any(parts):
        for i, piece in enumerate(handed_in):
            begins = piece.text.strip().startswith(question)
            if begins:
                parts.append(words(piece.text.strip()[len(question):]))
            if not begins and piece.tag != (id_, "question"):
                continue
            for after in handed_in[i + 1:]:
                if after.tag[1] in ("answer", "check", "question"):
                    break
                if after.released and words(after.text):
                    break
                parts.append(words(after.text))
    return "\n\n".join(dict.fromkeys(filter(None, parts)))
