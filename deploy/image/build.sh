#!/bin/sh
# Builds the image on this machine, with buildah or docker: build.sh TAG
#
# PROFILE and the other variables of root.sh choose what is built.
set -eu
cd "$(dirname "$0")/../.."

tag=${1:-plumbline:dev}
# Asked first: the program takes long to build.
if command -v buildah >/dev/null 2>&1; then
    builder=buildah
elif docker info >/dev/null 2>&1; then
    builder=docker
else
    echo "deploy/image/build.sh: neither buildah nor a running docker is there: install buildah" >&2
    exit 69
fi
case $(uname -m) in
    x86_64) architecture=amd64 ;;
    aarch64 | arm64) architecture=arm64 ;;
    *) architecture=$(uname -m) ;;
esac
deploy/image/root.sh "target/image/$architecture"

# The same tree gives the same labels.
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
created=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)

set -- --file deploy/image/Dockerfile --tag "$tag" --build-arg "VERSION=$version" \
    --build-arg "REVISION=$revision" --build-arg "CREATED=$created" --build-arg "TARGETARCH=$architecture" target/image
if [ "$builder" = buildah ]; then
    buildah bud --isolation chroot --timestamp "$seconds" "$@"
else
    docker build "$@"
fi
