#!/usr/bin/env bash
# Installs the engines that judge tables: Spark with Delta and Iceberg, delta-rs, PyIceberg,
# DuckDB, chDB.
#
#   install.sh          install what is missing, print a line a step with its time
#   install.sh --path   print the folder and exit (0 installed, 1 not)
#
# Everything goes to ${CDC_CACHE:-$HOME/.cache/cdc-demo}/judges-<hash>, where the hash is that of
# the files in versions/. Run it as often as wanted, also at the same time from several shells.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
versions=$here/versions
hash=$(cat "$versions"/requirements.txt "$versions"/pom.xml "$versions"/package.json \
  | sha256sum | cut -c1-12)
cache=${CDC_CACHE:-$HOME/.cache/cdc-demo}
dest=$cache/judges-$hash

if [ "${1:-}" = --path ]; then
  echo "$dest"
  [ -e "$dest/installed" ] || exit 1
  exit 0
fi

started=$SECONDS
say() { printf 'judges: %s\n' "$*"; }

if [ -e "$dest/installed" ]; then
  say "already installed in $dest"
  exit 0
fi

mkdir -p "$cache"
exec 9>"$cache/judges-$hash.lock"
if ! flock -n 9; then
  say 'another install is running, waiting for it'
  flock 9
fi
if [ -e "$dest/installed" ]; then
  say "already installed in $dest"
  exit 0
fi
mkdir -p "$dest"

# step NAME FUNCTION: runs the function once; its output is shown only when it fails.
step() {
  local name=$1 work=$2 at=$SECONDS log=$dest/$2.log status=0
  if [ -e "$dest/$work.done" ]; then
    say "$name: there"
    return
  fi
  say "$name ..."
  # A function that runs as a condition ignores `set -e`: hence a shell of its own.
  set +e
  ( set -e; "$work" ) >"$log" 2>&1
  status=$?
  set -e
  if [ "$status" -ne 0 ]; then
    tail -n 40 "$log" >&2
    say "$name failed (exit $status), log in $log" >&2
    exit "$status"
  fi
  touch "$dest/$work.done"
  say "$name: $((SECONDS - at)) s"
}

java_is_new_enough() {
  local version
  command -v java >/dev/null || return 1
  version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${version:-0}" -ge 17 ]
}

missing_debian_packages() {
  local list=()
  java_is_new_enough || list+=(openjdk-17-jre-headless)
  command -v mvn >/dev/null || list+=(maven)
  command -v python3 >/dev/null || list+=(python3)
  python3 -c 'import venv, ensurepip' 2>/dev/null || list+=(python3-venv)
  echo "${list[*]:-}"
}

install_debian_packages() {
  local root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${root[@]}" apt-get update -q
  # shellcheck disable=SC2086 # one word a package
  "${root[@]}" apt-get install -q -y --no-install-recommends $packages
}

install_python() {
  rm -rf "$dest/venv"
  python3 -m venv "$dest/venv"
  "$dest/venv/bin/python" -m pip install --no-input --progress-bar off \
    -r "$versions/requirements.txt"
  "$dest/venv/bin/python" -c 'import pyspark, pyarrow, deltalake, pyiceberg, duckdb'
}

install_jars() {
  rm -rf "$dest/jars"
  mvn -q -B -f "$versions/pom.xml" dependency:copy -DoutputDirectory="$dest/jars"
  ls "$dest/jars"/delta-spark_*.jar "$dest/jars"/iceberg-spark-runtime-*.jar
}

install_chdb() {
  rm -rf "$dest/chdb"
  mkdir -p "$dest/chdb"
  cp "$versions/package.json" "$dest/chdb/package.json"
  npm install --prefix "$dest/chdb" --no-audit --no-fund --no-package-lock --loglevel=error
  cd "$dest/chdb"
  node --input-type=module -e "import { query } from 'chdb'; console.log(query('SELECT version()'))"
}

say "installing in $dest"
packages=$(missing_debian_packages)
if [ -n "$packages" ]; then
  rm -f "$dest/install_debian_packages.done"
  step "Debian packages ($packages)" install_debian_packages
fi
step 'Python engines (pyspark, delta-rs, PyIceberg, DuckDB)' install_python
step 'Delta and Iceberg jars for Spark' install_jars
step 'chDB' install_chdb
touch "$dest/installed"
say "done in $((SECONDS - started)) s, $(du -sh "$dest" | cut -f1) in $dest"
