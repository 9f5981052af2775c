#!/usr/bin/env python3
"""The CLI runs on any build image: one file, tried in roots that hold no more.

The roots are entered with chroot, in a network of their own where that is
permitted: by root, or by anybody who may have a user namespace.
"""

import fcntl
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

BIN = os.environ["SIGNALBOX_BIN_DIR"]
PROGRAM = f"{BIN}/signalbox"
SHA = "6dcb09b5b57875f334f61aebed695e2e4193db5e"
ABOUT = ["--repository", "acme/app", "--sha", SHA]
MOST_BYTES = 17 << 20
SKIPPED = 77


def output_of(*command):
    return subprocess.run(command, check=True, text=True,
                          stdout=subprocess.PIPE).stdout


class ExecutableTest(unittest.TestCase):
    def test_asks_for_no_other_file(self):
        segments = output_of("readelf", "--program-headers", "--wide", PROGRAM)
        self.assertNotIn("INTERP", segments)
        dynamic = output_of("readelf", "--dynamic", "--wide", PROGRAM)
        self.assertNotIn("(NEEDED)", dynamic)

    def test_is_loaded_at_any_address(self):
        header = output_of("readelf", "--file-header", PROGRAM)
        self.assertRegex(header, r"Type: +DYN ")
        dynamic = output_of("readelf", "--dynamic", "--wide", PROGRAM)
        self.assertRegex(dynamic, r"\(FLAGS_1\).*\bPIE\b")

    # glibc would load its modules from the image.
    def test_has_no_name_service_switch(self):
        names = output_of("nm", "--format=just-symbols", PROGRAM).split()
        self.assertIn("main", names)
        # OpenSSL has a function that writes keys in the format of another NSS.
        self.assertEqual([name for name in names
                          if name.lstrip("_").startswith("nss_")
                          and name != "nss_keylog_int"], [])

    # Without /sys and /proc, glibc's way to count them leaves ENOENT in errno;
    # now and then gRPC took it for the outcome of connect().
    def test_counts_processors_without_files(self):
        names = output_of("nm", "--format=posix", PROGRAM)
        self.assertRegex(names, r"(?m)^get_nprocs T ")

    def test_is_small(self):
        with tempfile.TemporaryDirectory() as directory:
            stripped = f"{directory}/signalbox"
            output_of("strip", "--strip-all", "-o", stripped, PROGRAM)
            self.assertLessEqual(os.path.getsize(stripped), MOST_BYTES)


class NameServer:
    """Knows one name, on port 53 of an address that nobody else has."""

    NAME = "signalbox.example"
    KINDS = {1: "A", 28: "AAAA"}

    def __init__(self):
        self.address = "127.{}.{}.53".format(*divmod(os.getpid() % 65536, 256))
        self.questions = set()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((self.address, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, sender = self._socket.recvfrom(4096)
            self._socket.sendto(self._answer(query), sender)

    def _answer(self, query):
        labels, end = [], 12
        while query[end]:
            labels.append(query[end + 1:end + 1 + query[end]].decode())
            end += 1 + query[end]
        kind, _ = struct.unpack_from("!HH", query, end + 1)
        name = ".".join(labels)
        self.questions.add((name, self.KINDS.get(kind, kind)))
        answers = b""
        if name == self.NAME and kind == 1:
            answers = (b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, 4)
                       + socket.inet_aton("127.0.0.1"))
        no_error, no_such_name = 0x8180, 0x8183
        flags = no_error if name == self.NAME else no_such_name
        return (query[:2]
                + struct.pack("!HHHHH", flags, 1, 1 if answers else 0, 0, 0)
                + query[12:end + 5] + answers)


class Root:
    """A directory for chroot, with the program and nothing else."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._directory.name)
        shutil.copy(PROGRAM, self.path)

    def close(self):
        self._directory.cleanup()

    def add_busybox(self):
        (self.path / "bin").mkdir()
        shutil.copy("/bin/busybox", self.path / "bin")

    def write(self, name, text):
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_text(text)

    def run(self, *arguments, **environment):
        return subprocess.run(
            ["/usr/sbin/chroot", self.path, "/signalbox", *arguments],
            env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30,
            check=False)


class RootTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.names = NameServer()
        cls.data = tempfile.TemporaryDirectory()
        cls.server = subprocess.Popen(
            [f"{BIN}/signalbox-server", "--listen", "127.0.0.1:0",
             "--web-listen", "127.0.0.1:0", "--data-dir", f"{cls.data.name}/data"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={"PATH": os.environ["PATH"]})
        cls.address = cls.server.stdout.readline().split()[-1]
        cls.port = cls.address.rpartition(":")[2]

    @classmethod
    def tearDownClass(cls):
        cls.server.terminate()
        assert cls.server.wait(timeout=15) == 0
        cls.server.stdout.close()
        cls.data.cleanup()

    def setUp(self):
        self.root = Root()
        self.addCleanup(self.root.close)

    def use_name_server(self):
        self.root.write("etc/resolv.conf", f"nameserver {self.names.address}\n")

    def expect(self, ended, exit_code, output=None, errors=None):
        self.assertEqual(ended.returncode, exit_code, ended.stderr)
        if output is not None:
            self.assertEqual(ended.stdout, output)
        if errors is not None:
            self.assertIn(errors, ended.stderr)

    def report(self, host, **environment):
        """Reports to the server under a name, and finds what it reported."""
        context = f"ci/{self.id()}"
        server = ["--server", f"{host}:{self.port}"]
        self.expect(self.root.run("result", "success", *ABOUT, *server,
                                  "--context", context, "--retry-for", "10s",
                                  **environment), 0)
        status = self.root.run("status", *ABOUT, *server, "--json", **environment)
        self.expect(status, 0)
        shown = {s["context"]: s for s in json.loads(status.stdout)["statuses"]}
        self.assertEqual(shown[context]["state"], "SUCCESS")

    def test_tells_its_version(self):
        version = self.root.run("--version")
        self.expect(version, 0, errors="")
        self.assertRegex(version.stdout, r"^signalbox \d")

    # Wrong usage throws and catches an exception inside.
    def test_refuses_wrong_usage(self):
        self.expect(self.root.run("result", "excellent"), 2, output="")
        self.expect(self.root.run("nonsense"), 2, output="")

    def test_does_without_git_and_home(self):
        self.expect(self.root.run("result", "success"), 2,
                    errors="git is not installed")

    def test_reports_to_an_address(self):
        self.report("127.0.0.1")

    def test_asks_the_name_server(self):
        self.use_name_server()
        self.report(self.names.NAME)
        self.assertIn((self.names.NAME, "A"), self.names.questions)

    # Other programs with gRPC may set this variable.
    def test_resolves_by_itself_whatever_others_do(self):
        self.use_name_server()
        self.report(self.names.NAME, GRPC_DNS_RESOLVER="native")

    # Even without /etc.
    def test_knows_this_machine(self):
        self.report("localhost")

    def test_asks_nobody_for_what_the_hosts_file_has(self):
        self.use_name_server()
        self.root.write("etc/hosts", "127.0.0.1 farm signalbox-of-the-farm\n")
        self.report("signalbox-of-the-farm")
        self.assertNotIn("signalbox-of-the-farm",
                         {name for name, _ in self.names.questions})

    # An image may name modules of glibc's that it does not have.
    def test_needs_no_module_of_the_name_service_switch(self):
        self.root.write("etc/nsswitch.conf", "hosts: mymachines resolve files\n")
        self.root.write("etc/hosts", "127.0.0.1 signalbox-of-the-farm\n")
        self.report("signalbox-of-the-farm")

    def test_says_that_a_name_is_unknown(self):
        self.expect(
            self.root.run("result", "success", *ABOUT, "--server", "nobody:1",
                          "--retry-for", "0s"), 3, output="")

    def test_shows_what_became_of_a_report(self):
        self.report("127.0.0.1")
        server = ["--server", self.address]
        context = ["--context", f"ci/{self.id()}"]
        self.expect(self.root.run("explain", *ABOUT, *context, *server), 0)
        self.expect(self.root.run("list", *server), 0)

    def test_runs_a_command_of_busybox(self):
        self.root.add_busybox()
        self.expect(self.root.run("run", "--", "/bin/busybox", "true"), 0,
                    errors="nothing is reported")
        self.expect(
            self.root.run("run", *ABOUT, "--server", self.address, "--context",
                          "ci/run", "--", "busybox", "sh", "-c",
                          "echo built; exit 7", PATH="/bin"),
            7, output="built\n")
        status = self.root.run("status", *ABOUT, "--server", self.address)
        self.assertRegex(status.stdout, r"(?m)ci/run\b.*\bfailure\b")

    def test_gives_a_command_the_environment_that_it_has(self):
        self.root.add_busybox()
        self.expect(
            self.root.run("run", *ABOUT, "--server", self.address, "--",
                          "/bin/busybox", "env", GRPC_DNS_RESOLVER="native"),
            0, output="GRPC_DNS_RESOLVER=native\n")


def bring_up_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        siocsifflags, iff_up = 0x8914, 0x1
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sH14x", b"lo", iff_up))


def enter_namespaces():
    """Begins anew as root of a user namespace, where that is permitted."""
    if "SIGNALBOX_IN_NAMESPACES" in os.environ:
        bring_up_loopback()
        return
    enter = ["unshare", "--map-root-user", "--net"]
    tried = subprocess.run([*enter, "true"], text=True, check=False,
                           stderr=subprocess.PIPE)
    if tried.returncode == 0:
        os.execvpe(enter[0], [*enter, sys.executable, *sys.argv],
                   {**os.environ, "SIGNALBOX_IN_NAMESPACES": "yes"})
    if os.geteuid() != 0:
        print("skipped: only root may chroot here, or who may have a user "
              f"namespace: {tried.stderr.strip()}")
        sys.exit(SKIPPED)


if __name__ == "__main__":
    if "RootTest" in sys.argv:
        enter_namespaces()
    unittest.main()
