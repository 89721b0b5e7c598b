"""The document host: who has a link has the document, until the link expires.

As seen in production: HTTP 206 for a plain GET, a Content-Disposition, and a Content-Type that may be missing.
"""

import asyncio
import hmac
from dataclasses import dataclass, field

from aiohttp import web

from .drawing import Paper, draw
from .faults import Fault, FaultKind
from .keys import SANDBOX
from .misdeeds import drop, unavailable
from .world import Package, World

ROOT = "/wsos_v2/oec_fulfillment_doc_tts/object/"
#: so many documents are kept drawn
_KEPT = 500
_PAGE = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please log in to Seller Center</body></html>"


#: package, document type, size and format
_Wanted = tuple[str, str, str, str]


@dataclass(slots=True)
class Library:
    """The documents that links lead to.

    Args:
        world: whose packages they are of.
        link_seconds: life of a link.
    """

    world: World
    link_seconds: float
    _wanted: dict[str, _Wanted] = field(default_factory=dict)
    _drawn: dict[_Wanted, Paper] = field(default_factory=dict)

    def link(self, package: Package, document_type: str, size: str, document_format: str, *, expired: bool) -> str:
        """Path and query of a new link to a document."""
        name = f"wsos{self.world.hexadecimal(16)}"
        self._wanted[name] = (package.package_id, document_type, size, document_format)
        made = self.world.now() - (2 * int(self.link_seconds) if expired else 0)
        expire = made + max(int(self.link_seconds), 1)
        sign = self._sign(name, expire, made)
        return f"{ROOT}{name}?expire={expire}&skipCookie=true&timeStamp={made}&sign={sign}"

    def good(self, name: str, expire: str, made: str, sign: str) -> bool:
        """Whether a link is one that was given out, and has not expired."""
        if name not in self._wanted or not (expire.isdigit() and made.isdigit() and len(expire + made) <= 24):
            return False
        signed = self._sign(name, int(expire), int(made))
        return hmac.compare_digest(signed.encode(), sign.encode()) and self.world.now() < int(expire)

    def shop(self, name: str) -> str:
        """Whose document a link leads to."""
        return self.world.packages[self._wanted[name][0]].shop

    def paper(self, name: str) -> Paper:
        """The document of a link."""
        return self._of(self._wanted[name])

    def other_paper(self, name: str) -> Paper:
        """The same document of another package, where there is one."""
        package_id, document_type, size, document_format = self._wanted[name]
        other = next((one for one in reversed(self.world.packages) if one != package_id), package_id)
        return self._of((other, document_type, size, document_format))

    def _of(self, wanted: _Wanted) -> Paper:
        if wanted not in self._drawn:
            if len(self._drawn) >= _KEPT:
                self._drawn.clear()
            package_id, document_type, size, document_format = wanted
            self._drawn[wanted] = draw(self.world.packages[package_id], document_type, size, document_format)
        return self._drawn[wanted]

    def _sign(self, name: str, expire: int, made: int) -> str:
        return hmac.digest(b"document host", f"{name} {expire} {made}".encode(), "sha256").hex()


async def fetch(request: web.Request) -> web.StreamResponse:
    """The document of a link."""
    sandbox = request.app[SANDBOX]
    name, query = request.match_info["name"], request.query
    if not sandbox.library.good(name, query.get("expire", ""), query.get("timeStamp", ""), query.get("sign", "")):
        return web.Response(status=403, text="Access Denied")
    fault = sandbox.faults.meet(sandbox.library.shop(name), "document")
    paper = await asyncio.to_thread(sandbox.library.paper, name)
    if fault is not None:
        answer = await _befall(request, fault, paper)
        if answer is not None:
            return answer
        if fault.kind is FaultKind.WRONG_CONTENT:
            paper = await asyncio.to_thread(sandbox.library.other_paper, name)
    return _whole(paper, typed=not _missing_type(name))


def _whole(paper: Paper, *, typed: bool) -> web.Response:
    size = len(paper.data)
    answer = web.Response(status=206, body=paper.data, content_type=paper.media_type, headers=_headers(paper))
    answer.headers["Content-Range"] = f"bytes 0-{size - 1}/{size}"
    if not typed:
        del answer.headers["Content-Type"]
    return answer


def _headers(paper: Paper) -> dict[str, str]:
    return {"Content-Disposition": f'filename="{paper.name}"'}


def _missing_type(name: str) -> bool:
    """One document in four comes without a Content-Type."""
    return int(name[-1], 16) % 4 == 0


async def _befall(request: web.Request, fault: Fault, paper: Paper) -> web.StreamResponse | None:
    """What comes instead of a document; None: it comes."""
    match fault.kind:
        case FaultKind.LINK_UNAVAILABLE:
            return unavailable()
        case FaultKind.LINK_DROPPED:
            return drop(request)
        case FaultKind.SLOW_LINK:
            await asyncio.sleep(fault.number)
        case FaultKind.HTML:
            return web.Response(text=_PAGE, content_type="text/html")
        case FaultKind.PARTIAL:
            half = len(paper.data) // 2
            answer = web.Response(
                status=206, body=paper.data[:half], content_type=paper.media_type, headers=_headers(paper)
            )
            answer.headers["Content-Range"] = f"bytes 0-{half - 1}/{len(paper.data)}"
            return answer
        case FaultKind.TRUNCATED:
            cut = web.StreamResponse(status=206, headers=_headers(paper))
            cut.content_length = len(paper.data)
            await cut.prepare(request)
            await cut.write(paper.data[: len(paper.data) // 2])
            drop(request)
            return cut
    return None
