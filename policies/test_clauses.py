"""How the log of a test run is read, and that clauses.json fits the policy and the sources.

python3 -m unittest discover --start-directory policies
"""

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

import clauses

HEX = "0123456789abcdef"


def program(name, *lines, passed=0, failed=0, ignored=0):
    """What cargo and one test program print."""
    verdict = "FAILED" if failed else "ok"
    return "\n".join(
        [
            f"     Running unittests src/lib.rs (target/debug/deps/{name}-{HEX})",
            "",
            f"running {passed + failed + ignored} tests",
            *lines,
            "",
            f"test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "",
            "",
        ]
    )


class Log(unittest.TestCase):
    def test_each_program_has_its_own_tests(self):
        log = program("domain", "test tests::a ... ok", passed=1) + program(
            "mail_intake",
            "test tests::a ... FAILED",
            "test tests::slow - should panic ... ok",
            "test tests::killed ... ignored, a child of another test",
            "",
            "failures:",
            "",
            "---- tests::a stdout ----",
            "thread panicked",
            "",
            "failures:",
            "    tests::a",
            passed=1,
            failed=1,
            ignored=1,
        )
        self.assertEqual(
            clauses.outcomes(log),
            {
                "domain::tests::a": "passed",
                "mail_intake::tests::a": "failed",
                "mail_intake::tests::slow": "passed",
                "mail_intake::tests::killed": "ignored",
            },
        )

    def test_what_tests_print_hides_no_outcome(self):
        log = program(
            "e2e",
            'test a::between ... {"level":"INFO"}',
            "ok",
            'test a::behind ... ok{"level":"INFO"}',
            '{"without":"a line end"}test a::before ... ok',
            "test a::broken ... noise",
            "more noise FAILED",
            "",
            "failures:",
            "    a::broken",
            passed=3,
            failed=1,
        )
        self.assertEqual(
            clauses.outcomes(log),
            {
                "e2e::a::between": "passed",
                "e2e::a::behind": "passed",
                "e2e::a::before": "passed",
                "e2e::a::broken": "failed",
            },
        )

    def test_what_a_child_of_a_test_prints_passes_nothing(self):
        log = program("objects", "test a::child ... ignored", "test a::parent ... test a::child ... ", "ok", passed=1, ignored=1)
        self.assertEqual(clauses.outcomes(log), {"objects::a::child": "ignored", "objects::a::parent": "passed"})

    def test_a_run_that_breaks_off_proves_nothing_unclear(self):
        whole = program("e2e", "test a::one ... noise", "test a::two ... ok", passed=2)
        self.assertEqual(len(clauses.outcomes(whole)), 2)
        broken = whole[: whole.index("test result")]
        self.assertEqual(clauses.outcomes(broken), {"e2e::a::two": "passed"})
        miscounted = whole.replace("2 passed", "1 passed")
        self.assertNotIn("e2e::a::one", clauses.outcomes(miscounted))

    def test_of_two_programs_with_one_name_the_worse_counts(self):
        log = program("sdk", "test a ... ok", passed=1) + program("sdk", "test a ... FAILED", failed=1)
        self.assertEqual(clauses.outcomes(log), {"sdk::a": "failed"})

    def test_doc_tests_colours_and_windows_line_ends_do_no_harm(self):
        log = program("domain", "test a ... \x1b[32mok\x1b[0m", passed=1)
        log += "   Doc-tests domain\n\nrunning 1 test\ntest b ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored;\n"
        self.assertEqual(clauses.outcomes(log.replace("\n", "\r\n")), {"domain::a": "passed"})


class Proof(unittest.TestCase):
    """A small repository with one policy, and what its clauses come to."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("policies/manifest.json", [{"document": "privacy-policy", "texts": [{"path": "p/en.md"}]}])
        self.write("policies/p/en.md", "**1.1.** One.\n\n**1.2.** Two.\n\nSee **1.1** and 1.3.\n")
        self.write("src/lib.rs", "#[test]\nfn it_holds() {}\n")
        self.write("docs/privacy/open-questions.md", "")
        self.proven = {
            "id": "1.1",
            "title": "One",
            "requires": "It must hold.",
            "code": ["src/lib.rs"],
            "evidence": "None.",
            "tests": ["one::it_holds"],
        }
        self.rest = {"id": "1.2", "title": "Two", "requires": "Nothing.", "no_software": "A definition."}
        self.log = program("one", "test it_holds ... ok", passed=1)

    def write(self, path, content):
        path = self.root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")

    def told(self, command, log=None):
        """Whether the command succeeds, and what it prints."""
        sections = {"1": "All"}
        registry = {"programs": {"one": "src"}, "sections": sections, "clauses": [self.proven, self.rest]}
        self.write("policies/clauses.json", registry)
        self.write("log", self.log if log is None else log)
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
            code = clauses.main([command, str(self.root / "log")], self.root)
        return code == 0, out.getvalue()

    def refused(self, reason, log=None):
        succeeded, told = self.told("check", log)
        self.assertFalse(succeeded)
        self.assertIn(reason, told)

    def test_what_is_proven_passes_as_long_as_the_documents_say_so(self):
        self.refused("is not what this run gives")
        self.assertTrue(self.told("report")[0])
        self.assertTrue(self.told("check")[0])
        text = (self.root / "docs/privacy/clauses.md").read_text(encoding="utf-8")
        self.assertIn("passed: [`one::it_holds`](../../src/lib.rs)", text)
        self.write("docs/privacy/clauses.md", text.replace("passed", "surely passed"))
        self.refused("is not what this run gives")

    def test_a_test_that_is_missing_failed_or_ignored_is_refused(self):
        for line, counts, outcome in [
            ("test other ... ok", {"passed": 1}, "not run"),
            ("test it_holds ... FAILED", {"failed": 1}, "failed"),
            ("test it_holds ... ignored", {"ignored": 1}, "ignored"),
        ]:
            self.refused(f"1.1: one::it_holds: {outcome}", program("one", line, **counts))

    def test_code_and_tests_must_exist(self):
        self.proven["code"] = ["src/lib.rs", "src/gone.rs"]
        self.refused("1.1: there is no src/gone.rs")
        self.proven["tests"] = ["one::it_never_held", "two::it_holds"]
        self.refused("1.1: no source has the test one::it_never_held")
        self.refused("1.1: no source has the test two::it_holds")

    def test_a_clause_has_proof_or_a_reason(self):
        del self.proven["tests"]
        self.refused("1.1: needs code, evidence and tests")
        self.rest["code"] = ["src/lib.rs"]
        self.refused("1.2: what needs no software has a reason, and neither proof")

    def test_every_clause_of_the_policy_is_there_once_in_its_order(self):
        self.rest["id"] = "1.3"
        self.refused("1.2: in the policy in force, and not in policies/clauses.json")
        self.refused("1.3: not a clause of the policy in force")
        self.rest["id"], self.proven["id"] = "1.1", "1.2"
        self.refused("each clause once, in the order of the policy")

    def test_what_is_open_is_told_and_not_refused(self):
        del self.proven["tests"]
        self.proven["open"] = "Nobody tests it."
        succeeded, told = self.told("report")
        self.assertTrue(succeeded)
        self.assertIn("OPEN: 1.1 One: Nobody tests it.", told)
        self.assertIn("**OPEN 1.1** One: Nobody tests it.", (self.root / "docs/privacy/clauses.md").read_text())
        self.assertTrue(self.told("check")[0])


class Committed(unittest.TestCase):
    def test_it_fits_the_policy_in_force_and_the_sources(self):
        committed = clauses.Clauses(clauses.ROOT)
        errors = clauses.registry_errors(committed.registry, committed.sources, committed.root)
        self.assertEqual(list(errors), [])

    def test_every_figure_that_nobody_confirmed_is_among_the_open_questions(self):
        questions = (clauses.ROOT / clauses.FOLDER / "open-questions.md").read_text(encoding="utf-8")
        for path in sorted((clauses.ROOT / "shared/domain/calendars").glob("*.json")):
            data = json.loads(path.read_text(encoding="utf-8"))
            for figure in data if isinstance(data, list) else [{**data, "article": path.name}]:
                self.assertTrue(figure["confirmed"] or figure["article"] in questions, figure["article"])


if __name__ == "__main__":
    unittest.main()
