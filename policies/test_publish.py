"""The way of a document: draft, diff, publication, feed.

python3 -m unittest discover --start-directory policies
"""

import contextlib
import io
import json
import shutil
import tempfile
import unittest
from pathlib import Path

import publish

CODE = 'pub enum Purpose {\n    /// Clause 4.7.\n    Support,\n    AdTargeting,\n}\nconst CLAUSE: &str = "4.7";\n'


class Way(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        repository = Path(folder.name)
        self.root = repository / "policies"
        shutil.copytree(publish.ROOT, self.root, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        code = repository / "shared/domain/src/processing.rs"
        code.parent.mkdir(parents=True)
        code.write_text(CODE, encoding="utf-8")
        self.draft = self.root / "privacy-policy/draft"

    def run_with(self, *arguments):
        """The exit code, and what was printed."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            code = publish.main(list(arguments), self.root)
        return code, out.getvalue()

    def change(self, locale, *pairs):
        path = self.draft / f"{locale}.md"
        text = path.read_text(encoding="utf-8")
        for old, new in pairs:
            self.assertIn(old, text)
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")

    def write_draft(self):
        self.assertEqual(self.run_with("draft", "privacy-policy")[0], 0)
        last = publish.last_version("privacy-policy", publish.read_manifest(self.root))
        self.change("en", (last, "2099-01-02"), ("To give customer", "To provide customer"))
        self.change("ru", (last, "2099-01-02"))
        summary = {"en": "Support is provided.", "ru": "Поддержка предоставляется."}
        (self.draft / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
        return last

    def test_a_draft_becomes_a_version_once_and_the_feed_holds(self):
        last = self.write_draft()
        self.assertEqual(self.run_with("check")[0], 0, "a draft is in nobody's way")
        changes = self.run_with("diff", "privacy-policy")[1]
        self.assertIn("+**4.7.** To provide customer", changes)
        self.assertNotIn("**4.2.**", changes)
        published = ("publish", "privacy-policy", "2099-01-02", "--posted-at", "2099-01-02T00:00:00Z")
        code, said = self.run_with(*published)
        self.assertEqual(code, 0, said)
        self.assertEqual(self.run_with("check")[0], 0)
        self.assertFalse(self.draft.exists())
        self.assertIn("privacy-policy/2099-01-02/ru.md", (self.root / "texts.rs").read_text())
        self.assertEqual(self.run_with(*published)[0], 1)
        self.assertIn("4.7", self.run_with("diff", "privacy-policy", last, "2099-01-02")[1])

        entries = publish.read_manifest(self.root)
        feed = self.root.parent / "feed.json"
        feed.write_text(json.dumps({"items": entries}), encoding="utf-8")
        noted = entries[-2]["hash"]
        self.assertEqual(self.run_with("verify", str(feed), "--head", noted)[0], 0)
        self.assertEqual(self.run_with("verify", str(feed), "--head", "0" * 64)[0], 1)
        entries[-1]["summary"]["en"] = "Nothing."
        feed.write_text(json.dumps({"items": entries}), encoding="utf-8")
        self.assertEqual(self.run_with("verify", str(feed))[0], 1)

    def test_what_the_code_needs_keeps_a_draft_from_being_published(self):
        self.write_draft()
        self.change("en", ("**4.7.** To provide", "To provide"))
        self.change("ru", ("`ad_targeting`", "`advertising`"))
        (self.draft / "summary.json").write_text('{"en": "Less."}', encoding="utf-8")
        code, said = self.run_with("publish", "privacy-policy", "2099-01-02")
        self.assertEqual(code, 1)
        for reason in (
            "clause 4.7 is missing in en",
            "`support`, which no clause of section 4 names in en",
            "`ad_targeting`, which no clause of section 4 names in ru",
            "summary must say what changes",
        ):
            self.assertIn(reason, said)
        self.assertTrue(self.draft.exists())


if __name__ == "__main__":
    unittest.main()
