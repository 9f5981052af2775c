"""Opens the connection to a server."""

import ipaddress
import os
import ssl
from typing import Optional

import grpc

from ._errors import refusal, unreadable

_LONGEST_TOKEN = 4096
_LARGEST_ANSWER = 16 << 20
_OPTIONS = (
    # By default, a channel that cannot connect waits up to two minutes before it
    # tries again, and fails every call meanwhile. Milliseconds.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_receive_message_length", _LARGEST_ANSWER),
    # Farms often set http_proxy; a report must not travel through it.
    ("grpc.enable_http_proxy", 0),
    # The client repeats by itself: it knows how long the caller waits.
    ("grpc.enable_retries", 0),
    ("grpc.service_config_disable_resolution", 1),
    # Each client has a connection of its own, with its own wait after a failure.
    ("grpc.use_local_subchannel_pool", 1),
)
# Where systems keep the authorities that they trust. grpcio has its own list,
# which does not know those that the machine's administrator added.
_SYSTEM_CAS = (
    ssl.get_default_verify_paths().openssl_cafile,
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


def open_channel(address: str, *, token: Optional[str], tls: bool, ca_file: Optional[str],
                 cert_file: Optional[str], key_file: Optional[str],
                 server_name: Optional[str]) -> grpc.Channel:
    if token:
        _check_token(token, address, tls)
    if not tls:
        if ca_file or cert_file or key_file or server_name:
            raise refusal("ca_file, cert_file, key_file and server_name need tls=True")
        return grpc.insecure_channel(address, options=_OPTIONS)
    if address.startswith("unix:"):
        raise refusal(f"the server does not encrypt connections to {address}, which "
                      "stay on this machine: leave tls out")
    if bool(cert_file) != bool(key_file):
        raise refusal("cert_file and key_file go together")
    options = _OPTIONS
    if server_name:
        options += (("grpc.ssl_target_name_override", server_name),)
    return grpc.secure_channel(address, _credentials(ca_file, cert_file, key_file),
                               options=options)


def _check_token(token, address, tls):
    if not tls and not is_this_machine(address):
        raise refusal(
            "without tls, a token is sent only to this machine (localhost, 127.0.0.1, "
            f"[::1] or unix:PATH), not to {address}: the connection is not encrypted")
    if len(token) > _LONGEST_TOKEN or not all("!" <= c <= "~" for c in token):
        raise refusal("the token has characters other than visible ASCII, or more than "
                      f"{_LONGEST_TOKEN} of them")


def is_this_machine(address: str) -> bool:
    if address.startswith("unix:"):
        return True
    if address.startswith("dns:///"):
        address = address[len("dns:///"):]
    host, colon, port = address.rpartition(":")
    if not colon:
        host = port
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return False  # gRPC takes `::1:5005` for an address without a port.
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _credentials(ca_file, cert_file, key_file):
    authorities = _read(ca_file) if ca_file else _system_cas()
    key = _read(key_file) if key_file else None
    certificate = _read(cert_file) if cert_file else None
    # gRPC would only fail each call, without saying why.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
        if cert_file:
            context.load_cert_chain(cert_file, key_file, password=_no_password)
    except ssl.SSLError as error:
        raise refusal(f"{ca_file or ''} {cert_file or ''} {key_file or ''}".strip()
                      + f": cannot be used: {error}") from error
    return grpc.ssl_channel_credentials(
        root_certificates=authorities, private_key=key, certificate_chain=certificate)


def _no_password():
    # OpenSSL would ask for it on the terminal.
    raise refusal("the key has a password; give one without")


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise unreadable(error) from error


def _system_cas():
    for path in _SYSTEM_CAS:
        if path and os.path.isfile(path):
            return _read(path)
    return None  # grpcio's own.
