#!/usr/bin/env python3
"""Show for every clause of the privacy policy which code keeps it, which record it leaves and
which tests prove it, with the outcome of these tests.

clauses.json says so clause by clause. From it and from the log of a test run come
docs/privacy/clauses.md for people and docs/privacy/clauses.json for programs.

  python3 policies/clauses.py run
      Run every test (cargo test --workspace --no-fail-fast), save its log, and write both
      documents. Exits 1 when a clause is not proven.

  python3 policies/clauses.py report LOG
      Write both documents from the log of such a run.

  python3 policies/clauses.py check LOG
      Exits 1 when a clause is not proven by that run, when a clause of the policy in force is
      missing, or when the committed documents are not what that run gives.

A clause of which something is missing has `open` in clauses.json. It is printed, and stands at
the top of the report.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("cargo", "test", "--workspace", "--no-fail-fast")
LOG = "target/clauses.log"
REGISTRY = "policies/clauses.json"
FOLDER = "docs/privacy"
DOCUMENTS = (f"{FOLDER}/clauses.md", f"{FOLDER}/clauses.json")
PASSED, FAILED, IGNORED, NOT_RUN = "passed", "failed", "ignored", "not run"
WORDS = {"ok": PASSED, "FAILED": FAILED, "ignored": IGNORED}
WORST_FIRST = (FAILED, NOT_RUN, IGNORED, PASSED)
TEXTS = {"id", "title", "requires", "evidence", "no_software", "open"}
LISTS = {"code", "tests"}

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# `Running tests/e2e/main.rs (target/debug/deps/e2e-0123456789abcdef)`, or doc-tests, which have no file
PROGRAM = re.compile(
    r"^ *(?:Running .*?[(/\\]([\w-]+?)-[0-9a-f]{16}(?:\.exe)?\)|Doc-tests \S+) *$", re.MULTILINE
)
TEST = re.compile(r"\btest ([\w:]+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)?")
RESULT = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;")
FAILURES = re.compile(r"^failures:\n((?:    [\w:]+\n)+)", re.MULTILINE)
FUNCTION = re.compile(r"\bfn (\w+)\(")
CLAUSE = re.compile(r"^\*\*(\d+\.\d+[a-z]?)\.\*\*", re.MULTILINE)


class Refused(Exception):
    """Why something is not proven or not written, a line for each reason."""


# the log of a test run


def worst(one, other):
    return min(one, other, key=WORST_FIRST.index)


def outcomes_of_program(text):
    """The outcome of each test of one program, by its name.

    What a test prints can come between a test's name and its outcome, or follow the outcome
    without a line's end. Then the program's own summary decides.
    """
    outcomes, unclear = {}, set()
    for name, word in TEST.findall(text):
        if word:
            outcomes[name] = worst(outcomes.get(name, PASSED), WORDS[word])
        else:
            unclear.add(name)
    for names in FAILURES.findall(text):
        outcomes.update(dict.fromkeys(names.split(), FAILED))
    unclear -= outcomes.keys()
    results = RESULT.findall(text)
    passed, _, ignored = map(int, results[-1]) if results else (0, 0, 0)
    has = list(outcomes.values()).count
    if results and has(IGNORED) == ignored and has(PASSED) + len(unclear) == passed:
        outcomes.update(dict.fromkeys(unclear, PASSED))
    return outcomes


def outcomes(log):
    """The outcome of each test of a run, as `program::path::of::test`."""
    _, *parts = PROGRAM.split(COLOUR.sub("", log).replace("\r\n", "\n"))
    found = {}
    for program, text in zip(parts[::2], parts[1::2]):
        for name, outcome in outcomes_of_program(text).items() if program else ():
            key = f"{program}::{name}"
            found[key] = worst(found.get(key, PASSED), outcome)
    return found


# what clauses.json says


def clauses_in_force(root):
    """The ids of the policy's clauses in their order, from the version published last."""
    manifest = json.loads((root / "policies/manifest.json").read_text(encoding="utf-8"))
    path = [e["texts"][0]["path"] for e in manifest if e["document"] == "privacy-policy"][-1]
    return CLAUSE.findall((root / "policies" / path).read_text(encoding="utf-8"))


class Sources:
    """Where tests stand."""

    def __init__(self, programs, root):
        self.functions = {name: functions_of(root / folder, root) for name, folder in programs.items()}

    def find(self, test):
        """The file of a test relative to the repository, or None when there is none."""
        program, *modules, function = test.split("::")
        fits = self.functions.get(program, {}).get(function, [])
        named = {program, *modules}
        best = max(fits, key=lambda path: len(named & {*path.parts, path.stem}), default=None)
        return best and best.as_posix()


def functions_of(folder, root):
    """The files in which each function of a folder is declared."""
    found = {}
    for path in sorted(folder.rglob("*.rs")):
        for name in set(FUNCTION.findall(path.read_text(encoding="utf-8"))):
            found.setdefault(name, []).append(path.relative_to(root))
    return found


def shape_errors(clause):
    """What is wrong with the fields of one clause."""
    unknown = clause.keys() - TEXTS - LISTS
    if unknown:
        yield f"unknown field {', '.join(sorted(unknown))}"
    for name in ("title", "requires"):
        if not clause.get(name):
            yield f"{name} is missing"
    proof = [name for name in ("code", "evidence", "tests") if clause.get(name)]
    if "no_software" in clause:
        if proof or "open" in clause or not clause["no_software"]:
            yield "what needs no software has a reason, and neither proof nor anything open"
    elif "open" in clause:
        if not clause["open"]:
            yield "open must say what is missing"
    elif len(proof) < 3:
        yield "needs code, evidence and tests, or no_software with the reason, or open with what is missing"


def registry_errors(registry, sources, root):
    """What is wrong with clauses.json by itself."""
    ids = [clause.get("id") for clause in registry["clauses"]]
    in_force = clauses_in_force(root)
    for missing in [one for one in in_force if one not in ids]:
        yield f"{missing}: in the policy in force, and not in {REGISTRY}"
    if [one for one in ids if one in in_force] != [one for one in in_force if one in ids]:
        yield f"{REGISTRY}: each clause once, in the order of the policy"
    for clause in registry["clauses"]:
        name = clause.get("id")
        if name not in in_force:
            yield f"{name}: not a clause of the policy in force"
        yield from (f"{name}: {error}" for error in shape_errors(clause))
        for path in clause.get("code", []):
            if not (root / path).exists():
                yield f"{name}: there is no {path}"
        for test in clause.get("tests", []):
            if not sources.find(test):
                yield f"{name}: no source has the test {test}"


# the report


def state_of(clause, tests):
    if "no_software" in clause:
        return "no software"
    if any(test["outcome"] != PASSED for test in tests):
        return "not proven"
    return "open" if "open" in clause else "proven"


def report_of(registry, sources, found):
    """Everything that both documents say."""
    clauses = []
    for clause in registry["clauses"]:
        tests = [
            {"name": test, "source": sources.find(test), "outcome": found.get(test, NOT_RUN)}
            for test in clause.get("tests", [])
        ]
        state = state_of(clause, tests)
        clauses.append({**clause, "state": state, **({"tests": tests} if tests else {})})
    states = [clause["state"] for clause in clauses]
    counts = {s: states.count(s) for s in ("proven", "no software", "open", "not proven")}
    return {"summary": {"clauses": len(clauses), **counts}, "clauses": clauses}


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")


def link(path, text):
    return f"[{text}]({'../' * (FOLDER.count('/') + 1)}{path})"


def proof_cell(clause):
    parts = []
    if "open" in clause:
        parts.append(f"**OPEN:** {cell(clause['open'])}")
    if "no_software" in clause:
        parts.append(f"No software: {cell(clause['no_software'])}")
    for test in clause.get("tests", []):
        mark = PASSED if test["outcome"] == PASSED else f"**{test['outcome'].upper()}**"
        name = f"`{test['name']}`"
        parts.append(f"{mark}: {link(test['source'], name) if test['source'] else name}")
    return "<br>".join(parts)


def row(clause):
    code = "<br>".join(link(path, f"`{path}`") for path in clause.get("code", []))
    cells = [
        f"**{clause['id']}** {cell(clause['title'])}",
        cell(clause["requires"]),
        code,
        cell(clause.get("evidence", "")),
        proof_cell(clause),
    ]
    return f"| {' | '.join(cells)} |"


def summary(report):
    counts = report["summary"]
    yield "| State | Clauses |"
    yield "|---|---|"
    for state in ("proven", "no software", "open", "not proven"):
        yield f"| {state} | {counts[state]} |"
    yield f"| all | {counts['clauses']} |"
    yield ""
    unfinished = [c for c in report["clauses"] if c["state"] in ("open", "not proven")]
    for clause in unfinished:
        why = clause.get("open") or "a test of it failed or did not run"
        yield f"- **{clause['state'].upper()} {clause['id']}** {clause['title']}: {why}"
    if not unfinished:
        yield "No clause is open, and every test that is named here has passed."


def markdown(report, sections):
    lines = [
        "# The privacy policy, clause by clause",
        "",
        "For every clause of the [privacy policy](../../policies/README.md): what the software must do, the code that does it, the record that is left, and the tests that prove it, with their outcome in the run from which this page was written. Clauses for which there is nothing to build say why.",
        "",
        "This page is generated; edit [policies/clauses.json](../../policies/clauses.json). On a clean clone, `python3 policies/clauses.py run` runs every test and writes this page and [clauses.json](clauses.json) anew. CI refuses a change after which a clause's test is missing, ignored or failing. What a lawyer must decide, and what is configuration because its source is unconfirmed, is in [open-questions.md](open-questions.md).",
        "",
        *summary(report),
    ]
    for number, title in sections.items():
        lines += ["", f"## {number}. {title}", ""]
        lines += ["| Clause | What the software must do | Code | Evidence | Proof |", "|---|---|---|---|---|"]
        lines += [row(c) for c in report["clauses"] if c["id"].split(".")[0] == number]
    return "\n".join(lines) + "\n"


def documents(report, sections):
    """The text of each document, by its path."""
    data = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    return dict(zip(DOCUMENTS, (markdown(report, sections), data)))


# the commands


class Clauses:
    """clauses.json, read and looked up in the sources."""

    def __init__(self, root):
        self.root = root
        self.registry = json.loads((root / REGISTRY).read_text(encoding="utf-8"))
        self.sources = Sources(self.registry["programs"], root)

    def report(self, log):
        return report_of(self.registry, self.sources, outcomes(log))

    def documents(self, report):
        return documents(report, self.registry["sections"])

    def errors(self, report):
        """Why the clauses are not all proven."""
        yield from registry_errors(self.registry, self.sources, self.root)
        for clause in report["clauses"]:
            for test in clause.get("tests", []):
                if test["outcome"] != PASSED:
                    yield f"{clause['id']}: {test['name']}: {test['outcome']}"


def tell(report):
    for clause in report["clauses"]:
        if "open" in clause:
            print(f"OPEN: {clause['id']} {clause['title']}: {clause['open']}")
    print(", ".join(f"{count} {state}" for state, count in report["summary"].items()))


def refuse(errors):
    errors = list(errors)
    if errors:
        raise Refused("\n".join(errors))


def write(log, clauses):
    report = clauses.report(log)
    for path, text in clauses.documents(report).items():
        (clauses.root / path).write_text(text, encoding="utf-8")
    tell(report)
    refuse(clauses.errors(report))


def check(log, clauses):
    report = clauses.report(log)
    tell(report)
    refuse(clauses.errors(report))
    for path, text in clauses.documents(report).items():
        committed = clauses.root / path
        if not committed.exists() or committed.read_text(encoding="utf-8") != text:
            raise Refused(f"{path} is not what this run gives: python3 policies/clauses.py report LOG")


def run_tests(root):
    """Runs every test, showing and saving what it prints; gives all of it."""
    path = root / LOG
    path.parent.mkdir(exist_ok=True)
    lines = []
    with path.open("w", encoding="utf-8") as saved, subprocess.Popen(
        TESTS, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as tests:
        for line in tests.stdout:
            print(line, end="", flush=True)
            saved.write(line)
            lines.append(line)
    return "".join(lines)


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="run every test and write both documents")
    for name, does in (("report", "write both documents from"), ("check", "hold the clauses against")):
        with_log = commands.add_parser(name, help=f"{does} the log of a run")
        with_log.add_argument("log", metavar="LOG", type=Path)
    return parser.parse_args(arguments)


def main(arguments=None, root=ROOT):
    options = parse(arguments)
    try:
        clauses = Clauses(root)
        if options.command == "run":
            write(run_tests(root), clauses)
        else:
            log = options.log.read_text(encoding="utf-8", errors="replace")
            (check if options.command == "check" else write)(log, clauses)
    except (Refused, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
