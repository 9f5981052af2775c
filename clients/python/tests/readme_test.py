#!/usr/bin/env python3
"""The example of README.md runs as it stands, against the real server."""

import contextlib
import io
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

README = pathlib.Path(__file__).resolve().parents[1] / "README.md"


class ReadmeTest(unittest.TestCase):
    def test_the_example(self):
        example, = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        with tempfile.TemporaryDirectory() as directory:
            server = subprocess.Popen(
                [os.environ["SIGNALBOX_BIN_DIR"] + "/signalbox-server", "--listen",
                 "127.0.0.1:0", "--web-listen", "127.0.0.1:0", "--data-dir",
                 f"{directory}/data"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                env={"PATH": os.environ["PATH"]})
            try:
                address = server.stdout.readline().split()[-1]
                self.assertIn("127.0.0.1:50051", example)
                output = io.StringIO()
                with contextlib.redirect_stdout(output):
                    exec(example.replace("127.0.0.1:50051", address), {})
            finally:
                server.terminate()
                server.wait(20)
                server.stdout.close()
        self.assertEqual(output.getvalue(),
                         "building\nci/build SUCCESS built in 3 minutes\n")


if __name__ == "__main__":
    unittest.main()
