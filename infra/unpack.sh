#!/usr/bin/env bash
# unpack.sh APP...: builds the zip of each app and unpacks it into dist/APP, where azd packs the same files again.
set -euo pipefail
cd "$(dirname "$0")/.."
for name in "$@"; do
    ./hub package "$name" --python 3.13
    rm -rf "dist/$name"
    mkdir -p "dist/$name"
    unzip -q "dist/$name.zip" -d "dist/$name"
done
