"""Pages about runs: the list of all, and several side by side.  They need no network.

The list is whole without JavaScript; with it, a click on a column sorts it, words filter it, and
any number of the runs can be shown in a column.
"""

import math
from typing import Any

from gancourse.course.html_pages import HEAD, STYLE, template

MORE_STYLE = """body{max-width:80rem}table{font-variant-numeric:tabular-nums;font-size:.92rem}
th{text-align:left;vertical-align:bottom;border-bottom:2px solid #888;padding:.25rem 1rem .25rem 0}
th button{font:inherit;font-weight:600;border:0;background:none;padding:0;cursor:pointer}
th[aria-sort=ascending] button::after{content:" ▲"}th button:focus{outline:2px solid #0072B2}
th[aria-sort=descending] button::after{content:" ▼"}td.number,th.number{text-align:right}
.tag{background:#e8f1f8;border-radius:.6em;padding:0 .5em;white-space:nowrap}
.tools label{margin-right:1.5rem}input{font:inherit;padding:.1rem .4rem;width:20rem;max-width:90%}
td.date{white-space:nowrap}.scroll{overflow-x:auto}code{font-size:.85rem}
figure{margin:1rem 0}img{max-width:100%}"""
SCRIPT = """
const table = document.getElementById("runs"), body = table.tBodies[0];
const numbers = JSON.parse(document.getElementById("numbers").textContent);
const rows = [...body.rows], shown = document.getElementById("count");
const key = cell => cell.dataset.key ?? cell.textContent.trim();
function compare(a, b) {
  const x = Number(a), y = Number(b);
  return a !== "" && b !== "" && !isNaN(x) && !isNaN(y) ? x - y : a < b ? -1 : a > b ? 1 : 0;
}
function sort(head) {
  const column = head.cellIndex, down = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  rows.sort((a, b) => {
    const x = key(a.cells[column]), y = key(b.cells[column]);
    if (x === "" || y === "") return (x === "") - (y === "");  // what has none comes last
    return down ? compare(y, x) : compare(x, y);
  });
  body.append(...rows);
}
function filter(words) {
  let count = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.toLowerCase().split(/\\s+/).every(word => text.includes(word));
    count += !row.hidden;
  }
  shown.textContent = count + " of " + rows.length + " runs";
}
function show(name) {
  const place = numbers.names.indexOf(name), head = document.getElementById("chosen");
  head.firstElementChild.textContent = place < 0 ? "number" : name;
  head.removeAttribute("aria-sort");
  for (const row of rows) {
    const value = place < 0 ? undefined : numbers.rows[row.dataset.place][place];
    const cell = row.cells[head.cellIndex];
    cell.textContent = value == null ? "" : Number(value.toPrecision(5));
    cell.dataset.key = value ?? "";
  }
}
for (const head of table.tHead.rows[0].cells) head.firstElementChild.onclick = () => sort(head);
document.getElementById("filter").oninput = event => filter(event.target.value);
document.getElementById("number").onchange = event => show(event.target.value);
document.querySelector(".tools").hidden = false;
"""
INDEX = HEAD + """
<p class="quiet">Every run that is kept in this folder, the newest first.
A missed claim is a result; the run is whole. <code>gancourse runs</code> lists the same.</p>
<p class="tools" hidden>
<label>Only with the words <input id="filter" type="search"></label>
<label>Show the number <input id="number" list="names"></label>
<datalist id="names">{% for name, text in names %}
<option value="{{ name }}">{{ text }}</option>
{% endfor %}</datalist>
<span class="quiet" id="count">{{ rows|length }} runs</span></p>
<div class="scroll"><table id="runs">
<thead><tr>
{% for head in ("lesson", "settings", "outcome", "tags", "number", "seconds", "date (UTC)", "id") %}
<th{% if head in ("number", "seconds") %} class="number"{% endif %}
{% if head == "number" %} id="chosen"{% endif %}><button type="button">{{ head }}</button></th>
{% endfor %}
</tr></thead>
<tbody>
{% for row in rows %}
<tr data-place="{{ loop.index0 }}"><td>
{{ row.lesson[:2] if row.lesson[:2].isdigit() }} {{ row.title }}</td>
<td><a href="{{ row.address }}">{{ row.settings }}</a></td>
<td{% if row.failed %} class="failed"{% endif %}>{{ row.verdict }}{% for line in row.details %}<br>
<span class="quiet">{{ line }}</span>{% endfor %}</td>
<td>{% for tag in row.tags %}<span class="tag">{{ tag }}</span> {% endfor %}</td>
<td class="number"></td>
<td class="number"{% if row.seconds == row.seconds %} data-key="{{ row.seconds }}">
{{- "%.0f s"|format(row.seconds) }}{% else %}>{% endif %}</td>
<td class="quiet date" data-key="{{ row.date }}">{{ row.date[:16]|replace("T", " ") }}</td>
<td><code>{{ row.id }}</code></td></tr>
{% endfor %}
</tbody></table></div>
{% if sweeps %}
<h2>Sweeps</h2>
<ul>
{% for address, name in sweeps %}
<li><a href="{{ address }}">{{ name }}</a></li>
{% endfor %}
</ul>
{% endif %}
<script type="application/json" id="numbers">{{ numbers|tojson }}</script>
<script>{{ script|safe }}</script>
</html>
"""
COMPARISON = HEAD + """
<p>{{ verdict }}</p>
{% if picture %}
<h2>Curves</h2>
<figure><img alt="{{ words }}" src="data:image/png;base64,{{ picture }}">
<figcaption class="quiet">{{ words }}</figcaption></figure>
{% endif %}
{% for section in sections %}
<h2>{{ section.title }}</h2>
{% if section.lines %}
<div class="scroll"><table><thead><tr><th></th>
{% for row in rows %}
<th><a href="{{ home }}/{{ row.address }}">{{ row.id }}</a></th>
{% endfor %}
{% if section.changes %}<th>change</th>{% endif %}</tr></thead><tbody>
{% for line in section.lines %}
<tr><td{% if line.sentence %} title="{{ line.sentence }}"{% endif %}>{{ line.name }}</td>
{% for value in line.values %}
<td>{{ value }}</td>
{% endfor %}
{% if section.changes %}<td>{{ line.change }}</td>{% endif %}</tr>
{% endfor %}
</tbody></table></div>
{% endif %}
<p class="quiet">{{ section.remark }}</p>
{% endfor %}
</html>
"""


def index(title: str, rows: list[dict], sweeps: list[tuple[str, str]] = ()) -> str:
    """Return a page that lists runs and leads to their pages.

    The rows are those of `run_rows.rows`; `sweeps` are pairs of address and name.
    """
    sentences: dict[str, str] = {}
    for row in rows:
        sentences |= row.get("sentences", {})
    places = {name: place for place, name in enumerate(sentences)}
    numbers = {"names": list(sentences), "rows": [_numbers(row, places) for row in rows]}
    return template(INDEX).render(title=title, rows=rows, sweeps=sweeps, numbers=numbers,
                                  names=sorted(sentences.items()), script=SCRIPT,
                                  style=STYLE + MORE_STYLE)


def comparison(title: str, rows: list[dict], sections: list, *, verdict: str, home: str,
               picture: str = "", words: str = "") -> str:
    """Return a page with several runs side by side.

    The sections are those of `run_compare.sections`; `home` leads from the page to the folder of
    runs; `picture` is the PNG of their curves in base64, and `words` what it shows.
    """
    return template(COMPARISON).render(title=title, rows=rows, sections=sections, verdict=verdict,
                                       home=home, picture=picture, words=words,
                                       style=STYLE + MORE_STYLE)


def _numbers(row: dict[str, Any], places: dict[str, int]) -> dict[int, float | None]:
    """The numbers of a run by the places of their names; JSON holds none that is not finite."""
    return {
        places[name]: float(f"{value:.7g}") if math.isfinite(value) else None
        for name, value in row.get("metrics", {}).items()
    }
