"""A part of a notebook's page that a script moves, without a kernel and without a network.

It works in JupyterLab, in a notebook that was saved and is trusted, and in the pages of `gancourse
run`.  Where scripts are not allowed, one picture stands still.
"""

import hashlib
import json
from base64 import b64encode
from typing import Any

from gancourse.notebook import image_output

# Keys that a part of the page hears must not move the notebook's cells: the attribute data-lm-...
FRAME = """<div class="{id}" data-lm-suppress-shortcuts="true" style="{style}">
{body}
</div>
<script>
document.querySelectorAll(".{id}").forEach((root) => {{
  if (root.dataset.runs) return;  // the same output may stand in two places
  root.dataset.runs = "yes";
{values}{script}}});
</script>"""


def show(picture: bytes, alt: str, *, body: str, script: str, values: dict[str, Any],
         style: str) -> None:
    """Display HTML, `body`, and run `script` on it, or a WebP picture where no script may run.

    The script knows the element around `body` as `root`, and each of `values`, plain JSON, by its
    name.  `alt` says what the picture shows, `style` is the CSS of the element.
    """
    lines = "".join(f"  const {name} = {_in_script(value)};\n" for name, value in values.items())
    digest = hashlib.sha256((body + lines).encode()).hexdigest()[:12]
    page = FRAME.format(id=f"gancourse-{digest}", style=style, body=body, values=lines,
                        script=script)
    image_output.show_image("image/webp", picture, alt, page=page)


def source(picture: bytes) -> str:
    """Return a WebP picture as an address that holds it."""
    return f"data:image/webp;base64,{b64encode(picture).decode()}"


def _in_script(value: Any) -> str:
    """A value as JavaScript, which cannot end the script that it stands in."""
    return json.dumps(value).replace("<", "\\u003c")
