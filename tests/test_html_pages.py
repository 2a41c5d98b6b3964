"""Pages need no network: formulas are MathML, figures lie inside, progress bars are gone."""

import re

import nbformat

from gancourse.course import html_pages
from gancourse.course.runs import pages as run_pages


def page(*cells):
    return html_pages.to_html(nbformat.v4.new_notebook(cells=cells), "t")


def test_a_named_function_stands_apart_from_its_argument():
    """log 2 has a thin space, log(x) none."""
    assert '<mo lspace="0.17em" rspace="0.17em">log</mo><mn>2</mn>' in html_pages.with_mathml(r"$2\log 2$")
    assert '<mo lspace="0.17em" rspace="0">log</mo><mo stretchy="false">' in html_pages.with_mathml(r"$\log(x)$")


def test_no_command_is_shown_as_it_is_written():
    """Norms in big bars and arg min are drawn; latex2mathml alone shows their names with a backslash."""
    maths = html_pages.with_mathml(r"$\Big\lVert x \Big\rVert + \left\lVert y \right\rVert, \arg\min_z \arg \max$")
    assert "\\" not in maths and "<mo>arg</mo><msub><mo>min</mo>" in maths
    assert maths.count("‖") + maths.count("&#x02016;") == 4


def test_formulas_become_mathml_and_code_stays():
    html = page(nbformat.v4.new_markdown_cell("A price of $5 and $x^2$, `echo $x$`\n\n$$\\frac{1}{2}$$"))
    assert "<msup>" in html and "<mfrac>" in html and "echo $x$" in html and "A price of $5 and" in html
    assert html.index("math{font-family:") < html.index("</head>") < html.index("<mfrac>")


def test_formulas_of_several_lines_stand_in_rows():
    """The signs that align the lines are not drawn, nor is the space that may follow a line."""
    for name in ("aligned", "gathered"):
        tex = rf"\begin{{{name}}} a &= b \\[4pt] c &= d \end{{{name}}}"
        if name == "gathered":
            tex = tex.replace("&", "")
        maths = html_pages.with_mathml(f"$${tex}$$")
        assert maths.count("<mtr>") == 2 and "<mi>&</mi>" not in maths and "4" not in re.sub("<[^>]*>", "", maths)
        assert '<mtable displaystyle="true"' in maths


def test_a_bar_is_as_long_as_what_it_stands_over():
    assert '<mo stretchy="true">&#x000AF;</mo></mover>' in html_pages.with_mathml(r"$\overline{f(D(x))}$")


def test_nothing_is_fetched():
    html = page(nbformat.v4.new_markdown_cell("# T"))
    assert "<script src=" not in html and "<link" not in html.replace("<link rel=stylesheet>", "")


def test_a_page_asks_an_exercise_and_does_not_answer_it():
    cell = nbformat.v4.new_code_cell("def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION")
    html = page(cell)
    assert "twice" in html and "your turn" in html
    assert "2" not in re.sub(r"<[^>]+>", "", html.split("twice")[1].split("your turn")[0]) and "SOLUTION" not in html


def test_a_figure_has_its_alt_text_and_its_width():
    figure = nbformat.v4.new_output("display_data", {"image/png": "iVBO\nRw==", "text/plain": "x"},
                                    metadata={"image/png": {"alt": "a < b", "width": 300}})
    html = page(nbformat.v4.new_code_cell("1", outputs=[figure]))
    (image,) = re.findall(r"<img[^>]*>", html)
    assert 'alt="a &lt; b"' in image and 'width="300"' in image and "base64,iVBORw==" in image
    assert "No description" not in html


def test_webp_is_shown_and_not_told():
    figure = nbformat.v4.new_output("display_data", {"image/webp": "UklG", "text/plain": "strokes"},
                                    metadata={"image/webp": {"alt": "strokes"}})
    html = page(nbformat.v4.new_code_cell("1", outputs=[figure]))
    assert 'src="data:image/webp;base64,UklG"' in html and "<pre>strokes" not in html


def test_progress_bars_are_left_out_and_warnings_stay():
    bar = nbformat.v4.new_output("stream", name="stderr", text=" 50%|#####     | 1/2")
    warning = nbformat.v4.new_output("stream", name="stderr", text="UserWarning: mind the gap")
    html = page(nbformat.v4.new_code_cell("1", outputs=[bar, warning]))
    assert "50%|" not in html and "mind the gap" in html


def test_whatever_stands_in_a_list_of_runs_is_text():
    row = {"lesson": "05_x", "title": "<b>T</b>", "settings": "photo='a&b'", "address": "05_x/a=\"b\"/notebook.html",
           "verdict": "<i>", "details": ["1 < 2"], "seconds": 61.4, "date": "2026-11-27T10:00:00", "failed": True,
           "tags": [], "id": "a1"}
    html = run_pages.index("runs", [row, row | {"seconds": float("nan"), "failed": False}], [("sweeps/s", "<s>")])
    assert html.count("05 &lt;b&gt;T&lt;/b&gt;") == 2 and html.count("photo=&#39;a&amp;b&#39;") == 2
    assert 'href="05_x/a=&#34;b&#34;/notebook.html"' in html and "1 &lt; 2" in html and "&lt;s&gt;" in html
    assert html.count('class="failed"') == 1 and html.count(" s</td>") == 1 and "61 s" in html
    assert "<pre>a &lt; b</pre>" in html_pages.message("t", "a < b")
