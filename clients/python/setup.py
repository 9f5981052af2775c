"""Generates the messages of the proto into what is built."""

import pathlib
import shutil
import sys

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import generate  # noqa: E402


class BuildWithMessages(build_py):
    def run(self):
        super().run()
        generate.generate("src" if getattr(self, "editable_mode", False) else self.build_lib)


class SourcesWithProto(sdist):
    def make_release_tree(self, base_dir, files):
        super().make_release_tree(base_dir, files)
        target = pathlib.Path(base_dir, "proto", generate.PROTO)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(generate.proto_folder() / generate.PROTO, target)


setup(cmdclass={"build_py": BuildWithMessages, "sdist": SourcesWithProto})
