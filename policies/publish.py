#!/usr/bin/env python3
"""Publish Assetbox's documents as immutable versions in a hash chain.

manifest.json lists the publications in order. Each holds the hash of the one
before it, so a changed text, entry or order breaks the chain (policy clause 9.2).

  python3 policies/publish.py check
      Re-hash every published text, verify the chain, and print its head.
      Exits 1 when anything differs, with a line for each difference.

  python3 policies/publish.py add DOCUMENT VERSION
      Append a publication of DOCUMENT/VERSION/{en,ru}.md, posted now and
      effective on posting unless the options say otherwise.
"""

import argparse
import hashlib
import json
import os
import re
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent
DOCUMENTS = (
    "privacy-policy",
    "terms",
    "processing-consent",
    "marketing-consent",
    "transfer-consent",
)
CONSENTS = DOCUMENTS[2:]
LOCALES = ("en", "ru")
FIRST_PREVIOUS = "0" * 64
FIELDS = {"document", "version", "posted_at", "effective_at", "texts", "previous", "hash"}
VERSION_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(\.\d+)?", re.ASCII)
TIME_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


class Refused(Exception):
    """Why a publication is not added, in a sentence that its author can act on."""


def entry_hash(entry):
    """SHA-256 of the canonical JSON (keys sorted, no whitespace, UTF-8) without `hash`."""
    unsigned = {key: value for key, value in entry.items() if key != "hash"}
    canonical = json.dumps(unsigned, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()


def text_path(document, version, locale):
    return f"{document}/{version}/{locale}.md"


def utc_time(value):
    """An RFC 3339 time in UTC with whole seconds; texts of this one form sort as times."""
    if not TIME_FORM.fullmatch(value):
        raise ValueError(value)
    datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
    return value


def text_errors(entry, root):
    """What is wrong with the texts that an entry names."""
    expected = [text_path(entry["document"], entry["version"], locale) for locale in LOCALES]
    listed = [text["path"] for text in entry["texts"]]
    locales = [text["locale"] for text in entry["texts"]]
    if listed != expected or locales != list(LOCALES):
        yield f"the texts must be {', '.join(expected)}"
        return
    for text in entry["texts"]:
        try:
            content = (root / text["path"]).read_bytes()
        except OSError as error:
            yield f"{text['path']} cannot be read: {error.strerror}"
            continue
        if hashlib.sha256(content).hexdigest() != text["sha256"]:
            yield f"{text['path']} differs from the published text"


def entry_errors(entry, before, root):
    """What is wrong with one entry, given the entries before it."""
    if set(entry) != FIELDS:
        yield f"the fields must be {', '.join(sorted(FIELDS))}"
        return
    if entry["previous"] != (before[-1].get("hash") if before else FIRST_PREVIOUS):
        yield "previous is not the hash of the entry before"
    if entry["hash"] != entry_hash(entry):
        yield "hash does not match the entry"
    if entry["document"] not in DOCUMENTS or not VERSION_FORM.fullmatch(entry["version"]):
        yield "unknown document or malformed version"
        return
    same = (entry["document"], entry["version"])
    if same in [(other.get("document"), other.get("version")) for other in before]:
        yield "this version is already published"
    if utc_time(entry["effective_at"]) < utc_time(entry["posted_at"]):
        yield "effective_at is before posted_at"
    if before and entry["posted_at"] < before[-1].get("posted_at", ""):
        yield "posted_at is before that of the entry before"
    yield from text_errors(entry, root)


def chain_errors(manifest, root):
    """Every difference between the manifest, its chain and the published texts."""
    for index, entry in enumerate(manifest):
        try:
            name = f"{index + 1} {entry.get('document')} {entry.get('version')}"
            for error in entry_errors(entry, manifest[:index], root):
                yield f"{name}: {error}"
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield f"entry {index + 1}: malformed ({error!r})"


def unpublished(manifest, root):
    """Files in the documents' folders that no entry names."""
    published = {text["path"] for entry in manifest for text in entry["texts"]}
    for document in DOCUMENTS:
        for path in sorted((root / document).rglob("*")):
            name = path.relative_to(root).as_posix()
            if path.is_file() and name not in published:
                yield f"{name} is not published: add it or take it away"


def label_errors(root):
    """labels.json must have one non-empty text for each consent document and locale."""
    labels = json.loads((root / "labels.json").read_text(encoding="utf-8"))
    if tuple(labels) != CONSENTS:
        yield f"labels.json must have {', '.join(CONSENTS)}, in this order"
        return
    for document, texts in labels.items():
        if tuple(texts) != LOCALES or not all(text.strip() for text in texts.values()):
            yield f"labels.json: {document} needs a text for each of {', '.join(LOCALES)}"


def read_manifest(root):
    path = root / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    if not isinstance(manifest, list):
        raise ValueError("manifest.json must be a list of publications")
    return manifest


def write_manifest(manifest, root):
    """Replace the manifest in one step, so that a crash leaves the old one."""
    draft = root / "manifest.json.new"
    draft.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(draft, root / "manifest.json")


def draft_text(document, version, locale, root):
    """The manifest's row for a text that is about to be published."""
    path = text_path(document, version, locale)
    try:
        content = (root / path).read_bytes()
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as UTF-8: {error}") from error
    if not text.strip() or "\r" in text or text.startswith("\ufeff"):
        raise Refused(f"{path} must have text, line ends of LF only and no byte-order mark")
    return {"locale": locale, "path": path, "sha256": hashlib.sha256(content).hexdigest()}


def new_entry(options, manifest, root):
    """The entry for a publication that comes after `manifest`."""
    posted_at = options.posted_at or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {
        "document": options.document,
        "version": options.version,
        "posted_at": posted_at,
        "effective_at": options.effective_at or posted_at,
        "texts": [draft_text(options.document, options.version, locale, root) for locale in LOCALES],
        "previous": manifest[-1]["hash"] if manifest else FIRST_PREVIOUS,
    }
    entry["hash"] = entry_hash(entry)
    return entry


def add(options, root):
    manifest = read_manifest(root)
    problems = list(chain_errors(manifest, root))
    if problems:
        raise Refused("the chain is broken, run check: " + problems[0])
    entry = new_entry(options, manifest, root)
    problems = list(entry_errors(entry, manifest, root))
    if problems:
        raise Refused(problems[0])
    write_manifest([*manifest, entry], root)
    print(f"published {entry['document']} {entry['version']}, head {entry['hash']}")


def check(root):
    manifest = read_manifest(root)
    problems = list(chain_errors(manifest, root))
    if not problems:
        problems = [*unpublished(manifest, root), *label_errors(root)]
    if not manifest:
        problems.append("manifest.json has no publication")
    if problems:
        raise Refused("\n".join(problems))
    print(f"{len(manifest)} publications, every text as published, head {manifest[-1]['hash']}")


def time_option(value):
    try:
        return utc_time(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError("write a UTC time as 2026-11-22T00:00:00Z") from error


def version_option(value):
    if not VERSION_FORM.fullmatch(value):
        raise argparse.ArgumentTypeError("write a date as 2026-11-22, or 2026-11-22.2")
    return value


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check", help="re-hash every text and verify the chain")
    adding = commands.add_parser("add", help="append a publication to the chain")
    adding.add_argument("document", metavar="DOCUMENT", choices=DOCUMENTS, help=", ".join(DOCUMENTS))
    adding.add_argument("version", metavar="VERSION", type=version_option, help="e.g. 2026-11-22")
    adding.add_argument("--posted-at", type=time_option, metavar="TIME", help="default: now")
    adding.add_argument("--effective-at", type=time_option, metavar="TIME", help="default: posted-at")
    return parser.parse_args(arguments)


def main(arguments=None, root=ROOT):
    options = parse(arguments)
    try:
        if options.command == "add":
            add(options, root)
        else:
            check(root)
    except (Refused, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
