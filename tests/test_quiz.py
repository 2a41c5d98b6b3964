"""A quiz on pictures asks for each of them, and its page alone knows the answers."""

import re

import numpy as np
import pytest

from gancourse.errors import CourseError
from gancourse.notebook import quiz

PICTURES = np.zeros((3, 8, 8, 1), np.uint8)
WORDS = {"choices": ("real", "filled"), "alt": "three digits"}


@pytest.fixture
def shown(monkeypatch):
    """What is displayed: a list of dicts by MIME type."""
    seen = []
    monkeypatch.setattr("IPython.display.display", lambda data, metadata, raw: seen.append(data))
    return seen


def test_each_picture_has_a_button_for_each_choice_and_its_answer(shown):
    quiz.show_quiz(PICTURES, ["real", "filled", "real"], ["a", "b </script>", "c"], **WORDS)
    page = shown[0]["text/html"]
    assert page.count("<figure") == 3 and page.count("<button") == 6
    assert re.findall(r"const answers = (.*);", page) == ['["real", "filled", "real"]']
    assert page.count("</script>") == 1 and "b &lt;/script&gt;" in page
    assert "image/webp" in shown[0]


@pytest.mark.parametrize("answers, notes, words", [
    (["real"], ["a", "b", "c"], "as many of each"), (["real", "fake", "real"], ["a", "b", "c"], "must be among")])
def test_what_does_not_fit_is_refused(answers, notes, words):
    with pytest.raises(CourseError, match=words):
        quiz.show_quiz(PICTURES, answers, notes, **WORDS)
