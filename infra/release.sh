#!/usr/bin/env bash
# Collects the files of a release for one architecture: the zips, a bill of materials for each, and their checksums.
#
#   release.sh ARCHITECTURE ZIPS FOLDER
#
# ARCHITECTURE is arm64 or x86_64, ZIPS has the zips that build.sh made for it, FOLDER takes the files. With TAG in the
# environment, it refuses a tag that is not the workspace's version.
set -euo pipefail
cd "$(dirname "$0")/.."
architecture=$1 zips=$2 folder=$3
version=v$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
if [ "${TAG:-$version}" != "$version" ]; then
    echo "The tag is $TAG, but the workspace's version is $version." >&2
    exit 1
fi
case $architecture in
arm64) target=aarch64-unknown-linux-gnu ;;
x86_64) target=x86_64-unknown-linux-gnu ;;
*)
    echo "ARCHITECTURE must be arm64 or x86_64, not $architecture" >&2
    exit 1
    ;;
esac

cargo install --quiet --locked --root target/tools --version 0.5.9 cargo-cyclonedx
# The time in a bill of materials is the commit's, so that a second build gives the same file.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
bill=release-$architecture
trap 'find . -path ./target -prune -o -name "$bill.json" -exec rm {} +' EXIT
# It writes one beside each manifest of the workspace.
target/tools/bin/cargo-cyclonedx cyclonedx --quiet --target "$target" --no-build-deps --spec-version 1.5 --format json \
    --override-filename "$bill"
rm -rf "$folder"
mkdir -p "$folder"
for function in ingest detect; do
    name=pivotwatch-$architecture-$function
    cp "$zips/$function.zip" "$folder/$name.zip"
    # Where it was built is nobody's business.
    sed "s|file://$PWD|file://|g" "functions/$function/$bill.json" >"$folder/$name.cdx.json"
done
(cd "$folder" && sha256sum -- pivotwatch-* >"checksums-$architecture.txt")
cat "$folder/checksums-$architecture.txt"
