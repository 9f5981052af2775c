#!/usr/bin/env python3
"""Generates the messages and the stub of the proto: signalbox/v1 in a folder.

    ./generate.py [FOLDER]        default: src, where they are not committed

It uses grpcio-tools if they are installed, else `protoc` and
`grpc_python_plugin`, which Debian has in protobuf-compiler and
protobuf-compiler-grpc.
"""

import importlib.util
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PROTO = "signalbox/v1/status_service.proto"


def proto_folder():
    """The repository's, or the copy in a source distribution."""
    for folder in (HERE / "proto", HERE.parents[1] / "proto"):
        if (folder / PROTO).exists():
            return folder
    raise SystemExit(f"{PROTO} is neither in {HERE}/proto nor in the repository")


def generate(folder):
    if importlib.util.find_spec("grpc_tools"):
        compiler, plugin, stub = [sys.executable, "-m", "grpc_tools.protoc"], [], "grpc_python_out"
    else:
        compiler, stub = ["protoc"], "grpc_out"
        path = shutil.which("grpc_python_plugin")
        if path is None:
            raise SystemExit("install grpcio-tools, or protoc and grpc_python_plugin")
        plugin = [f"--plugin=protoc-gen-grpc={path}"]
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    subprocess.run([*compiler, *plugin, "-I", str(proto_folder()), f"--python_out={folder}",
                    f"--pyi_out={folder}", f"--{stub}={folder}", PROTO], check=True)


if __name__ == "__main__":
    generate(sys.argv[1] if len(sys.argv) > 1 else HERE / "src")
