#!/bin/sh
# Takes the pictures of dashboards in deploy/grafana/pictures: runs the quickstart, lets Prometheus scrape it for
# two minutes, draws the dashboards' own queries as pages, and has Chromium look at them.
#
#   deploy/grafana/pictures/take.sh target/quick/plumbline deploy/grafana/pictures
#
# Needs prometheus, chromium and python3.
set -eu
cd "$(dirname "$0")/../../.."
plumbline=$1
pictures=$2
work=$(mktemp -d)
listen=127.0.0.1:19464
prometheus=127.0.0.1:19090

"$plumbline" run deploy/samples/quickstart --owner-tag-key owner --state "$work/state" \
    --listen "$listen" >"$work/plumbline.log" 2>&1 &
plumbline_id=$!
sed -e "s/127.0.0.1:9464/$listen/" -e "s|plumbline.rules.yaml|$PWD/deploy/prometheus/&|" \
    deploy/prometheus/quickstart.yaml >"$work/prometheus.yaml"
prometheus --config.file "$work/prometheus.yaml" --storage.tsdb.path "$work/data" \
    --web.listen-address "$prometheus" >"$work/prometheus.log" 2>&1 &
prometheus_id=$!
trap 'kill $plumbline_id $prometheus_id; wait; rm -rf "$work"' EXIT
"$plumbline" ready "http://$listen" --timeout 1m
sleep "${SECONDS_OF_DATA:-130}"

mkdir -p "$pictures"
for name in overview owner; do
    python3 -B deploy/grafana/pictures/draw.py "http://$prometheus" \
        "deploy/grafana/plumbline-$name.json" >"$work/$name.html"
    height=$(sed -n 's/.*<main style="height: \([0-9]*\)px.*/\1/p' "$work/$name.html")
    chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
        --window-size="1456,$((height + 60))" --screenshot="$work/$name.png" \
        "file://$work/$name.html" >"$work/chromium.log" 2>&1
    mv "$work/$name.png" "$pictures/$name.png"
    echo "$pictures/$name.png"
done
