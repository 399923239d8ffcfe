"""Draws a dashboard as a page, from the dashboard's own queries.

    draw.py PROMETHEUS DASHBOARD.json > page.html

This is not Grafana: it asks a Prometheus what the panels ask, and shows numbers, bars, lines and tables
with the dashboard's titles, thresholds, units and texts for no value. The pictures in the documentation
are such pages of the quickstart, seen by a browser (`make pictures`).
"""

import datetime
import html
import json
import sys
import time
import urllib.parse
import urllib.request

# What stands for the dashboards' variables.
VARIABLES = {"$__rate_interval": "1m", "$__range": "5m"}
COLORS = {"text": "#ccccdc", "green": "#73bf69", "orange": "#ff9830", "red": "#f2495c",
          "yellow": "#fade2a", "blue": "#5794f2"}
LINES = ["#73bf69", "#fade2a", "#5794f2", "#ff9830", "#f2495c", "#b877d9"]
ROW, COLUMN = 36, 60  # of Grafana's grid, in pixels
SPAN = 120  # seconds that graphs show

# Marks what has no place in its panel, for the test that looks at the page in a browser.
SCRIPT = """
for (const it of document.querySelectorAll("section"))
  it.dataset.cut = it.scrollHeight > it.clientHeight + 1;
"""

STYLE = """
body { margin: 0; background: #111217; color: #ccccdc; font: 13px "DejaVu Sans", sans-serif }
h1 { font-size: 18px; margin: 14px 16px 6px }
main { position: relative; margin: 0 8px }
section, h2 { position: absolute; box-sizing: border-box; overflow: hidden }
section { background: #181b1f; border: 1px solid #2c3235; border-radius: 3px; padding: 6px 10px }
h2 { font-size: 14px; margin: 0; padding: 9px 4px; color: #9fa7b3 }
h3 { font-size: 12px; margin: 0 0 4px; font-weight: 600 }
.number { font-size: 34px; text-align: center; padding-top: 20px }
.nothing { color: #9fa7b3; text-align: center; padding: 14px 4px }
table { width: 100%; border-collapse: collapse; font-size: 11px }
th { text-align: left; color: #6e9fff; font-weight: 500 }
th, td { padding: 2px 6px 2px 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
         max-width: 260px }
td { border-top: 1px solid #24282d }
.bar { display: flex; align-items: center; margin: 5px 0; font-size: 12px }
.bar b { width: 130px; font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.bar i { height: 14px; min-width: 2px }
.bar span { margin-left: 6px }
"""


def ask(prometheus, path, **parameters):
    url = f"{prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)["data"]["result"]


def expression(target):
    text = target["expr"]
    for variable, value in VARIABLES.items():
        text = text.replace(variable, value)
    for variable in ("namespace", "baseline", "account", "region", "owner"):
        text = text.replace(f"${variable}", ".*")
    return text


def legend(target, labels):
    text = target["legendFormat"]
    if text == "__auto":
        return ", ".join(labels.values())
    for name, value in labels.items():
        text = text.replace("{{%s}}" % name, value)
    return text


def shown(value, unit):
    """A number in its unit, as people read it."""
    if unit == "percentunit":
        return f"{100 * value:.1f} %"
    if unit == "dateTimeFromNow":
        return from_now(value / 1000 - time.time())
    if unit in ("s", "dtdurations"):
        return length(value)
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def from_now(seconds):
    return f"in {length(seconds)}" if seconds > 0 else f"{length(-seconds)} ago"


def length(seconds):
    for name, long in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * long:
            return f"{seconds / long:.0f} {name}"
    return f"{seconds:.0f} s"


def color(panel, value):
    chosen = "text"
    for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
        if step["value"] is None or value >= step["value"]:
            chosen = step["color"]
    return COLORS[chosen]


def escaped(text):
    return html.escape(str(text))


def stat(panel, series, height):
    value = float(series[0]["value"][1])
    text = shown(value, panel["fieldConfig"]["defaults"]["unit"])
    return f'<div class="number" style="color: {color(panel, value)}">{escaped(text)}</div>'


def bars(panel, series, height):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    values = [(legend(panel["targets"][0], it["metric"]), float(it["value"][1])) for it in series]
    values.sort(key=lambda it: -it[1])
    most = max(value for _, value in values) or 1
    return "".join(
        f'<div class="bar"><b>{escaped(name)}</b>'
        f'<i style="width: {45 * value / most:.1f}%; background: {color(panel, value)}"></i>'
        f"<span>{escaped(shown(value, unit))}</span></div>"
        for name, value in values[: (height - 40) // 24]
    )


def rows(panel, series, height):
    unit = panel["fieldConfig"]["defaults"]["unit"]
    organize = panel["transformations"][0]["options"]
    columns = sorted(organize["indexByName"], key=organize["indexByName"].get)
    names = [organize["renameByName"].get(name, name) for name in columns]
    descending = panel["options"]["sortBy"][0]["desc"]
    series = sorted(series, key=lambda it: float(it["value"][1]), reverse=descending)
    head = "".join(f"<th>{escaped(name)}</th>" for name in names)
    body = ""
    for it in series[: (height - 60) // 20]:
        cells = [it["metric"].get(name, "") for name in columns if name != "Value"]
        cells.append(shown(float(it["value"][1]), unit))
        body += "<tr>" + "".join(f"<td>{escaped(cell)}</td>" for cell in cells) + "</tr>"
    return f"<table><tr>{head}</tr>{body}</table>"


def graph(panel, series, width, height):
    """Lines over the last minutes. What is missing is a gap."""
    now = max(float(it["values"][-1][0]) for _, it in series)
    stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
    below, lines = {}, []
    for target, it in series:
        points = []
        for at, value in it["values"]:
            value = float(value) + (below.get(at, 0) if stacked else 0)
            below[at] = value
            points.append((float(at), value))
        lines.append((legend(target, it["metric"]), points))
    top = max(value for _, points in lines for _, value in points) or 1
    width, height = width - 190, height - 50
    drawn = ""
    for at, (name, points) in enumerate(lines):
        line = " ".join(
            f"{width * (1 - (now - when) / SPAN):.1f},{height * (1 - value / top) + 4:.1f}"
            for when, value in points
        )
        shade = LINES[at % len(LINES)]
        drawn += f'<polyline points="{line}" fill="none" stroke="{shade}" stroke-width="2"/>'
        value = float(series[at][1]["values"][-1][1])
        drawn += (f'<text x="{width + 14}" y="{18 + 18 * at}" fill="{shade}" font-size="11">'
                  f"{escaped(name)} {escaped(shown(value, 'none'))}</text>")
    return (f'<svg width="{width + 180}" height="{height + 12}">{drawn}'
            f'<text x="0" y="12" fill="#9fa7b3" font-size="10">{escaped(shown(top, "none"))}</text></svg>')


def content(panel, prometheus, width, height):
    kind = panel["type"]
    if kind == "timeseries":
        end = time.time()
        series = [
            (target, it)
            for target in panel["targets"]
            for it in ask(prometheus, "query_range", query=expression(target), start=end - SPAN,
                          end=end, step=5)
        ]
        if series:
            return graph(panel, series, width, height)
    else:
        series = [it for target in panel["targets"]
                  for it in ask(prometheus, "query", query=expression(target))]
        if series:
            return {"stat": stat, "bargauge": bars, "table": rows}[kind](panel, series, height)
    return f'<div class="nothing">{escaped(panel["fieldConfig"]["defaults"]["noValue"])}</div>'


def page(dashboard, prometheus):
    drawn, bottom = "", 0
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        width, height = place["w"] * COLUMN - 8, place["h"] * ROW - 8
        bottom = max(bottom, (place["y"] + place["h"]) * ROW)
        style = (f"left: {place['x'] * COLUMN}px; top: {place['y'] * ROW}px; "
                 f"width: {width}px; height: {height}px")
        if panel["type"] == "row":
            drawn += f'<h2 style="{style}">{escaped(panel["title"])}</h2>'
            continue
        drawn += (f'<section style="{style}" data-kind="{panel["type"]}">'
                  f"<h3>{escaped(panel['title'])}</h3>{content(panel, prometheus, width, height)}"
                  "</section>")
    day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    return (f'<!doctype html><meta charset="utf-8"><title>{escaped(dashboard["title"])}</title>'
            f"<style>{STYLE}</style><h1>{escaped(dashboard['title'])}</h1>"
            f'<main style="height: {bottom}px; width: {24 * COLUMN}px" data-drawn="{day}">{drawn}</main>'
            f"<script>{SCRIPT}</script>")


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        print(page(json.load(file), sys.argv[1].rstrip("/")))
