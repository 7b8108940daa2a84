#!/usr/bin/env bash
# Installs the local Iceberg REST catalog: the Java implementation's own, from Maven.
#
#   install.sh          install what is missing
#   install.sh --path   print the folder and exit (0 installed, 1 not)
#
# Everything goes to ${CDC_CACHE:-$HOME/.cache/cdc-demo}/iceberg-rest-<hash>, where the hash is that
# of the files beside this one. Run it as often as wanted, also at the same time from several shells.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hash=$(cat "$here/pom.xml" "$here/CatalogServer.java" | sha256sum | cut -c1-12)
cache=${CDC_CACHE:-$HOME/.cache/cdc-demo}
dest=$cache/iceberg-rest-$hash

if [ "${1:-}" = --path ]; then
  echo "$dest"
  [ -e "$dest/installed" ] || exit 1
  exit 0
fi

mkdir -p "$cache"
exec 9>"$dest.lock"
flock 9
if [ -e "$dest/installed" ]; then
  echo "iceberg-rest: already installed in $dest"
  exit 0
fi

java_is_new_enough() {
  local version
  command -v javac >/dev/null || return 1
  version=$(javac -version 2>&1 | sed -n 's/javac \([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge 17 ]
}

packages=()
java_is_new_enough || packages+=(openjdk-17-jdk-headless)
command -v mvn >/dev/null || packages+=(maven)
if [ ${#packages[@]} -gt 0 ]; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  export DEBIAN_FRONTEND=noninteractive
  "${root[@]}" apt-get update -q
  "${root[@]}" apt-get install -q -y --no-install-recommends "${packages[@]}"
fi

rm -rf "$dest"
mkdir -p "$dest"
mvn -q -B -f "$here/pom.xml" \
  org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
  -DoutputDirectory="$dest/lib"
javac -cp "$dest/lib/*" -d "$dest" "$here/CatalogServer.java"
touch "$dest/installed"
echo "iceberg-rest: installed in $dest"
