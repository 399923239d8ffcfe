#!/bin/sh
# Finds what the operator's tests run on, and builds what is not there, from Go modules pinned under
# tests/operator/tools: a real etcd, kube-apiserver, kubectl, Helm 4 and Helm 3, and what checks and
# documents charts; Prometheus and amtool, unless the PATH has them; and what loads dashboards with
# Grafana's own types. The CRDs of OpenReports and of the Prometheus operator are files of theirs.
#
#   tests/operator/setup.sh           find each, or build it; print `NAME PATH` a line
#   tests/operator/setup.sh --find    only find; fails when one is missing
#
# Looks, in this order, in $KUBEBUILDER_ASSETS, in .cache/kubernetes of this repository, and in the
# user's cache, where what was built stays for other clones. A build is complete or not there: it
# is written under another name and renamed.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
tools="$root/tests/operator/tools"
project="$root/.cache/kubernetes"
shared="${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/plumbline/kubernetes"
platform="$(uname -s)-$(uname -m)"

say() {
    printf '%s\n' "tests/operator/setup.sh: $*" >&2
}

# The version of a module that a tool's go.mod requires, without the v.
version_of() {
    awk -v module="$2" '{
        for (i = 1; i < NF; i++)
            if ($i == module && $(i + 1) ~ /^v/) { print substr($(i + 1), 2); exit }
    }' "$tools/$1/go.mod"
}

kubernetes=$(version_of kubernetes k8s.io/kubernetes)
etcd=$(version_of etcd go.etcd.io/etcd/server/v3)
helm=$(version_of helm helm.sh/helm/v4)
helm3=$(version_of helm3 helm.sh/helm/v3)
kubeconform=$(version_of kubeconform github.com/yannh/kubeconform)
helm_docs=$(version_of helm-docs github.com/norwoodj/helm-docs)
openreports=$(version_of openreports openreports.io)
actionlint=$(version_of actionlint github.com/rhysd/actionlint)
# The program around the interpreter is a part of what is built.
lua=$(version_of lua github.com/yuin/gopher-lua)-$(cksum <"$tools/lua/main.go" | cut -d' ' -f1)
prometheus_module=github.com/prometheus-operator/prometheus-operator
prometheus=$(version_of prometheus-operator "$prometheus_module")

# Prints where the PATH has a program: on_path NAME
on_path() {
    place=$(command -v "$1") && printf '%s %s\n' "$1" "$place"
}

# Fails without Go: require_go NAME VERSION
require_go() {
    if ! command -v go >/dev/null 2>&1; then
        say "$1 $2 is not there, and without Go it cannot be made: install Go 1.26 or newer, or" \
            "name a folder with what \`tests/operator/setup.sh\` lists in KUBEBUILDER_ASSETS"
        return 1
    fi
    mkdir -p "$project"
}

# Puts what was made in its place: keep FILE NAME VERSION
keep() {
    mv "$1" "$project/$2-$3"
    # For other clones of this user. Where it cannot be kept, they make their own.
    if mkdir -p "$shared" 2>/dev/null; then
        kept="$shared/$2-$3-$platform"
        cp "$project/$2-$3" "$kept.$$" 2>/dev/null && mv "$kept.$$" "$kept" || rm -f "$kept.$$"
    fi
}

# Builds a package of a tool's module: build NAME VERSION TOOL PACKAGE LDFLAGS MINUTES
build() {
    require_go "$1" "$2" || return 1
    built="$project/.$1-$2.$$"
    say "building $1 $2 with $(go env GOVERSION): about $6 on two cores, this once"
    begun=$(date +%s)
    if ! (cd "$tools/$3" && GOWORK=off CGO_ENABLED=0 \
        go build -trimpath -buildvcs=false -ldflags "-s -w $5" -o "$built" "$4") >&2; then
        rm -f "$built"
        say "$1 $2 could not be built; what Go says stands above"
        return 1
    fi
    keep "$built" "$1" "$2"
    say "built $1 $2 in $(($(date +%s) - begun)) s"
}

# Takes a file of a tool's module: take NAME VERSION TOOL MODULE FILE
take() {
    require_go "$1" "$2" || return 1
    if ! module=$(cd "$tools/$3" && GOWORK=off go mod download -json "$4"); then
        say "$1 $2 could not be downloaded: $module"
        return 1
    fi
    folder=$(printf '%s\n' "$module" | sed -n 's/^.*"Dir": "\(.*\)".*$/\1/p')
    taken="$project/.$1-$2.$$"
    cp "$folder/$5" "$taken" && keep "$taken" "$1" "$2"
}

# Prints where a tool is, which this test of a file holds for: find_tool TEST NAME VERSION
find_tool() {
    check=$1
    shift
    for place in \
        "${KUBEBUILDER_ASSETS:-/nonexistent}/$1" \
        "$project/$1-$2" \
        "$shared/$1-$2-$platform"; do
        if [ "$check" "$place" ]; then
            printf '%s %s\n' "$1" "$place"
            return 0
        fi
    done
    return 1
}

# Finds a tool, or makes it: ensure build|take NAME VERSION ARGUMENTS
ensure() {
    make=$1
    shift
    case $make in build) test=-x ;; *) test=-r ;; esac
    find_tool "$test" "$1" "$2" && return 0
    if [ "$only_find" = yes ]; then
        say "$1 $2 is not there: run \`make kubernetes\`"
        return 1
    fi
    "$make" "$@" && find_tool "$test" "$1" "$2"
}

only_find=no
case ${1:-} in
    '') ;;
    --find) only_find=yes ;;
    *) say "unknown argument $1: it takes --find or none"; exit 2 ;;
esac

component=k8s.io/component-base/version
minor=${kubernetes#*.}
kubernetes_version="-X $component.gitVersion=v$kubernetes -X $component.gitMajor=${kubernetes%%.*}"
kubernetes_version="$kubernetes_version -X $component.gitMinor=${minor%%.*}"

ensure build etcd "$etcd" etcd go.etcd.io/etcd/server/v3 "" "1 minute"
ensure build kube-apiserver "$kubernetes" kubernetes k8s.io/kubernetes/cmd/kube-apiserver \
    "$kubernetes_version" "6 minutes"
ensure build kubectl "$kubernetes" kubernetes k8s.io/kubernetes/cmd/kubectl \
    "$kubernetes_version" "30 seconds"
ensure build helm "$helm" helm helm.sh/helm/v4/cmd/helm \
    "-X helm.sh/helm/v4/internal/version.version=v$helm" "4 minutes"
ensure take openreports.yaml "$openreports" openreports openreports.io config/install.yaml
# Helm 3 is told which Kubernetes it was built for, and without a cluster takes that for its version.
helm3_version="-X helm.sh/helm/v3/internal/version.version=v$helm3"
for package in chartutil lint/rules; do
    for part in "Major=${kubernetes%%.*}" "Minor=${minor%%.*}"; do
        helm3_version="$helm3_version -X helm.sh/helm/v3/pkg/$package.k8sVersion$part"
    done
done
ensure build helm3 "$helm3" helm3 helm.sh/helm/v3/cmd/helm "$helm3_version" "3 minutes"
ensure build kubeconform "$kubeconform" kubeconform github.com/yannh/kubeconform/cmd/kubeconform \
    "-X main.version=$kubeconform" "10 seconds"
ensure build helm-docs "$helm_docs" helm-docs github.com/norwoodj/helm-docs/cmd/helm-docs \
    "-X main.version=$helm_docs" "20 seconds"
ensure build actionlint "$actionlint" actionlint github.com/rhysd/actionlint/cmd/actionlint \
    "-X github.com/rhysd/actionlint.version=$actionlint" "10 seconds"
ensure build health-check "$lua" lua . "" "10 seconds"
for kind in servicemonitors podmonitors prometheusrules; do
    ensure take "$kind.yaml" "$prometheus" prometheus-operator "$prometheus_module" \
        "example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml"
done
server=$(version_of prometheus github.com/prometheus/prometheus)
for program in prometheus promtool; do
    on_path "$program" || ensure build "$program" "$server" prometheus \
        "github.com/prometheus/prometheus/cmd/$program" "" "5 minutes"
done
alertmanager=$(version_of alertmanager github.com/prometheus/alertmanager)
on_path amtool || ensure build amtool "$alertmanager" alertmanager \
    github.com/prometheus/alertmanager/cmd/amtool "" "2 minutes"
foundation=$(version_of dashboards github.com/grafana/grafana-foundation-sdk/go)
ensure build load-dashboards "$foundation" dashboards . "" "1 minute"
