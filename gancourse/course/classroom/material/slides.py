"""Slides of a lesson as one page that needs no network, and its speaker's notes for the printer.

    slides(find("03"), Path("build/class"))

reveal.js moves the slides: arrows or space go on, S opens the notes in a window of their own, and
the address with ?print-pdf prints one slide a page.  Its files come from the package pyreveal.
"""

import importlib.util
import re
from base64 import b64encode
from pathlib import Path

from gancourse.course import html_pages
from gancourse.course.classroom.lesson.exercises import open_questions
from gancourse.course.classroom.material import card
from gancourse.course.classroom.material.deck import Slide, deck
from gancourse.course.lessons import Lesson
from gancourse.course.study_time import sections
from gancourse.errors import CourseError, MissingPackage
from gancourse.files import write_atomically

SIGN_AFTER_FORMULA = re.compile(r"</math>(?=[,.:;!?)])")  # must not begin a line
PACKAGE = "pyreveal==1.0.0"  # has no code that is run here: only the files of reveal.js 6.0.1
STYLE = """
html,body,main{height:100%;margin:0}html.reveal-print main{height:auto}
.reveal{font:32px/1.35 system-ui,sans-serif;color:#222;background:#fff}
.reveal .slides{text-align:left}
.reveal .slides section{box-sizing:border-box;padding:var(--top,36px) 56px 30px}
html.reveal-print .reveal .slides section:not(.stack){
padding:var(--top,36px) 56px 30px!important}
.reveal .slides section:has(section){padding:0}
.reveal h1{font-size:2em;margin:0 0 .4em}.reveal h2{font-size:1.6em;margin:0 0 .5em}
.reveal h1,.reveal h2,.reveal h3{line-height:1.2;color:#0b4a77;text-transform:none}
.reveal h3{font-size:.72em;margin:0 0 .5em;color:#5c5c5c;font-weight:600}
section:is([data-kind=predict],[data-kind=think]) p{font-size:1.15em}
section[data-kind=predict] h3,section[data-kind=think] h3,section[data-kind=exercise] h3{
font-size:1.2em;color:#a34700}
.reveal p,.reveal ul,.reveal ol{margin:0 0 .55em}.reveal ul,.reveal ol{padding-left:1.1em}
.reveal ul,.reveal ol{display:block}.reveal li{margin:0 0 .4em}.reveal .anchor-link{display:none}
.reveal img{display:block;width:100%;height:auto;object-fit:contain;margin:0 auto;max-width:none}
.reveal [class^=gancourse-]{max-width:none!important;font-size:.62em}
.reveal [class^=gancourse-]{padding-right:60px}.reveal [class^=gancourse-] button{font-size:1em}
.reveal .slide-number{right:auto;left:8px;background:none}
.reveal .slide-number,.reveal .slide-number a{font-size:15px;color:#777;text-decoration:none}
.reveal pre,.reveal .highlight{font:1em/1.4 ui-monospace,Consolas,"DejaVu Sans Mono",monospace}
.reveal pre{margin:.3em 0;width:auto;box-shadow:none;overflow:visible;background:#f6f6f6}
.reveal pre{padding:.6em .8em}.reveal .highlight{margin:.3em 0}
.reveal p code,.reveal li code,.reveal td code{font-size:.85em;color:#6a3d00}
.reveal table{border-collapse:collapse;font-size:.72em;margin:.3em 0}
.reveal th,.reveal td{padding:.3em .9em .3em 0;border-bottom:1px solid #ccc;vertical-align:top}
.reveal th,.reveal td{text-align:left}
.reveal math[display=block]{margin:.5em 0;font-size:1.12em}
math{font-family:"Latin Modern Math","STIX Two Math","Cambria Math","DejaVu Math TeX Gyre",math}
.reveal table:has(audio)>tbody{display:grid;grid-template-columns:auto auto;gap:0 3em}
.reveal table:has(audio) tr{display:flex;align-items:center}.reveal td:has(audio){border:0}
.reveal td:has(+td audio){border:0;min-width:3em}
"""
SCRIPT = """<script>
// Each slide is fitted before it is shown: first its figures get the room that the words leave,
// then, if it is still too high or too wide, everything on it becomes smaller.
const WIDTH = 1280, HEIGHT = 720, LEAST = 300;  // pixels of a slide; of a figure's height
function fit(slide) {
  const images = [...slide.querySelectorAll("img")];
  slide.querySelectorAll("pre").forEach((code) => {  // as large as its longest line allows
    const program = code.closest(".highlight");  // its lines may be broken, those of a table not
    for (let size = 0.9; size > (program ? 0.55 : 0.5); size -= 0.05) {
      code.style.fontSize = size + "em";
      if (code.scrollWidth <= code.clientWidth) return;
    }
    if (program) code.style.whiteSpace = "pre-wrap";
  });
  for (let size = 100; size >= 40; size -= 4) {
    slide.style.fontSize = size + "%";
    images.forEach((image) => { image.style.display = "none"; });
    const room = (HEIGHT - slide.scrollHeight) / Math.max(1, images.length);
    images.forEach((image) => {
      image.style.display = "";
      image.style.maxHeight = Math.max(room, 120) + "px";
    });
    const fits = slide.scrollHeight <= HEIGHT && slide.scrollWidth <= WIDTH;
    if (fits && (!images.length || room > LEAST)) break;
  }
  const free = HEIGHT - slide.scrollHeight;  // words stand a little above the middle
  if (free > 0) slide.style.setProperty("--top", 36 + 0.35 * free + "px");
}
window.addEventListener("load", () => {
  document.querySelectorAll(".slides section").forEach((slide) => {
    const inner = !slide.querySelector("section");
    const styles = { display: "block", position: "absolute", visibility: "hidden" };
    const stack = slide.parentElement.closest("section");
    if (!inner) return;
    [slide, stack].filter(Boolean).forEach((part) => Object.assign(part.style, styles));
    slide.style.width = WIDTH + "px";
    fit(slide);
    [slide, stack].filter(Boolean).forEach((part) => {
      Object.keys(styles).forEach((name) => { part.style[name] = ""; });
    });
    slide.style.width = "";
  });
  // what was dragged or pressed lets go of the keyboard, so that the arrows turn slides again
  document.querySelectorAll(".slides input, .slides button").forEach((control) => {
    control.addEventListener("pointerup", () => setTimeout(() => control.blur(), 0));
    control.closest("div").setAttribute("data-prevent-swipe", "");
  });
  Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0.02, center: false, hash: true, transition: "none",
    slideNumber: "c/t", navigationMode: "linear", pdfSeparateFragments: false,
    pdfMaxPagesPerSlide: 1, plugins: [RevealNotes],
  });
});
</script>"""
PRINTED = """<style>body{max-width:52rem;margin:auto}h3{margin-top:1.6em;border-top:1px solid #bbb;
padding-top:.6em;break-after:avoid}blockquote{color:#444}
img{max-height:200px!important;max-width:340px!important}
blockquote,pre,img{break-inside:avoid}</style>"""


def slides(lesson: Lesson, to: Path, deeper: bool = False) -> list[Path]:
    """Write a lesson's slides and its speaker's notes into a folder; return the two paths.

    `deeper` adds the section Deeper.  The notes hold what a good answer to an open question says,
    so they are for the teacher; the slides hold no answer of any exercise.  Raises CourseError for
    a notebook without stored outputs, MissingPackage where reveal.js is not installed.
    """
    written = []
    for kind, page in (("slides", slides_page), ("notes", notes_page)):
        path = to / f"{lesson.name}.{kind}.html"
        write_atomically(path, page(lesson, deeper).encode())
        written.append(path)
    return written


def slides_page(lesson: Lesson, deeper: bool = False) -> str:
    """Return the slides of a lesson as one HTML page.  Errors as `slides`."""
    styles, scripts = _reveal()
    head = f"<style>{styles}\n{STYLE}</style>"
    foot = "".join(_script(script) for script in scripts) + SCRIPT
    cells = [cell for slide in _deck(lesson, deeper) for cell in _cells(slide)]
    title = f"{lesson.about['lesson']:02d} · {lesson.about['title']}"
    page = html_pages.to_slides(_notebook(cells), title, head, foot)
    return SIGN_AFTER_FORMULA.sub("</math>&#8288;", page)


def notes_page(lesson: Lesson, deeper: bool = False) -> str:
    """Return what to show and what to say, slide by slide, as one HTML page for the printer."""
    questions = open_questions(lesson.notebook)
    parts = [PRINTED]
    for number, slide in enumerate(_deck(lesson, deeper), 1):
        shown = "\n".join(f"> {line}" for line in slide.text.strip().splitlines())
        parts += [f"### {number} · {slide.heading}", shown, *map(_picture, slide.outputs)]
        parts += slide.notes
        if slide.kind == "think":
            opening = " ".join(slide.text.split())[:60]
            parts += [f"**What a good answer says.** {question.rubric}" for question in questions
                      if opening in " ".join(question.question.split())]
    title = f"{lesson.about['lesson']:02d} · {lesson.about['title']}: speaker's notes"
    cells = [_markdown(f"# {title}\n\n" + "\n\n".join(filter(None, parts)))]
    return html_pages.to_html(_notebook(cells), title)


def _deck(lesson: Lesson, deeper: bool) -> list[Slide]:
    """A lesson's slides, with the minutes of each section in its notes, and the claims' numbers."""
    if not any(cell.get("outputs") for cell in lesson.notebook["cells"]):
        raise CourseError(f"{lesson.name} holds no outputs, so its slides would have no figures: "
                          "take the course's own notebook, or run yours and save it")
    minutes = sections(lesson.notebook)
    known = deck(lesson.notebook, deeper)
    for slide in known:
        if slide.kind in ("section", "list") and slide.heading in minutes:
            slide.notes.insert(0, f"*About {max(1, round(minutes[slide.heading]))} minutes.*")
        if slide.kind == "claims":
            slide.text = card.table(card.headline(lesson.notebook), when=False)
    return known


def _cells(slide: Slide) -> list[dict]:
    """A slide as cells of a notebook, with the slide types that nbconvert reads."""
    level = {"title": "#", "section": "##"}.get(slide.kind, "###")
    heading = f"{level} {slide.heading}\n\n" if slide.heading else ""
    begins = "slide" if slide.kind in ("title", "section") else "subslide"
    cells = [_markdown(heading + slide.text, begins, slide.kind)]
    cells += [_code([output]) for output in slide.outputs]
    for text, outputs in slide.fragments:
        cells.append(_markdown(text, "fragment"))
        cells += [_code([output]) for output in outputs]
    if slide.notes:
        cells.append(_markdown("\n\n".join(slide.notes), "notes"))
    return cells


def _markdown(text: str, slide_type: str = "-", kind: str = "") -> dict:
    """A Markdown cell with a slide type; `kind` becomes an attribute of the slide."""
    show = {"slide_type": slide_type} | ({"data": {"kind": kind}} if kind else {})
    return {"cell_type": "markdown", "metadata": {"slideshow": show}, "source": text}


def _code(outputs: list[dict]) -> dict:
    """A code cell that has nothing but outputs."""
    return {"cell_type": "code", "metadata": {}, "source": "", "execution_count": None,
            "outputs": outputs}


def _notebook(cells: list[dict]) -> dict:
    """Cells as a notebook."""
    return {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}


def _picture(output: dict) -> str:
    """An output in the printed notes: a small figure, or its Markdown."""
    data = output.get("data", {})
    for kind in data:
        if kind.startswith("image/"):
            image = "".join(data[kind]).replace("\n", "")
            return f'<img alt="" src="data:{kind};base64,{image}">'
    return "".join(data.get("text/markdown", "(sounds)"))


def _script(text: str) -> str:
    """A script within a page; in base64, because it holds HTML that would end it."""
    address = f"data:text/javascript;base64,{b64encode(text.encode()).decode()}"
    return f'<script src="{address}"></script>'


def _reveal() -> tuple[str, list[str]]:
    """The style and the scripts of reveal.js.  Raises MissingPackage where they are missing."""
    spec = importlib.util.find_spec("pyreveal")
    if spec is None:
        raise MissingPackage("slides need reveal.js, which the package pyreveal carries:  "
                             f"pip install {PACKAGE}")
    folder = Path(spec.origin).parent / "revealjs" / "dist"
    style, *scripts = ((folder / name).read_text(encoding="utf-8")
                       for name in ("reveal.css", "reveal.js", "plugin/notes.js"))
    return style, scripts
