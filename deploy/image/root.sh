#!/bin/sh
# Builds the program without shared libraries and puts together what the image holds: the program,
# certificate authorities, a user and /tmp.
#
#   deploy/image/root.sh FOLDER
#
# PROFILE is cargo's profile (default: dist, which is small and takes long), TARGET its target (default: glibc on this machine's
# architecture), CA_BUNDLE the file with the certificate authorities.
set -eu
cd "$(dirname "$0")/../.."

root=${1:?the folder to write}
profile=${PROFILE:-dist}
target=${TARGET:-$(uname -m)-unknown-linux-gnu}
authorities=${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}

if ! [ -s "$authorities" ]; then
    echo "deploy/image/root.sh: $authorities is not there: install ca-certificates, or set CA_BUNDLE" >&2
    exit 1
fi

# Equal functions are kept once, and what is moved when the program starts is said in short. On x86_64 Rust
# brings the linker that can do the first.
linking=""
if [ "$profile" = dist ] && [ "$target" = x86_64-unknown-linux-gnu ]; then
    linking="-C link-arg=-Wl,--icf=all -C link-arg=-Wl,-z,pack-relative-relocs"
fi

# A target that is named keeps the flags from build scripts and procedural macros, which run here.
# shellcheck disable=SC2086 # none or several words
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
    cargo rustc --locked --bin plumbline --profile "$profile" --target "$target" -- $linking
folder=$profile
if [ "$profile" = dev ]; then folder=debug; fi

rm -rf "$root"
mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/tmp"
strip -o "$root/usr/local/bin/plumbline" "target/$target/$folder/plumbline"
cp "$authorities" "$root/etc/ssl/certs/ca-certificates.crt"
echo 'plumbline:x:65532:65532::/nonexistent:/nonexistent' >"$root/etc/passwd"
echo 'plumbline:x:65532:' >"$root/etc/group"
chmod 755 "$root" "$root/etc" "$root/etc/ssl" "$root/etc/ssl/certs" "$root/usr" "$root/usr/local" \
    "$root/usr/local/bin" "$root/usr/local/bin/plumbline"
chmod 644 "$root/etc/passwd" "$root/etc/group" "$root/etc/ssl/certs/ca-certificates.crt"
chmod 1777 "$root/tmp"
