#!/usr/bin/env bash
# Builds the two functions and packs them for AWS Lambda.
#
#   build.sh ARCHITECTURE FOLDER [local]
#
# ARCHITECTURE is arm64 or x86_64, FOLDER takes the zips. With "local" they only have to run on this machine.
set -euo pipefail
cd "$(dirname "$0")/.."
architecture=$1 folder=$2 where=${3:-aws}
case $architecture in
arm64) target=aarch64-unknown-linux-gnu ;;
x86_64) target=x86_64-unknown-linux-gnu ;;
*)
    echo "ARCHITECTURE must be arm64 or x86_64, not $architecture" >&2
    exit 1
    ;;
esac
host=$(rustc -vV | sed -n 's/^host: //p')
binaries=${CARGO_TARGET_DIR:-target}
build=(--release --locked --package ingest --package detect)

if [ "$target" = "$host" ]; then
    cargo build "${build[@]}"
    binaries=$binaries/release
else
    # Asked before, because cargo-lambda would otherwise add the target to the toolchain unasked.
    if [ ! -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
        echo "This machine builds for $host only. To build for $architecture:" >&2
        echo "    rustup target add $target" >&2
        echo "or deploy for this machine's architecture: make package ARCHITECTURE=${host%%-*}," >&2
        echo "and the same for the deployment's parameter Architecture." >&2
        exit 1
    fi
    if ! command -v cargo-lambda >/dev/null; then
        echo "Building for another architecture needs a linker for it; cargo-lambda brings one:" >&2
        echo "    pip install cargo-lambda" >&2
        exit 1
    fi
    cargo lambda build --target "$target" "${build[@]}"
    binaries=$binaries/lambda
fi
if [ "$where" = local ]; then checks=(--here); else checks=(); fi
python3 infra/package.py --binaries "$binaries" --zips "$folder" --architecture "$architecture" "${checks[@]}"
