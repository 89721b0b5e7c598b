"""An authority of certificates for tests, and a server that it vouches for."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make(folder: Path, *names: str) -> None:
    """Write `root.pem`, and `server.pem` with the key of a server that is each of `names`."""
    day, now = timedelta(days=1), datetime.now(UTC)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))

    def signed(name: str, public: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> bytes:
        issuer, subject = (
            x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, word)]) for word in ("test authority", name)
        )
        number = x509.random_serial_number()
        builder = x509.CertificateBuilder(issuer, subject, public, number, now - day, now + day)
        certificate = builder.add_extension(extension, critical=True).sign(root_key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM)

    (folder / "root.pem").write_bytes(
        signed("test authority", root_key.public_key(), x509.BasicConstraints(ca=True, path_length=0))
    )
    (folder / "server.pem").write_bytes(
        signed(names[0], key.public_key(), x509.SubjectAlternativeName([x509.DNSName(name) for name in names]))
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def server_side(folder: Path) -> ssl.SSLContext:
    """TLS of the server of `folder`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.pem")
    return context
