#!/usr/bin/env bash
# Builds MinIO, the S3 server of the tests, with Go 1.24 or newer.
#
#   install.sh          build it if it is not there, print what is done
#   install.sh --path   print the program and exit (0 there, 1 not)
#
# It goes to ${CDC_CACHE:-$HOME/.cache/cdc-demo}/minio-<version>. Run it as often as wanted, also at
# the same time from several shells.
set -euo pipefail

version=$(< "$(dirname "${BASH_SOURCE[0]}")/version.txt")
cache=${CDC_CACHE:-$HOME/.cache/cdc-demo}
dest=$cache/minio-$version
say() { printf 'minio: %s\n' "$*"; }

if [ "${1:-}" = --path ]; then
  echo "$dest/minio"
  [ -x "$dest/minio" ] || exit 1
  exit 0
fi

mkdir -p "$dest"
exec 9>"$dest.lock"
if ! flock -n 9; then
  say 'another build is running, waiting for it'
  flock 9
fi
if [ -x "$dest/minio" ]; then
  say "already there: $dest/minio"
  exit 0
fi
if ! command -v go > /dev/null; then
  say 'Go 1.24 or newer is needed to build it: see https://go.dev/dl'
  exit 1
fi
started=$SECONDS
say 'building, which takes some minutes ...'
GOBIN=$dest/bin go install "github.com/minio/minio@$version" > "$dest/build.log" 2>&1 || {
  tail -n 40 "$dest/build.log" >&2
  say "the build failed, log in $dest/build.log"
  exit 1
}
mv "$dest/bin/minio" "$dest/minio"
say "built in $((SECONDS - started)) s"
