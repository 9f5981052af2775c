"""The programs that the vectors run against, and what TLS needs."""

import contextlib
import hashlib
import os
import pathlib
import subprocess
import tempfile
import time

import grpc

import messages

# Of the caller that the server with `callers` knows.
TOKEN = "vectors-" + "t" * 40
READER_TOKEN = "reader-" + "r" * 40


class Programs:
    """GitHub (the simulator) and two servers; ended by `close`.

    `open` has no callers, so each call may do everything, and no TLS. `strict` knows callers and
    wants TLS, with a certificate, except on its Unix socket.
    """

    def __init__(self, bin_dir):
        self._stack = contextlib.ExitStack()
        self.directory = pathlib.Path(self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="signalbox-vectors-")))
        self._bin = pathlib.Path(bin_dir)
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self.close)
            self._start_all()
            on_failure.pop_all()

    def _start_all(self):
        make_certificates(self.directory)
        (self.directory / "github.token").write_text("token")
        self.github = self._start(
            ["signalbox-github-simulator", "--listen", "127.0.0.1:0", "--any-repository",
             "--token", "token", "--hourly-limit", "0"])[0]
        self.open = self._start_server("open", "")
        self.strict = self._start_server("strict", self._strict_options())

    def close(self):
        self._stack.close()

    def unix(self, name):
        return f"unix:{self.directory}/{name}.sock"

    def _strict_options(self):
        return f"""
tls:
  cert_file: {self.directory}/server.pem
  key_file: {self.directory}/server.key
  client_ca_file: {self.directory}/ca.pem
callers:
  - name: farm
    tokens: [{{sha256_file: {self._hash_file(TOKEN)}}}]
    repositories: ["*/*"]
    contexts: ["*"]
    rights: [report, read]
  - name: reader
    tokens: [{{sha256_file: {self._hash_file(READER_TOKEN)}}}]
    repositories: ["*/*"]
    contexts: ["*"]
    rights: [read]
"""

    def _hash_file(self, token):
        file = self.directory / f"{token[:6]}.sha256"
        file.write_text(hashlib.sha256(token.encode()).hexdigest())
        return file

    def _start_server(self, name, options):
        config = self.directory / f"{name}.yaml"
        config.write_text(f"""
listen: ["127.0.0.1:0", "{self.unix(name)}"]
web_listen: 127.0.0.1:0
data_dir: {self.directory}/{name}
github:
  - accounts: ["*"]
    api_url: http://{self.github}
    token_file: {self.directory}/github.token
    pace: 6000/min
    burst: 10000
    max_in_flight: 10
{options}""")
        return self._start(["signalbox-server", "--config", str(config)])[0]

    def _start(self, command):
        """The addresses of `command`, once it has printed the first."""
        log = open(self.directory / f"{time.monotonic_ns()}.log", "wb")
        self._stack.enter_context(log)
        process = subprocess.Popen(
            [self._bin / command[0], *command[1:]], stdout=subprocess.PIPE, stderr=log,
            text=True, env={"PATH": os.environ["PATH"]})
        self._stack.callback(_end, process)
        for line in process.stdout:
            if "listening on " in line:
                return line.split("listening on ")[1].split()
        log.flush()
        raise RuntimeError(f"{command[0]}: {pathlib.Path(log.name).read_text()}")


def _end(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def make_certificates(directory):
    """An authority, the server's and a farm's certificates, and a stranger."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=directory,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    for name in ("ca", "other_ca"):
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem",
                "-subj", f"/CN={name}", "-days", "2")
    (directory / "names").write_text("subjectAltName=DNS:signalbox.test")
    for name in ("server", "farm"):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", f"{name}.pem", "-days", "2", "-extfile", "names")


class Reference:
    """A connection of our own to a server, to prepare and to look."""

    def __init__(self, address, token=None):
        self._channel = grpc.insecure_channel(
            address, options=[("grpc.enable_http_proxy", 0),
                              ("grpc.default_authority", "localhost")])
        self._metadata = [("authorization", f"Bearer {token}")] if token else None

    def close(self):
        self._channel.close()

    def call(self, method, request):
        path = f"/{messages.SERVICE}/{method}"
        message = messages.from_plain(messages.request_class(path)(), request)
        answer = self._channel.unary_unary(path)(
            message.SerializeToString(), timeout=10, metadata=self._metadata)
        return messages.to_plain(messages.response_class(path).FromString(answer))

    def statuses(self, repository, sha):
        """What GetCommitStatus says of each context."""
        statuses, page = [], {}
        while True:
            try:
                answer = self.call("GetCommitStatus",
                                   {"repository": repository, "sha": sha, **page})
            except grpc.RpcError as error:
                if error.code() is grpc.StatusCode.NOT_FOUND:
                    return {}
                raise
            statuses += answer.get("statuses", [])
            if "next_page_token" not in answer:
                return {status["context"]: status for status in statuses}
            page = {"page_token": answer["next_page_token"]}

    def settle(self, repository, sha):
        """Waits until GitHub shows everything of the commit."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            statuses = self.statuses(repository, sha)
            if all(s["posting"]["state"] == "POSTED" for s in statuses.values()):
                return
            time.sleep(0.05)
        raise RuntimeError(f"GitHub does not show {repository}: {statuses}")

    def changes(self, request, count):
        """The first `count` changes of a watch, without the bookmarks."""
        path = f"/{messages.SERVICE}/WatchStatuses"
        message = messages.from_plain(messages.request_class(path)(), request)
        stream = self._channel.unary_stream(path)(
            message.SerializeToString(), timeout=20, metadata=self._metadata)
        changes = []
        for raw in stream:
            change = messages.to_plain(messages.response_class(path).FromString(raw))
            if "repository" in change:
                changes.append({"repository": change["repository"], "sha": change["sha"],
                                "context": change["status"]["context"],
                                "state": change["status"]["state"]})
            if len(changes) == count:
                stream.cancel()
                return changes
        raise RuntimeError("the watch ended")
