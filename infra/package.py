"""Puts the built functions into the zips that AWS Lambda takes: one executable named bootstrap each.

Called by `make package`. The zips are the same, byte for byte, for the same binaries, so that a deployment sees no
change where there is none.
"""

import argparse
import os
import re
import struct
import sys
import zipfile
from pathlib import Path

FUNCTIONS = ["ingest", "detect"]

# What the Lambda runtime provided.al2023 has. A binary linked against a newer C library would not start there.
NEWEST_C_LIBRARY = (2, 34)

# ELF's e_machine (https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html) by Lambda's name of the architecture.
MACHINES = {62: "x86_64", 183: "arm64"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--binaries", type=Path, required=True, help="folder of the built binaries"
    )
    parser.add_argument(
        "--zips", type=Path, required=True, help="folder to put the zips into"
    )
    parser.add_argument(
        "--architecture", choices=sorted(MACHINES.values()), required=True
    )
    parser.add_argument(
        "--here", action="store_true", help="they have to run on this machine only"
    )
    arguments = parser.parse_args()
    arguments.zips.mkdir(parents=True, exist_ok=True)
    for function in FUNCTIONS:
        built = arguments.binaries / function
        # cargo-lambda makes a folder of each, cargo a file.
        binary = (built / "bootstrap" if built.is_dir() else built).read_bytes()
        check_machine(function, binary, arguments.architecture)
        if not arguments.here:
            check_c_library(function, binary)
        path = arguments.zips / f"{function}.zip"
        # Renamed when it is whole, because another build or a deployment may use the zip at the same time.
        unfinished = path.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(
            unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9
        ) as package:
            entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o755 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, binary)
        unfinished.replace(path)
        size = f"{len(binary) / 2**20:.1f} MiB, {path.stat().st_size / 2**20:.1f} MiB zipped"
        print(f"{path}: {arguments.architecture}, {size}")


def check_machine(function: str, binary: bytes, architecture: str) -> None:
    """Refuses what Lambda would take and then fail to start."""
    machine = (
        MACHINES.get(struct.unpack_from("<H", binary, 18)[0])
        if binary[:4] == b"\x7fELF"
        else None
    )
    if machine != architecture:
        sys.exit(
            f"{function} was built for {machine or 'something else than Linux'}, not for {architecture}"
        )


def check_c_library(function: str, binary: bytes) -> None:
    """Refuses what starts on this machine and would not on Lambda's."""
    wanted = {(int(a), int(b)) for a, b in re.findall(rb"GLIBC_(\d+)\.(\d+)", binary)}
    if wanted and max(wanted) > NEWEST_C_LIBRARY:
        newest = ".".join(map(str, max(wanted)))
        sys.exit(
            f"{function} needs the C library {newest} of this machine, and Lambda's provided.al2023 has 2.34.\n"
            "Build where the C library is no newer, for instance in a container of Amazon Linux 2023 or Debian 12."
        )


if __name__ == "__main__":
    main()
