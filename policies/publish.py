#!/usr/bin/env python3
"""Publish Assetbox's documents as immutable versions in a hash chain.

manifest.json lists the publications in order. Each holds the hash of the one
before it, so a changed text, entry or order breaks the chain (policy clause 9.2).
The next version of a document is written as a draft, in DOCUMENT/draft, which is
neither compiled in nor served until it is published.

  python3 policies/publish.py draft DOCUMENT
      Begin a draft: a copy of the last published texts, and summary.json for what
      the version changes, in a sentence of each language.

  python3 policies/publish.py diff DOCUMENT [FROM [TO]]
      Show what differs, paragraph by paragraph and in each language; without
      versions, between the last published version and the draft.

  python3 policies/publish.py publish DOCUMENT VERSION
      Check the draft and make it the immutable VERSION, posted now and effective
      on posting unless the options say otherwise.

  python3 policies/publish.py check
      Re-hash every published text, verify the chain, and print its head.
      Exits 1 when anything differs, with a line for each difference.

  python3 policies/publish.py verify FEED [--head HASH]
      Check a feed: the address of a service's /policies/feed, with the text of
      every entry, or a saved copy of it, without. With a head that you noted
      earlier, it must still be in the chain.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import shutil
import sys
import urllib.request
from datetime import datetime, timezone
from pathlib import Path

from chain import (
    DOCUMENTS,
    FIRST_PREVIOUS,
    LOCALES,
    VERSION_FORM,
    chain_errors,
    entry_errors,
    entry_hash,
    text_errors,
    text_path,
    utc_time,
)

ROOT = Path(__file__).resolve().parent
CONSENTS = DOCUMENTS[2:]
DRAFT = "draft"
CLAUSE = re.compile(r"^\*\*(\d+\.\d+[a-z]?)\.\*\*", re.MULTILINE)
# a clause as the code cites it, and the purposes of the code
CITED = re.compile(r'"([1-9]\.[1-9][0-9]?[a-z]?)"')
PURPOSES = re.compile(r"pub enum Purpose \{(.*?)\n\}", re.DOTALL)
VARIANT = re.compile(r"^    (\w+),$", re.MULTILINE)
TEXTS_RS = """\
//! The published texts, compiled in. Written by publish.py; not to be edited.

macro_rules! texts {{
    ($($path:literal),* $(,)?) => {{
        &[$(($path, include_str!($path))),*]
    }};
}}

/// Every published text, by its path below `policies/`.
pub(super) static TEXTS: &[(&str, &str)] = texts![
{paths}];
"""


class Refused(Exception):
    """Why something is not done, in a sentence that its author can act on."""


def unpublished(manifest, root):
    """Files in the documents' folders that no entry names; a draft is none of them."""
    published = {text["path"] for entry in manifest for text in entry["texts"]}
    for document in DOCUMENTS:
        for path in sorted((root / document).rglob("*")):
            name = path.relative_to(root).as_posix()
            is_draft = (root / document / DRAFT) in path.parents
            if path.is_file() and not is_draft and name not in published:
                yield f"{name} is not published: make it a draft or take it away"


def compiled_in(manifest):
    """texts.rs: the published texts, for the compiler."""
    paths = "".join(f'    "{text["path"]}",\n' for entry in manifest for text in entry["texts"])
    return TEXTS_RS.format(paths=paths)


def compiled_errors(manifest, root):
    """texts.rs must name every published text, and no other."""
    path = root / "texts.rs"
    if not path.exists() or path.read_text(encoding="utf-8") != compiled_in(manifest):
        yield "texts.rs does not name what is published: publish writes it anew"


def cited_clauses(repository):
    """The clauses of the policy that the code cites."""
    sources = [*repository.glob("functions/*/src/**/*.rs"), *repository.glob("shared/*/src/**/*.rs")]
    return {clause for path in sources for clause in CITED.findall(path.read_text(encoding="utf-8"))}


def purposes(repository):
    """The tags of the purposes that the code knows."""
    path = repository / "shared/domain/src/processing.rs"
    if not path.exists():
        return set()
    variants = VARIANT.findall(PURPOSES.search(path.read_text(encoding="utf-8")).group(1))
    return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in variants}


def policy_errors(texts, repository):
    """What the code refers to and the texts of a privacy policy do not hold."""
    clauses = {locale: set(CLAUSE.findall(text)) for locale, text in texts.items()}
    for clause in sorted(set.union(*clauses.values())):
        missing = [locale for locale in LOCALES if clause not in clauses[locale]]
        if missing:
            yield f"clause {clause} is missing in {', '.join(missing)}"
    for clause in sorted(cited_clauses(repository) - set.union(*clauses.values())):
        yield f"the code cites clause {clause}, which is not there"
    for locale, text in texts.items():
        named = "".join(part for part in text.split("\n\n") if part.startswith("**4."))
        for purpose in sorted(purposes(repository)):
            if f"`{purpose}`" not in named:
                yield f"the code processes for `{purpose}`, which no clause of section 4 names in {locale}"


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


def replace(path, text):
    """Replace a file in one step, so that a crash leaves the old one."""
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, path)


def write_manifest(manifest, root):
    replace(root / "texts.rs", compiled_in(manifest))
    replace(root / "manifest.json", json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


def read_text(document, version, locale, root):
    path = text_path(document, version, locale)
    try:
        text = (root / path).read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as UTF-8: {error}") from error
    if not text.strip() or "\r" in text or text.startswith("\ufeff"):
        raise Refused(f"{path} must have text, line ends of LF only and no byte-order mark")
    return text


def read_summary(document, root):
    path = root / document / DRAFT / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return {locale: summary.get(locale, "").strip() for locale in LOCALES}


def last_version(document, manifest):
    versions = [entry["version"] for entry in manifest if entry["document"] == document]
    return versions[-1] if versions else None


def draft_errors(options, texts, before, root):
    """What keeps a draft from becoming this version."""
    for locale, text in texts.items():
        if options.version not in text[:500]:
            yield f"{locale}.md must name the version {options.version} at its beginning"
        if before and text == read_text(options.document, before, locale, root):
            yield f"{locale}.md says what version {before} says"
    if options.document == "privacy-policy":
        yield from policy_errors(texts, root.parent)


def new_entry(options, texts, manifest, root):
    """The entry for a publication that comes after `manifest`."""
    document, version = options.document, options.version
    posted_at = options.posted_at or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    entry = {
        "document": document,
        "version": version,
        "posted_at": posted_at,
        "effective_at": options.effective_at or posted_at,
        "texts": [
            {
                "locale": locale,
                "path": text_path(document, version, locale),
                "sha256": hashlib.sha256(text.encode("utf-8")).hexdigest(),
            }
            for locale, text in texts.items()
        ],
        "previous": manifest[-1]["hash"] if manifest else FIRST_PREVIOUS,
    }
    if last_version(document, manifest):
        entry["summary"] = read_summary(document, root)
    entry["hash"] = entry_hash(entry)
    return entry


def sound_manifest(root):
    manifest = read_manifest(root)
    problems = list(chain_errors(manifest, lambda entry: text_errors(entry, root)))
    if problems:
        raise Refused("the chain is broken, run check: " + problems[0])
    return manifest


def draft(options, root):
    folder = root / options.document / DRAFT
    last = last_version(options.document, sound_manifest(root))
    if folder.exists():
        raise Refused(f"{options.document} has a draft already")
    if not last:
        raise Refused(f"nothing is published of {options.document}: write {DRAFT}/{{en,ru}}.md anew")
    shutil.copytree(root / options.document / last, folder)
    empty = {locale: "" for locale in LOCALES}
    (folder / "summary.json").write_text(json.dumps(empty, indent=2) + "\n", encoding="utf-8")
    print(f"{folder.relative_to(root)} is a copy of version {last}: change both languages and the version")


def paragraphs(text):
    """A text's paragraphs, and the rows of its tables, without blank lines."""
    for block in text.split("\n\n"):
        yield from block.strip().splitlines() if block.lstrip().startswith("|") else [block.strip()]


def diff(options, root):
    old = options.old or last_version(options.document, sound_manifest(root))
    new = options.new or DRAFT
    if not old:
        raise Refused(f"nothing is published of {options.document}")
    for locale in LOCALES:
        before, after = (
            list(paragraphs(read_text(options.document, version, locale, root)))
            for version in (old, new)
        )
        names = (text_path(options.document, version, locale) for version in (old, new))
        # only what changed and the paragraph before it, which says where that is
        for line in difflib.unified_diff(before, after, *names, n=1, lineterm=""):
            print(line)


def publish(options, root):
    manifest = sound_manifest(root)
    document, folder = options.document, root / options.document
    texts = {locale: read_text(document, DRAFT, locale, root) for locale in LOCALES}
    problems = list(draft_errors(options, texts, last_version(document, manifest), root))
    entry = new_entry(options, texts, manifest, root)
    problems += entry_errors(entry, manifest)
    if problems:
        raise Refused("\n".join(problems))
    target = folder / options.version
    if target.exists():
        raise Refused(f"{target.relative_to(root)} exists already")
    (folder / DRAFT).rename(target)
    (target / "summary.json").unlink(missing_ok=True)
    write_manifest([*manifest, entry], root)
    print(f"published {document} {options.version}, head {entry['hash']}")


def fetch(address):
    """What a service answers, over HTTP only."""
    if not address.startswith(("http://", "https://")):
        raise Refused("the address of a feed begins with https://")
    with urllib.request.urlopen(address, timeout=30) as answer:
        return json.load(answer)


def served_errors(entry, feed):
    """What is wrong with an entry's texts as the service of this feed gives them."""
    policies = feed.removesuffix("/feed")
    for text in entry["texts"]:
        path = f"{entry['document']}/versions/{entry['version']}?locale={text['locale']}"
        content = fetch(f"{policies}/{path}")["text"].encode("utf-8")
        if hashlib.sha256(content).hexdigest() != text["sha256"]:
            yield f"{path} is served with another text than the published one"


def verify(options):
    if options.feed.startswith(("http://", "https://")):
        entries = fetch(options.feed)["items"]
        problems = list(chain_errors(entries, lambda entry: served_errors(entry, options.feed)))
    else:
        entries = json.loads(Path(options.feed).read_text(encoding="utf-8"))["items"]
        problems = list(chain_errors(entries, lambda entry: ()))
    if not entries:
        problems.append("the feed has no entry")
    if options.head and options.head not in [entry.get("hash") for entry in entries]:
        problems.append(f"{options.head} is not in the chain: something that was published is gone")
    if problems:
        raise Refused("\n".join(problems))
    print(f"{len(entries)} publications, the chain holds, head {entries[-1]['hash']}")


def in_force_errors(manifest, root):
    """What the code refers to must be in the policy that was posted last."""
    last = last_version("privacy-policy", manifest)
    if last:
        texts = {locale: read_text("privacy-policy", last, locale, root) for locale in LOCALES}
        yield from policy_errors(texts, root.parent)


def check(root):
    manifest = read_manifest(root)
    problems = list(chain_errors(manifest, lambda entry: text_errors(entry, root)))
    if not problems:
        problems = [
            *unpublished(manifest, root),
            *compiled_errors(manifest, root),
            *label_errors(root),
            *in_force_errors(manifest, root),
        ]
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
    of_document = argparse.ArgumentParser(add_help=False)
    of_document.add_argument("document", metavar="DOCUMENT", choices=DOCUMENTS, help=", ".join(DOCUMENTS))
    commands.add_parser("draft", parents=[of_document], help="begin the next version")
    comparing = commands.add_parser("diff", parents=[of_document], help="show what a version changes")
    comparing.add_argument("old", metavar="FROM", nargs="?", type=version_option, help="default: the last")
    comparing.add_argument("new", metavar="TO", nargs="?", type=version_option, help="default: the draft")
    publishing = commands.add_parser("publish", parents=[of_document], help="make the draft a version")
    publishing.add_argument("version", metavar="VERSION", type=version_option, help="e.g. 2026-11-22")
    publishing.add_argument("--posted-at", type=time_option, metavar="TIME", help="default: now")
    publishing.add_argument("--effective-at", type=time_option, metavar="TIME", help="default: posted-at")
    verifying = commands.add_parser("verify", help="check a feed")
    verifying.add_argument("feed", metavar="FEED", help="https://…/policies/feed, or a file")
    verifying.add_argument("--head", metavar="HASH", help="a head that was noted earlier")
    return parser.parse_args(arguments)


def main(arguments=None, root=ROOT):
    options = parse(arguments)
    try:
        match options.command:
            case "draft":
                draft(options, root)
            case "diff":
                diff(options, root)
            case "publish":
                publish(options, root)
            case "verify":
                verify(options)
            case _:
                check(root)
    except (Refused, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
