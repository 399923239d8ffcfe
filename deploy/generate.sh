#!/bin/sh
# Writes what follows of the program and the charts: the IAM roles, the charts' pages and the base of
# kustomize. `make generate` runs it.
set -eu
cd "$(dirname "$0")/.."

cargo build --quiet
deploy/iam/generate.py target/debug/plumbline

tools=$(tests/operator/setup.sh)
tool() {
    printf '%s\n' "$tools" | sed -n "s/^$1 //p"
}

"$(tool helm-docs)" --chart-search-root charts --sort-values-order file --log-level warn

base=deploy/kustomize/operator.yaml
{
    # shellcheck disable=SC2016
    echo '# Rendered from charts/plumbline by `make generate`: change that.'
    "$(tool helm)" template plumbline charts/plumbline --namespace plumbline --no-hooks |
        sed -e '/helm\.sh\/chart:/d' -e '/^# Source:/d' -e 's/managed-by: Helm/managed-by: kustomize/'
} >"$base.new"
mv "$base.new" "$base"
