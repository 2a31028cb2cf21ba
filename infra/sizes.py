#!/usr/bin/env python3
"""How large each function's bootstrap is, and its zip: what Lambda fetches before a cold start.

  infra/sizes.py [--write] [FOLDER …]

FOLDER is what `cargo lambda build` or `sam build` left, target/lambda unless said otherwise; one of
each architecture, if both are at hand. Fails when a zip is over the ceiling or a bootstrap is
missing. --write puts the table into docs/performance.md.
"""

import argparse
import io
import sys
import zipfile
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/performance.md"
# MB are 1,000,000 bytes. The aim is what the project wants, the ceiling what it accepts.
AIM = 3_000_000
CEILING = 6_500_000
ARCHITECTURES = {0x3E: "x86_64", 0xB7: "arm64"}


def binaries():
    """The functions of template.yaml: the logical id and the binary of each."""
    found, resource = {}, None
    for line in (ROOT / "template.yaml").read_text(encoding="utf-8").splitlines():
        if line.startswith("  ") and line.endswith(":") and line[2] not in " #":
            resource = line.strip(" :")
        elif line.strip().startswith("Binary: "):
            found[resource] = line.split(": ")[1]
    return found


def packed(bootstrap):
    """The bootstrap zipped as `sam deploy` does it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("bootstrap", bootstrap)
    return archive.getbuffer().nbytes


def measured(folder, function, binary):
    """Architecture, size and zipped size of a function's bootstrap; None without one."""
    for place in (folder / binary, folder / function):
        if (archive := place / "bootstrap.zip").exists():
            with zipfile.ZipFile(archive) as content:
                bootstrap = content.read("bootstrap")
            return ARCHITECTURES[bootstrap[18]], len(bootstrap), archive.stat().st_size
        if (plain := place / "bootstrap").exists():
            bootstrap = plain.read_bytes()
            return ARCHITECTURES[bootstrap[18]], len(bootstrap), packed(bootstrap)
    return None


def table(rows):
    head = ["function", "architecture", "bootstrap, MB", "zip, MB", "within the aim"]
    lines = ["| " + " | ".join(head) + " |", "|---|---|---:|---:|---|"]
    for binary, architecture, size, zipped in rows:
        within = "yes" if zipped <= AIM else "no"
        lines.append(f"| {binary} | {architecture} | {size / 1e6:.2f} | {zipped / 1e6:.2f} | {within} |")
    return "\n".join(lines) + "\n"


def write(text):
    begin, end = "<!-- sizes: begin -->\n", "<!-- sizes: end -->"
    document = DOCUMENT.read_text(encoding="utf-8")
    before, rest = document.split(begin)
    _, after = rest.split(end)
    DOCUMENT.write_text(before + begin + f"{date.today()}: `infra/sizes.py`\n\n" + text + end + after, encoding="utf-8")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true")
    arguments.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", default=[ROOT / "target/lambda"])
    chosen = arguments.parse_args()
    rows, faults = [], []
    for folder in chosen.folders:
        for function, binary in binaries().items():
            found = measured(folder, function, binary)
            if found is None:
                faults.append(f"{folder} has no bootstrap of {function}")
                continue
            rows.append((binary, *found))
            if found[2] > CEILING:
                faults.append(f"{binary} for {found[0]} is over the ceiling of {CEILING / 1e6:.1f} MB: {found[2] / 1e6:.2f} MB")
    print(table(rows))
    if chosen.write:
        write(table(rows))
    for fault in faults:
        print(f"FAILED: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
