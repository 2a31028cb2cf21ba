"""The hash chain of publications, and what can be wrong with it (policy clause 9.2).

publish.py adds to it, and checks it as it stands here and as a service gives it.
"""

import hashlib
import json
import re
from datetime import datetime

DOCUMENTS = (
    "privacy-policy",
    "terms",
    "processing-consent",
    "marketing-consent",
    "transfer-consent",
)
LOCALES = ("en", "ru")
FIRST_PREVIOUS = "0" * 64
FIELDS = {"document", "version", "posted_at", "effective_at", "texts", "previous", "hash"}
VERSION_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(\.\d+)?", re.ASCII)
TIME_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


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


def named_errors(entry):
    """What is wrong with the names of an entry's texts."""
    expected = [text_path(entry["document"], entry["version"], locale) for locale in LOCALES]
    listed = [text["path"] for text in entry["texts"]]
    locales = [text["locale"] for text in entry["texts"]]
    if listed != expected or locales != list(LOCALES):
        yield f"the texts must be {', '.join(expected)}"


def summary_errors(entry, before):
    """A version after the first says in each language what it changes."""
    is_first = entry["document"] not in [other.get("document") for other in before]
    summary = entry.get("summary")
    if is_first:
        if summary is not None:
            yield "a first version changes nothing and has no summary"
        return
    if not summary or set(summary) != set(LOCALES) or not all(summary.values()):
        yield f"summary must say what changes, in {', '.join(LOCALES)}"


def text_errors(entry, root):
    """What is wrong with the texts that an entry names, as they stand here."""
    for text in entry["texts"]:
        try:
            content = (root / text["path"]).read_bytes()
        except OSError as error:
            yield f"{text['path']} cannot be read: {error.strerror}"
            continue
        if hashlib.sha256(content).hexdigest() != text["sha256"]:
            yield f"{text['path']} differs from the published text"


def entry_errors(entry, before):
    """What is wrong with one entry, given the entries before it."""
    if set(entry) - {"summary"} != FIELDS:
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
    yield from named_errors(entry)
    yield from summary_errors(entry, before)


def chain_errors(manifest, texts):
    """Every difference between the manifest, its chain and the published texts;
    `texts` says what is wrong with those of an entry."""
    for index, entry in enumerate(manifest):
        try:
            name = f"{index + 1} {entry.get('document')} {entry.get('version')}"
            for error in [*entry_errors(entry, manifest[:index]), *texts(entry)]:
                yield f"{name}: {error}"
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield f"entry {index + 1}: malformed ({error!r})"
