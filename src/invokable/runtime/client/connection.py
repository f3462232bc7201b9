"""Connection: the server's address and credentials, shared by HTTP and the socket."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from invokable.contract.server import LOCAL, TOKEN, URL
from invokable.runtime.steps.exchange.policy import Policy, checked_number
from invokable.runtime.values.public import public
from invokable.runtime.values.reprs import short

_PORTS: Final = {"http": 80, "https": 443}
_SOCKS_PORT: Final = 1080
_PROXY_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_OWN_HEADERS: Final = frozenset(
    {"accept-encoding", "connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"}
)
_SECRET_VARIABLES: Final = {
    "token": TOKEN,
    "email": "INVOKEAI_EMAIL",
    "password": "INVOKEAI_PASSWORD",
    "api_key": "INVOKEAI_API_KEY",
}
_FILE_VARIABLES: Final = {
    "verify": "INVOKEAI_CA_FILE",
    "certificate": "INVOKEAI_CLIENT_CERT",
    "certificate_key": "INVOKEAI_CLIENT_KEY",
}


@dataclass(frozen=True)
class Connection:
    """How to reach a server.

    Example:

        gpu = Connection("https://gpu.example.org/invoke", email="me@example.org", password="…")
        client = Client(gpu)

    Secrets are sent to this server only. They do not appear in `repr`, errors or logs, and a connection with secrets
    cannot be pickled.

    Raises ValueError for values that cannot be sent, and for arguments that exclude each other, and TypeError for
    values of another kind.
    """

    url: str = LOCAL
    """The server's address, including any path prefix."""
    token: str | None = field(default=None, repr=False, kw_only=True)
    """Sent as a bearer token, for multi-user servers. The server's answers renew it."""
    email: str | None = field(default=None, repr=False, kw_only=True)
    """Used with `password` to sign in when necessary: before the first request, and when a token has expired."""
    password: str | None = field(default=None, repr=False, kw_only=True)
    """The password for `email`."""
    api_key: str | None = field(default=None, repr=False, kw_only=True)
    """Sent in the header `api_key_header`, for a proxy that requires it."""
    api_key_header: str = field(default="X-API-Key", kw_only=True)
    """The name of the header that holds `api_key`."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False, kw_only=True)
    """Additional headers for every request."""
    verify: bool | str | os.PathLike[str] | ssl.SSLContext = field(default=True, kw_only=True)
    """Whether to verify the server's certificate; or a CA file or folder to trust; or an ssl.SSLContext."""
    certificate: str | os.PathLike[str] | None = field(default=None, kw_only=True)
    """The file of a client certificate in PEM format, for servers that require one."""
    certificate_key: str | os.PathLike[str] | None = field(default=None, kw_only=True)
    """The file of its private key, if `certificate` does not contain it."""
    certificate_password: str | None = field(default=None, repr=False, kw_only=True)
    """The password of the private key."""
    proxy: str | None = field(default=None, repr=False, kw_only=True)
    """The URL of a proxy: http://, https:// or, with the package socksio, socks5://. May contain user and password."""
    trust_env: bool = field(default=True, kw_only=True)
    """Whether HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY choose the proxy if `proxy` is None."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", _address(self.url))
        _check_kinds(self)
        object.__setattr__(self, "headers", dict(self.headers))
        _check_credentials(self)
        _check_headers(self)
        if self.proxy is not None:
            _check_proxy(self.proxy)
        if self.certificate is None and (self.certificate_key or self.certificate_password):
            raise ValueError("certificate_key and certificate_password require a certificate; pass its file too")

    @classmethod
    def from_environment(cls, url: str | None = None, **given: Any) -> Connection:
        """The connection described by environment variables; `given` arguments take precedence.

        INVOKEAI_URL, INVOKEAI_TOKEN, INVOKEAI_EMAIL and INVOKEAI_PASSWORD, INVOKEAI_API_KEY; files: INVOKEAI_CA_FILE,
        INVOKEAI_CLIENT_CERT, INVOKEAI_CLIENT_KEY. If INVOKEAI_URL names a different server than `url`, the other
        variables are ignored. A given token overrides the environment's email, and vice versa.
        """
        named = os.environ.get(URL)
        if url is None:
            return cls(named or LOCAL, **_completed_from_environment(given))
        if named and _origin(_address(named)) != _origin(_address(url)):
            return cls(url, **given)
        return cls(url, **_completed_from_environment(given))

    @property
    def is_secret(self) -> bool:
        """Whether it holds any secret."""
        secrets = (self.token, self.password, self.api_key, self.certificate_password)
        return any(secrets) or bool(self.headers) or "@" in (self.proxy or "")

    @cached_property
    def parts(self) -> SplitResult:
        """The parts of the URL."""
        return urlsplit(self.url)

    @property
    def origin(self) -> str:
        """The address without the path, as the socket expects it."""
        return f"{self.parts.scheme}://{self.parts.netloc}"

    @property
    def socket_path(self) -> str:
        """The path of the socket, below `origin`."""
        return f"{self.parts.path}/ws/socket.io".lstrip("/")

    @property
    def extra_headers(self) -> dict[str, str]:
        """Headers sent with every request, and by the socket, in addition to the bearer token."""
        key = {self.api_key_header: self.api_key} if self.api_key else {}
        return {**self.headers, **key}

    @cached_property
    def proxy_url(self) -> str | None:
        """The proxy to use, if any."""
        return self.proxy or (_proxy_of_environment(self.parts) if self.trust_env else None)

    @property
    def proxy_name(self) -> str:
        """The proxy's URL without user and password."""
        return _redacted(self.proxy_url)

    @property
    def proxy_port(self) -> int:
        """The port of the proxy."""
        parts = urlsplit(self.proxy_url or "")
        return parts.port or _PORTS.get(parts.scheme, _SOCKS_PORT)

    @cached_property
    def ssl_context(self) -> ssl.SSLContext | None:
        """How to verify the server's certificate and present ours; None for http://.

        Raises ValueError for a file that cannot be used.
        """
        return _ssl_context(self) if self.parts.scheme == "https" else None

    @cached_property
    def proxy_ssl_context(self) -> ssl.SSLContext | None:
        """How to verify the certificate of an https:// proxy; None for other proxies."""
        return _ssl_context(self) if (self.proxy_url or "").startswith("https:") else None

    def __repr__(self) -> str:
        shown = [repr(self.url)]
        shown += [f"{name}=…" for name in ("token", "email", "password", "api_key", "headers") if getattr(self, name)]
        if self.proxy:
            shown.append(f"proxy={_redacted(self.proxy)!r}")
        if self.certificate:
            shown.append(f"certificate={self.certificate!r}")
        if self.verify is not True:
            shown.append(f"verify={self.verify!r}")
        return f"Connection({', '.join(shown)})"

    def __reduce__(self) -> tuple[Any, ...]:
        if self.is_secret:
            raise TypeError("a Connection with credentials cannot be pickled; create it again where it is needed")
        state = {
            name: getattr(self, name) for name in ("verify", "certificate", "certificate_key", "proxy", "trust_env")
        }
        return _made, (self.url, state)

    def __copy__(self) -> Connection:
        return self

    def __deepcopy__(self, memo: object) -> Connection:
        return self


def connection_of(url: str | Connection | None, given: Mapping[str, Any]) -> Connection:
    """The connection of a client: the one given, or one made from the URL, other arguments and the environment."""
    filled = {name: value for name, value in given.items() if value is not None}
    if not isinstance(url, Connection):
        return Connection.from_environment(url, **filled)
    if filled:
        raise TypeError(f"pass {', '.join(filled)} to the Connection instead")
    return url


def check_usable(given: Connection) -> None:
    """Check that a client can use a connection. Raises ValueError for files, RuntimeError for a missing package."""
    _ = given.ssl_context
    if (given.proxy_url or "").startswith("socks") and find_spec("socksio") is None:
        raise RuntimeError(
            f"the proxy {given.proxy_name} requires socksio (pip install socksio); or pass a Connection with another "
            "proxy, or with trust_env=False to ignore the proxies in environment variables"
        )


def policy_of(policy: Policy | None, timeout: float | None) -> Policy:
    """The policy of a client: the one given, or one that limits exchanges to `timeout` seconds."""
    if not isinstance(policy, Policy | None):
        raise TypeError(f"policy is {short(policy)}; expected a Policy")
    if timeout is None:
        return policy or Policy()
    if policy is not None:
        raise TypeError("pass either a policy or a timeout; a Policy has total_timeout")
    timeout = checked_number("timeout", timeout)
    limited = Policy(read_timeout=timeout, total_timeout=timeout)
    return replace(limited, connect_timeout=min(timeout, limited.connect_timeout))


def _check_kinds(given: Connection) -> None:
    if not isinstance(given.headers, Mapping):  # which may hold secrets
        raise TypeError(f"headers is of type {type(given.headers).__name__}; expected a dict of values by name")
    if not isinstance(given.verify, bool | str | os.PathLike | ssl.SSLContext):
        words = "expected True or False, a CA file or folder, or an ssl.SSLContext"
        raise TypeError(f"verify is {short(given.verify)}; {words}")


def _made(url: str, state: dict[str, Any]) -> Connection:
    return Connection(url, **state)


def _completed_from_environment(given: dict[str, Any]) -> dict[str, Any]:
    """The given arguments, completed from the environment."""
    names = dict(_SECRET_VARIABLES)
    if given.get("token"):
        del names["email"], names["password"]
    elif given.get("email"):
        del names["token"]
    variables = (names | _FILE_VARIABLES).items()
    found = {name: os.environ[variable] for name, variable in variables if os.environ.get(variable)}
    if "token" in found:
        found = {name: value for name, value in found.items() if name not in ("email", "password")}
    return found | given


def _address(url: object) -> str:
    if not isinstance(url, str):
        raise TypeError(f"expected the URL of a server, such as {LOCAL}, got {short(url)}")
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # unbalanced brackets, an invalid port
        parts, valid = urlsplit(""), False
    if parts.username or parts.password:
        raise ValueError("the server URL contains a user or a password; pass a token, or email and password, instead")
    if not valid or re.search(r"[\x00-\x20\x7f]", url):
        raise ValueError(f"{_redacted(url)!r} is not a server URL; expected http:// or https://, such as {LOCAL}")
    if parts.query or parts.fragment:
        raise ValueError(f"the server URL {url!r} contains ? or #; pass the address alone, such as {LOCAL}")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _check_credentials(given: Connection) -> None:
    texts = {"token": given.token, "email": given.email, "password": given.password, "api_key": given.api_key}
    for name, text in texts.items():
        if not isinstance(text, str | None):
            raise TypeError(f"{name} is of type {type(text).__name__}; expected text")
    if bool(given.email) != bool(given.password):
        raise ValueError("email and password must be given together; one of them is missing")
    if given.token and given.email:
        raise ValueError("pass either a token, or email and password, not both")
    for name, secret in (("token", given.token), ("API key", given.api_key)):
        if secret and not _TOKEN.fullmatch(secret):
            raise ValueError(
                f"the {name} contains a character that is not allowed in HTTP headers, such as a line break or a space"
            )


def _check_headers(given: Connection) -> None:
    for name, value in given.extra_headers.items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of an HTTP header")
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"the header {name} is set by the client and cannot be overridden")
        if name.lower() == "authorization" and (given.token or given.email):
            raise ValueError("pass either an Authorization header, or a token or email, not both")
        if not isinstance(value, str) or not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the value of the header {name} is not allowed in an HTTP header")


def _check_proxy(proxy: str) -> None:
    try:
        parts = urlsplit(proxy)
        valid = parts.scheme in _PROXY_SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"{_redacted(proxy)!r} is not a proxy URL; expected http://, https:// or socks5://")


def _redacted(url: str | None) -> str:
    """A URL without user and password."""
    return re.sub(r"//.*@", "//", url or "")


def _proxy_of_environment(parts: SplitResult) -> str | None:
    from urllib.request import getproxies, proxy_bypass

    host = parts.hostname or ""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found:
        return None
    proxy = found if "://" in found else f"http://{found}"
    _check_proxy(proxy)
    return proxy


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _ssl_context(given: Connection) -> ssl.SSLContext:
    context = given.verify if isinstance(given.verify, ssl.SSLContext) else _verifying_context(given.verify)
    if given.verify is False:
        warnings.warn(
            f"the certificate of {given.origin} is not verified, so others on the network can read and change what is "
            "sent; pass a CA file as verify= instead",
            stacklevel=2,
        )
    if given.certificate is not None:
        try:
            context.load_cert_chain(given.certificate, given.certificate_key, given.certificate_password)
        except (OSError, ValueError) as error:
            raise ValueError(
                f"the certificate {os.fspath(given.certificate)!r} cannot be used: {_reason(error)}"
            ) from None
    return context


def _verifying_context(verify: object) -> ssl.SSLContext:
    """The context for `verify`: trusting the system's CAs and certifi's, or those in a file or folder."""
    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if verify is True:
        import certifi

        context = ssl.create_default_context()
        context.load_verify_locations(certifi.where())
        return context
    path = os.fspath(verify)  # type: ignore[call-overload]
    try:
        is_folder = os.path.isdir(path)
        return ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    except OSError as error:
        raise ValueError(f"the certificates in {path!r} cannot be used: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)


public(Connection)
