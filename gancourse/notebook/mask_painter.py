"""A drawing board in a notebook: paint a hole on an image, and save it or send it to the kernel.

The board is HTML with a script, which writes the hole into a hidden text field; a change of that
field reaches the kernel.  Lesson 11.
"""

import io
from base64 import b64encode
from collections.abc import Callable
from string import Template
from uuid import uuid4

import numpy as np

from gancourse.errors import CourseError

PIXELS = 308  # side of the board on the screen, about
INK = "#E66100"  # the orange of plots.FAKE
PAGE = Template("""
<div id="$name" style="font:14px system-ui,sans-serif">
<canvas width="$wide" height="$high" role="img"
 aria-label="An image to paint a hole on, with the mouse or a finger"
 style="touch-action:none;cursor:crosshair;border:1px solid #888"></canvas><br>
<button name="fill">Fill it</button> <button name="clear">Clear</button>
<button name="save">Save my_mask.png</button>
<span role="status"></span></div>
<script>(() => {
const root = document.getElementById("$name");
const board = root.querySelector("canvas"), pen = board.getContext("2d");
const [w, h, size] = [$w, $h, $size], hole = new Uint8Array(w * h), photo = new Image();
const say = text => { root.querySelector("span").textContent = text; };
const paint = () => {
  pen.imageSmoothingEnabled = false;
  pen.drawImage(photo, 0, 0, board.width, board.height);
  pen.fillStyle = "$ink";
  hole.forEach((on, i) => {
    if (on) pen.fillRect(i % w * size, Math.floor(i / w) * size, size, size);
  });
};
const dab = event => {
  const box = board.getBoundingClientRect();
  const x = Math.floor((event.clientX - box.left) / box.width * w);
  const y = Math.floor((event.clientY - box.top) / box.height * h);
  for (let j = y - 1; j <= y + 1; j++) for (let i = x - 1; i <= x + 1; i++)
    if (i >= 0 && i < w && j >= 0 && j < h) hole[j * w + i] = 1;
  paint();
};
board.onpointerdown = event => { board.setPointerCapture(event.pointerId); dab(event); };
board.onpointermove = event => { if (event.buttons) dab(event); };
root.querySelector("[name=clear]").onclick = () => { hole.fill(0); say(""); paint(); };
root.querySelector("[name=save]").onclick = () => {
  const small = Object.assign(document.createElement("canvas"), {width: w, height: h});
  const bytes = new Uint8ClampedArray(4 * w * h);  // red, green, blue, opacity: the hole is white
  bytes.forEach((_, i) => { bytes[i] = i % 4 == 3 || hole[i >> 2] ? 255 : 0; });
  small.getContext("2d").putImageData(new ImageData(bytes, w, h), 0, 0);
  const link = {href: small.toDataURL(), download: "my_mask.png"};
  Object.assign(document.createElement("a"), link).click();
};
root.querySelector("[name=fill]").onclick = () => {
  const line = document.querySelector(".$name textarea");
  if (!line)
    return say("No kernel listens: run this cell in Jupyter, "
      + "or save the mask and give it to the lesson.");
  line.value = hole.join("");
  for (const kind of ["input", "change"]) line.dispatchEvent(new Event(kind, {bubbles: true}));
};
photo.onload = paint;
photo.src = "$photo";
})();</script>
""")


def show_mask_painter(image: np.ndarray, answer: Callable[[np.ndarray], None]) -> None:
    """Display an image to paint a hole on; "Fill it" calls `answer(hole)` and shows its output.

    `image` is uint8 (height, width, 1 or 3), the hole bool (height, width).  Needs a browser with a
    kernel; without one the hole can still be painted and saved as my_mask.png.  What `answer`
    raises as ValueError is shown as a message.
    """
    from IPython.display import HTML, clear_output, display
    from ipywidgets import Output, Textarea

    name = f"board-{uuid4().hex[:8]}"
    field = Textarea()
    field.add_class(name)  # by which the page's script finds it
    field.layout.display = "none"
    output = Output()

    def answer_hole(change: dict) -> None:
        """Show what `answer` makes of the line of 0 and 1 that the page has put into the field."""
        with output:
            clear_output(wait=True)
            try:
                answer(read_line(change["new"], image.shape))
            except ValueError as error:
                print(error)

    field.observe(answer_hole, "value")
    display(HTML(page(image, name)), field, output)


def page(image: np.ndarray, name: str) -> str:
    """Return the board as HTML whose elements carry `name`; it needs no network."""
    from PIL import Image

    height, width = image.shape[:2]
    size = max(1, PIXELS // max(height, width))
    pixels = image[..., 0] if image.shape[2] == 1 else image
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    photo = f"data:image/png;base64,{b64encode(buffer.getvalue()).decode()}"
    return PAGE.substitute(
        name=name, w=width, h=height, size=size, wide=width * size, high=height * size, ink=INK,
        photo=photo,
    )


def read_line(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return the hole that the board sends as a line of 0 and 1, row by row, bool (height, width).

    Raises ValueError when the line is not one for images of `shape`.
    """
    height, width = shape[:2]
    if len(text) != height * width or set(text) - {"0", "1"}:
        raise CourseError(f"the board sent {len(text)} signs, not {height * width} of 0 and 1: "
                          "run its cell again")
    return np.array([sign == "1" for sign in text]).reshape(height, width)
