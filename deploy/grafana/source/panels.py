"""The parts that dashboards are made of.

Every panel has a description, a unit and a text for when there is no value. A query that finds nothing
gives no value: nothing here turns absence into a number, and no threshold colors absence green.
"""

DATASOURCE = {"type": "prometheus", "uid": "$datasource"}
WIDTH = 24

# The color of no value, and of values that are neither good nor bad.
NEUTRAL = "text"


def steps(*pairs):
    """Colors from values on: `steps((0, "green"), (1, "red"))`. Below the first, and without a value,
    the color is neutral."""
    bounded = [{"value": value, "color": color} for value, color in pairs]
    return {"mode": "absolute", "steps": [{"value": None, "color": NEUTRAL}, *bounded]}


NONE_IS_GOOD = steps((0, "green"), (0.0001, "red"))
ANY_COLOR = steps()


def query(expression, legend="", *, instant=False, table=False):
    target = {
        "datasource": DATASOURCE,
        "expr": " ".join(expression.split()),
        "legendFormat": legend or "__auto",
        "instant": instant,
        "range": not instant,
        "format": "table" if table else "time_series",
    }
    return target


def panel(kind, title, description, unit, no_value, queries, *, thresholds=ANY_COLOR, **more):
    targets = [{**target, "refId": chr(ord("A") + at)} for at, target in enumerate(queries)]
    defaults = {
        "unit": unit,
        "noValue": no_value,
        "thresholds": thresholds,
        "color": {"mode": "thresholds"},
        **more.pop("defaults", {}),
    }
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": more.pop("overrides", [])},
        **more,
    }


def stat(title, description, unit, no_value, expression, *, thresholds, mappings=()):
    options = {
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""},
        "orientation": "auto",
        "textMode": "value",
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "center",
        "wideLayout": True,
        "showPercentChange": False,
        "percentChangeColorMode": "standard",
    }
    queries = [query(expression, instant=True)]
    defaults = {"mappings": list(mappings)}
    return panel("stat", title, description, unit, no_value, queries, thresholds=thresholds,
                 options=options, defaults=defaults)


def bars(title, description, unit, no_value, expression, legend, *, thresholds=ANY_COLOR):
    options = {
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": ""},
        "orientation": "horizontal",
        "displayMode": "basic",
        "valueMode": "color",
        "namePlacement": "auto",
        "showUnfilled": True,
        "sizing": "auto",
        "minVizWidth": 8,
        "minVizHeight": 16,
        "maxVizHeight": 300,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
    }
    queries = [query(expression, legend, instant=True)]
    return panel("bargauge", title, description, unit, no_value, queries, thresholds=thresholds,
                 options=options)


def graph(title, description, unit, no_value, *queries, stacked=False, lowest=0):
    custom = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 10,
        # What is missing is a gap, not a line from before to after.
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    options = {
        "legend": {"displayMode": "table", "placement": "right", "showLegend": True,
                   "calcs": ["lastNotNull"]},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    defaults = {"custom": custom, "color": {"mode": "palette-classic"}}
    if lowest is not None:
        defaults["min"] = lowest
    return panel("timeseries", title, description, unit, no_value, list(queries), options=options,
                 defaults=defaults)


def table(title, description, unit, no_value, expression, columns, *, value, sort="Value",
          descending=True, links=()):
    """Rows of one instant query: `columns` are its labels in order, `value` what its number means."""
    order = {name: at for at, name in enumerate([*columns, "Value"])}
    organize = {
        "id": "organize",
        "options": {"excludeByName": {"Time": True}, "indexByName": order,
                    "renameByName": {"Value": value}},
    }
    overrides = [
        {"matcher": {"id": "byName", "options": name},
         "properties": [{"id": "links", "value": [link]}]}
        for name, link in links
    ]
    options = {
        "frameIndex": 0,
        "showHeader": True,
        "cellHeight": "sm",
        "sortBy": [{"displayName": value if sort == "Value" else sort, "desc": descending}],
    }
    queries = [query(expression, instant=True, table=True)]
    return panel("table", title, description, unit, no_value, queries, options=options,
                 transformations=[organize], overrides=overrides)


def row(title):
    return {"type": "row", "title": title, "collapsed": False, "panels": []}


def arrange(rows):
    """Places rows of (title, height, panels, each with its width) below each other."""
    placed, top, number = [], 0, 1
    for title, lines in rows:
        placed.append({**row(title), "id": number,
                       "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1}})
        top, number = top + 1, number + 1
        for height, panels in lines:
            left = 0
            for width, one in panels:
                position = {"x": left, "y": top, "w": width, "h": height}
                placed.append({**one, "id": number, "gridPos": position})
                left, number = left + width, number + 1
            assert left <= WIDTH, (title, left)
            top += height
    return placed


def variable(name, metric, label, *, many=True):
    definition = f"label_values({metric}, {label})"
    return {
        "type": "query",
        "name": name,
        "label": name.capitalize(),
        "datasource": DATASOURCE,
        "definition": definition,
        "query": {"query": definition, "refId": f"variable-{name}"},
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
        "allValue": ".*" if many else None,
        "current": {"text": ["All"], "value": ["$__all"]} if many else {},
        "hide": 0,
    }


def dashboard(uid, title, description, variables, rows):
    source = {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": "prometheus",
        "current": {"text": "", "value": ""},
        "hide": 0,
        "refresh": 1,
        "multi": False,
        "includeAll": False,
    }
    link = {
        "type": "dashboards", "title": "Plumbline", "tags": ["plumbline"], "asDropdown": True,
        "includeVars": True, "keepTime": True, "icon": "external link", "tooltip": "",
        "url": "", "targetBlank": False,
    }
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["plumbline"],
        "editable": True,
        "graphTooltip": 1,
        "schemaVersion": 39,
        "version": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "links": [link],
        "annotations": {"list": []},
        "templating": {"list": [source, *variables]},
        "panels": arrange(rows),
    }
