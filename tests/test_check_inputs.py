"""Files that do not fit are refused before anything starts, in the sentences of the lessons' own readers."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from gancourse.course import check_inputs, cli, lessons
from gancourse.errors import CourseError, MissingFile

GOOD = np.zeros((40, 8, 8), np.uint8)


def check(which, cwd, **given):
    """Look at what a lesson of the course would read."""
    lesson = lessons.find(which)
    defaults = {name: p.default for name, p in lessons.parameters(lesson.notebook).items()}
    check_inputs.check(lesson, defaults | given, cwd)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with data that fit and data that do not; the present one."""
    monkeypatch.chdir(tmp_path)
    np.savez("good.npz", x_train=GOOD)
    np.savez("floats.npz", x_train=GOOD.astype(np.float32))
    np.savez("other.npz", y_train=np.zeros(3, int))
    np.savez("none.npz", x_train=GOOD[:0])
    for folder in ("empty", "few", "pictures", "spoilt"):
        (tmp_path / folder).mkdir()
    for folder, count in (("eleven", 11), ("twelve", 12)):
        (tmp_path / folder).mkdir()
        for i in range(count):
            wavfile.write(f"{folder}/{i}.wav", 8000, np.full(100, 9999, np.int16))
    for name in "abc":
        Image.fromarray(np.zeros((80, 90, 3), np.uint8)).save(f"pictures/{name}.png")
    Image.fromarray(np.full((28, 28), 255, np.uint8)).save("white.png")
    Image.fromarray(np.eye(20, dtype=np.uint8) * 255).save("small.png")
    (tmp_path / "spoilt" / "a.png").write_text("no picture")
    (tmp_path / "hidden" / ".thumbnails").mkdir(parents=True)
    for name in "abc":
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(f"hidden/.thumbnails/{name}.png")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save("few/a.png")
    (tmp_path / "few.txt").write_text("one line\n")
    return tmp_path


@pytest.mark.parametrize("which, given, words", [
    ("03", {"dataset": "speech"}, "'speech' holds sounds, for lesson 12"),
    ("12", {"dataset": "strokes"}, "set of sounds 'strokes' is unknown"),
    ("12", {"dataset": "folder:pictures"}, "holds no wav file"),
    ("12", {"dataset": "folder:gone"}, "there is no folder"),
    ("12", {"dataset": "folder:eleven"}, "gives 11 clips: a lesson needs 12 at least"),
    ("03", {"dataset": "npz:floats.npz"}, "x_train is float32; images must be uint8"),
    ("03", {"dataset": "npz:other.npz"}, "has no array x_train"),
    ("03", {"dataset": "npz:few.txt"}, "is not an .npz file"),
    ("03", {"dataset": "npz:none.npz"}, "must hold an image of at least one pixel"),
    ("03", {"dataset": "folder:empty"}, "holds no images"), ("03", {"dataset": "folder:good.npz"}, "is a file"),
    ("03", {"dataset": "folder:hidden"}, "holds no images"),
    ("03", {"dataset": "folder:few"}, "gives 1 image; it needs 3 at least"),
    ("03", {"pictures": "folder:spoilt"}, "none of the 1 image files"),
    ("04", {"photo": "me.jpg"}, "there is no image file 'me.jpg'"), ("04", {"photo": "chyna"}, "did you mean 'china'"),
    ("04", {"painting": "few.txt"}, "is not an image"), ("04", {"photo": "small.png"}, "must have at least 64"),
    ("07", {"inception_weights": "w.pt"}, "there is no file 'w.pt'"),
    ("11", {"mask": "file:small.png"}, "it is 20 x 20 pixels, the images are 28 x 28"),
    ("11", {"mask": "file:white.png"}, "everything is missing"), ("11", {"mask": "center"}, "did you mean 'centre'"),
    ("13", {"corpus": "file:none.txt"}, "there is no file 'none.txt'"),
    ("13", {"corpus": "file:few.txt"}, "1 different lines"),
])
def test_what_a_lesson_could_not_read_is_refused(here, which, given, words):
    with pytest.raises(ValueError, match=words):
        check(which, here, **given)


@pytest.mark.parametrize("which, given", [
    ("03", {}), ("03", {"dataset": "npz:good.npz", "pictures": "folder:pictures"}), ("04", {"photo": "pictures/a.png"}),
    ("12", {"dataset": "folder:twelve"}), ("13", {"corpus": "grammar"}), ("11", {"mask": "file:eye.png"}),
    ("06", {})])
def test_what_fits_passes(here, which, given):
    Image.fromarray(np.eye(28, dtype=np.uint8) * 255).save("eye.png")
    check(which, here, **given)


def test_thirty_damaged_pictures_are_refused_but_not_three_good_ones_behind_them(here):
    for i in range(30):
        (here / "spoilt" / f"b{i}.png").write_bytes(b"cut")
    with pytest.raises(ValueError, match="none of the 31 image files"):
        check("03", here, dataset="folder:spoilt")
    for name in "xyz":
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(here / "spoilt" / f"{name}.png")
    check("03", here, dataset="folder:spoilt")


@pytest.mark.parametrize("which, given, words", [
    ("07", "npz:good.npz", "'npz:good.npz' gives 40 images; this lesson needs 200 at least"),
    ("09", "folder:pictures", "'folder:pictures' gives 3 images; this lesson needs"),
    ("10", "npz:one_class.npz", "gives 1 class; this lesson needs 2 at least"),
    ("10", "folder:one_class", "gives 1 class; this lesson needs 2 at least, each in a folder of its own")])
def test_what_is_too_little_for_a_lesson_is_refused(here, which, given, words):
    np.savez("one_class.npz", x_train=np.zeros((400, 8, 8), np.uint8))
    (here / "one_class").mkdir()
    for i in range(40):
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(here / "one_class" / f"{i}.png")
    with pytest.raises(CourseError, match=words):
        check(which, here, dataset=given)


def test_paths_start_in_the_folder_of_the_run(here, tmp_path_factory, monkeypatch):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    check("04", here, photo="pictures/a.png")
    check("03", here, dataset="npz:good.npz")


def test_a_folder_of_links_to_folders_passes(here):
    (here / "links").mkdir()
    (here / "links" / "a").symlink_to(here / "pictures")
    check("03", here, dataset="folder:links")


@pytest.mark.parametrize("argv", [["run", "04", "-p", "photo=me.jpg"], ["run", "03", "-p", "resolution=30"]])
def test_nothing_starts_and_nothing_is_written(here, argv, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main([*argv, "--runs", "runs"])
    assert stop.value.code == 2 and not (here / "runs").exists()


def test_a_number_that_does_not_divide_names_its_neighbours(here):
    with pytest.raises(ValueError, match="resolution=30 is not divisible by 4; .* are 28 and 32"):
        lessons.settings(lessons.find("03"), given={"resolution": 30})
    assert lessons.settings(lessons.find("03"), given={"resolution": 32}) == {"resolution": 32}


def test_a_folder_that_takes_no_file_is_named_with_what_to_do(here, capsys):
    (here / "file").write_text("")
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", "06", "--preset", "smoke", "--runs", "file/runs"])
    said = capsys.readouterr().err
    assert stop.value.code == 2 and "--runs file/runs: no file can be made there" in said and "Errno" not in said


def test_a_notebook_judges_its_own_parameters_as_the_command_line_does():
    first = {name: parameter.default for name, parameter in lessons.parameters(lessons.find("05").notebook).items()}
    check_inputs.check_here(5, first | {"np": None})
    with pytest.raises(CourseError, match=r"shift=9.0 is out of range \[0.25, 4\]; the nearest right value is 4.0"):
        check_inputs.check_here(5, first | {"shift": 9.0})
    with pytest.raises(CourseError, match="shift='1e-3' is str; it must be float, such as 1.0"):
        check_inputs.check_here(5, first | {"shift": "1e-3"})


def test_a_copy_without_its_course_is_not_judged(monkeypatch):
    def nowhere(which):
        raise MissingFile("no lessons in notebooks")

    monkeypatch.setattr(check_inputs, "find", nowhere)
    check_inputs.check_here(5, {"shift": 9.0})


@pytest.mark.parametrize("lesson", lessons.all_lessons(), ids=lambda lesson: lesson.name)
def test_each_lesson_judges_its_parameters_before_it_computes(lesson):
    code = "\n".join(lessons.source(c) for c in lesson.notebook["cells"] if c["cell_type"] == "code")
    assert f"\ncheck_here({lesson.about['lesson']}, globals())" in code
