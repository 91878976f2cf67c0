"""Whom to trust with TLS, and what was wrong with a connection, by class: expired, wrong host, unknown authority ..."""

import ssl

from linkmap.errors import UsageError

_EXPIRED, _NOT_YET_VALID, _SELF_SIGNED = 10, 9, 18
_WRONG_HOST = frozenset({62, 64})
_UNKNOWN_AUTHORITY = frozenset({2, 19, 20, 21, 27})
"""X509_V_ERR_* of OpenSSL's x509_vfy.h. 19 is a chain that brings its own root: a root that is not trusted here."""

_MOST_CAUSES = 5


def tls_context(ca_file: str | None = None, insecure: bool = False) -> ssl.SSLContext:
    """The rules for TLS: the system's authorities, those of a PEM file besides, or no check at all.

    Raises UsageError where the file cannot be read or holds no certificate.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except ssl.SSLError as error:
            raise UsageError(f"--ca-file {ca_file} holds no certificate in PEM form: name a file that does") from error
        except OSError as error:
            raise UsageError(f"--ca-file {ca_file}: {error.strerror}; name a readable PEM file") from error
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def find_fault(error: BaseException | None) -> ssl.SSLError | None:
    """The TLS error that is, or led to, an error of the HTTP client; None where TLS had no part in it."""
    for _ in range(_MOST_CAUSES):
        # aiohttp's certificate error is an ssl.SSLError by class and yet holds only the true one.
        inner = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
        if isinstance(inner, ssl.SSLError):
            return inner
        if error is None or isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__
    return None


def describe_fault(fault: ssl.SSLError) -> str:
    """What was wrong, its class first."""
    if not isinstance(fault, ssl.SSLCertVerificationError):
        return f"protocol: {(getattr(fault, 'reason', None) or str(fault)).replace('_', ' ').lower()}"
    # A name that cannot be matched at all fails before OpenSSL is asked, and has no code.
    code = getattr(fault, "verify_code", 0)
    return f"{_certificate_class(code)}: {getattr(fault, 'verify_message', None) or fault}"


def _certificate_class(code: int) -> str:
    if code == _EXPIRED:
        return "expired"
    if code == _NOT_YET_VALID:
        return "not yet valid"
    if code in _WRONG_HOST:
        return "wrong host"
    if code == _SELF_SIGNED:
        return "self-signed"
    return "unknown authority" if code in _UNKNOWN_AUTHORITY else "certificate"
