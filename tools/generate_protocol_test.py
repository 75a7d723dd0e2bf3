#!/usr/bin/env python3
"""What the generator must refuse: a procedure without an access right, and rights that mean nothing."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent


class Tables(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        shutil.copytree(ROOT / "protocol", self.folder / "protocol")

    def generate(self, pattern, replacement):
        file = self.folder / "protocol" / "remote.json"
        text, count = re.subn(pattern, replacement, file.read_text(), count=1)
        self.assertEqual(count, 1)
        file.write_text(text)
        return subprocess.run([sys.executable, ROOT / "tools/generate_protocol.py", self.folder / "protocol",
                               self.folder / "out"], capture_output=True, text=True)

    def assert_refused(self, result, word):
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(word, result.stderr)
        self.assertFalse((self.folder / "out").exists())

    def test_accepts_ours(self):
        self.assertEqual(self.generate("^", "").returncode, 0)

    def test_refuses_a_row_without_needs_rw(self):
        self.assert_refused(self.generate(r'"needs_rw": (true|false), ', ""), "needs_rw")

    def test_refuses_a_row_without_acl(self):
        self.assert_refused(self.generate(r'"acl": \[[^]]*\], ', ""), "acl")

    def test_refuses_a_condition_on_an_argument_that_is_not_there(self):
        self.assert_refused(self.generate(r'"needs_rw": true', '"needs_rw": {"colour": "VIR_DOMAIN_XML_SECURE"}'), "colour")

    def test_refuses_an_unknown_flag(self):
        self.assert_refused(self.generate("VIR_DOMAIN_XML_SECURE", "VIR_DOMAIN_XML_SECRET"), "VIR_DOMAIN_XML_SECRET")

    def test_refuses_a_limit_that_differs_from_its_constant(self):
        self.assert_refused(self.generate(r'"domain<16384>"', '"domain<16385>"'), "DOMAIN_LIST_MAX")

    def test_refuses_unknown_types(self):
        self.assert_refused(self.generate(r'"type": "vcpu_info<', '"type": "vcpu_data<'), "vcpu_data")


if __name__ == "__main__":
    unittest.main()
