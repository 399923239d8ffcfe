"""A proxy that inspects TLS, as companies have them.

    python inspecting_proxy.py FOLDER AWS COLLECTOR

It ends the TLS of whoever connects through it, with a certificate of an authority of its own, and
passes what it reads on to AWS (`host:port`), whichever host was asked for. The authority's certificate
goes to FOLDER/authority.pem. Without a proxy, TLS of the same authority is served in front of both. The
first line says the ports: of the proxy, of AWS and of the collector. A line for each connection follows.
"""

from __future__ import annotations

import datetime
import ipaddress
import select
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from cryptography import x509  # moto brings it
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = "aws.plumbline.test"
# Not among the addresses that the chart itself has called without a proxy.
ADDRESS = "127.0.0.2"


def say(line: str) -> None:
    print(line, flush=True)


def certificate(
    subject: str, key: ec.EllipticCurvePrivateKey, issuer: str, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.timezone.utc)
    is_authority = subject == issuer
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    )
    if not is_authority:
        names = [x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address(ADDRESS))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(signer, hashes.SHA256())


def tls(folder: Path) -> ssl.SSLContext:
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    name = "An authority of the tests"
    own = certificate(name, authority, name, authority)
    (folder / "authority.pem").write_bytes(own.public_bytes(pem))
    chain = folder / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    chain.write_bytes(private + certificate(HOST, key, name, authority).public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def pass_on(client: ssl.SSLSocket, upstream: socket.socket) -> None:
    """Until one of both ends. One thread, for a TLS socket takes no two at once."""
    while True:
        ready = [client] if client.pending() else select.select([client, upstream], [], [])[0]
        for source in ready:
            data = source.recv(1 << 16)
            if not data:
                return
            (upstream if source is client else client).sendall(data)


def asked_for(client: socket.socket) -> str:
    """What a CONNECT asks for."""
    request = b""
    while not request.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        if not byte:
            return ""
        request += byte
    method, target, _ = request.split(b" ", 2)
    if method != b"CONNECT":
        say(f"refused {method.decode()}")
        return ""
    client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    return target.decode()


def through(context: ssl.SSLContext, client: socket.socket, what: str, upstream: str) -> None:
    try:
        secured = context.wrap_socket(client, server_side=True)
    except OSError as error:
        say(f"no TLS for {what}: {error}")
        return
    say(what)
    host, port = upstream.split(":")
    with secured, socket.create_connection((host, int(port))) as other:
        pass_on(secured, other)


def serve(address: str, handle: Callable[[socket.socket], None]) -> int:
    listener = socket.create_server((address, 0))

    def quietly(client: socket.socket) -> None:
        try:
            with client:
                handle(client)
        except OSError:
            pass  # whoever connected went away

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=quietly, args=[client], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return int(listener.getsockname()[1])


def main() -> None:
    folder, aws, collector = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    context = tls(folder)

    def proxied(client: socket.socket) -> None:
        target = asked_for(client)
        if target:
            through(context, client, f"proxied {target}", aws)

    def direct(upstream: str, what: str) -> Callable[[socket.socket], None]:
        return lambda client: through(context, client, what, upstream)

    ports = [
        serve("127.0.0.1", proxied),
        serve(ADDRESS, direct(aws, "direct aws")),
        serve(ADDRESS, direct(collector, "direct collector")),
    ]
    say(" ".join(str(port) for port in ports))
    threading.Event().wait()


if __name__ == "__main__":
    main()
