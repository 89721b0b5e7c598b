"""Labels that ask for all time or memory."""

import base64
import binascii
import random
import zlib

_BOX = b"^FO1,1^GB9,9,9^FS"
_WORD = b"^FO1,1^A0N,30^FDx^FS"
#: Fields that are cheap one by one.
_MANY = {
    "boxes": b"^FO1,1^GB800,1200,9^FS",
    "reversed": b"^FO1,1^FR^GB800,1200,1200^FS",
    "circles": b"^FO1,1^GC1200,3^FS",
    "codes": b"^FO1,1^BCN,99^FDA1^FS",
    "matrices": b"^FO1,1^BXN,9,200^FDA1^FS",
    "words": _WORD,
}


def z64(data: bytes) -> bytes:
    """A graphic's data, packed, with its checksum."""
    text = base64.b64encode(zlib.compress(data))
    return b":Z64:%s:%04X" % (text, binascii.crc_hqx(text, 0))


def hostile() -> dict[str, bytes]:
    """All of them, by name."""
    many = {f"many-{kind}": _label(field * 20_000) for kind, field in _MANY.items()}
    return many | _counts() | _shapes() | _text() | _graphics() | _formats() | _barcodes()


def _label(*fields: bytes) -> bytes:
    return b"^XA%s^XZ" % b"".join(fields)


def _counts() -> dict[str, bytes]:
    nines = b"9" * 4000
    return {
        "copies": _label(b"^PQ99999999,9999,9999^FO9,9^GB99,99,9^FS^FO9,200^SN99999999,99999999,Y^FS"),
        "serial": _label(b"^PQ9999^FO1,1^A0N,30^SN%s,99999,Y^FS" % nines, b"^FD%s^FS^SF%s,%s" % ((nines,) * 3)),
        "million-fields": _label(_WORD * 1_000_000),
        "million-formats": _label(_BOX) * 100_000,
        "many-formats": _label(_WORD) * 190,
        "no-end": b"^XA" * 200_000,
        "comment": _label(b"^FX%s^FS" % (b"x" * 5_000_000), _BOX),
        "prefixes": b"^" * 500_000 + b"~" * 500_000,
        "prefix-changes": _label(b"^CC!!CC^" * 20_000, _BOX),
    }


def _shapes() -> dict[str, bytes]:
    return {
        "box": _label(b"^FO0,0^GB32000,32000,32000^FS^FO0,0^GB32000,32000,1,B,8^FS"),
        "circle": _label(b"^FO0,0^GC32000,32000^FS^FO0,0^GE32000,32000,9^FS"),
        "diagonal": _label(b"^FO-9,-9^GD32000,32000,32000,B,R^FS^FO0,0^GD1,32000,32000,B,L^FS"),
        "far": _label(b"^LH32000,32000^FO99999999,99999999^GB9,9,9^FS^FT-99999999,0^A0N,30^FDx^FS"),
        "units": _label(b"^MUI,150,600^JMB^PW99^FO99,99^GB99,99,99^FS^FO9,9^A0N,99,99^FDx^FS^BY10,3,99^BCN,99^FD1^FS"),
    }


def _text() -> dict[str, bytes]:
    sizes = (b"^FO0,0^A0N,%d,%d^FDWw^FS" % (20 + step, 300 - step % 250) for step in range(2000))
    letters = ("".join(map(chr, range(first, first + 40))).encode() for first in range(160, 50_000, 40))
    bitmaps = (b"^FO0,0^A%cN,32000,32000^FDWw^FS" % font for font in b"ABCDEFGHPQRSTUV")
    words, breaks = b"ab " * 200_000, rb"\&" * 200_000
    return {
        "huge-font": _label(b"^FO0,0^A0N,32000,32000^FDWwW@^FS^FO0,0^A0R,32000,1^FDW^FS^FO0,0^A0I,32000^FDxy^FS"),
        "wide-font": _label(b"^FO0,0^A0B,1,32000^FD%s^FS" % (b"W" * 3000)),
        "huge-bitmap-font": _label(*bitmaps),
        "every-size": _label(*sizes),
        "every-letter": _label(b"^CI28", *(b"^FO0,0^A0N,200^FD%s^FS" % part for part in letters)),
        "long-line": _label(b"^FO0,0^A0N,30^FD%s^FS" % (b"x" * 1_000_000)),
        "long-block": _label(b"^FO0,0^A0N,9^FB9999,9999,0,J^FD%s^FS" % words),
        "narrow-block": _label(b"^FO0,0^A0N,9^FB1,9999^FD%s^FS" % words),
        "long-word": _label(b"^FO0,0^A0N,9^FB9,9999^FD%s^FS" % (b"x" * 500_000)),
        "soft-hyphens": _label(rb"^FO0,0^A0N,9^FB9,9999^FD%s^FS" % (rb"\-x" * 200_000)),
        "long-block-often": _label(b"^DFA^FS^FO0,0^A0N,9^FB9999,9999,0,J^FD%s^FS" % words) + _label(b"^XFA^FS" * 5000),
        "breaks": _label(b"^FO0,0^A0N,9^FB800,9999^FD%s^FS^FO0,0^A0N,9^TBN,800,32000^FD%s^FS" % (breaks, breaks)),
        "hex": _label(b"^FO1,1^A0N,30^FH^FD%s^FS" % (b"_C3_A9" * 100_000)),
        "font": b"~DYR:A,B,T,99999999,0," + b"FF" * 100_000 + _label(b"^CWZ,R:A.TTF^FO1,1^AZN,30^FDx^FS"),
    }


def _graphics() -> dict[str, bytes]:
    noise = random.Random(1).randbytes(410 * 3000)  # noqa: S311 - to be repeated
    bomb, half = z64(bytes(100_000_000)), z64(bytes(30_000_000))
    stored = b"".join(b"~DGR:B%d.GRF,30000000,1000,%s" % (number, half) for number in range(50))
    many = b"^GFA,99999999,99999999,10000,"
    return {
        "bomb": _label(b"^FO0,0^GFA,100000000,100000000,1000,%s^FS" % bomb),
        "small-bomb": _label(b"^FO0,0^GFA,8,8,1,%s^FS" % bomb),
        "many-bombs": _label(b"^FO0,0^GFA,30000000,30000000,1000,%s^FS" % half * 20),
        "stored-bombs": stored + _label(b"^XGB1,9,9^FS"),
        "run-lengths": _label(b"^FO0,0%s%s^FS" % (many, b"zF" * 100_000)),
        "rows-again": _label(b"^FO0,0%sFF%s^FS" % (many, b":" * 200_000)),
        "no-row": _label(b"^FO0,0^GFA,99999999,99999999,0,FF^FS^FO0,0^GFA,99999999,0,99999999,FF^FS"),
        "noise": _label(b"^FO0,0^GFA,%d,%d,410,%s^FS" % (len(noise), len(noise), z64(noise))),
        "large-noise-often": b"~DGR:A.GRF,200000,100,%s" % z64(noise[:200_000]) + _label(b"^XGR:A.GRF,10,10^FS" * 50),
        "noise-often": b"~DGR:A.GRF,100000,100,%s" % z64(noise[:100_000]) + _label(b"^FO1,1^XGR:A.GRF^FS" * 2000),
        "enlarged": b"~DGR:A.GRF,20000,100,%s" % (b"zF" * 99) + _label(b"^FO0,0^XGR:A.GRF,10,10^FS" * 500),
    }


def _formats() -> dict[str, bytes]:
    deep = [_label(b"^DFF%d^FS^XFF%d^FS" % (number + 1, number), _BOX) for number in range(3000)]
    twofold = [_label(b"^DFF%d^FS" % (number + 1), b"^XFF%d^FS" % number * 2) for number in range(60)]
    numbers = [b"^FN%d^FD%s^FS" % (number, b"x" * 50) for number in range(9000)]
    return {
        "recalls-itself": _label(b"^DFR:A.ZPL^FS^XFR:A.ZPL^FS", _BOX) + _label(b"^XFR:A.ZPL^FS"),
        "recalls-in-turn": _label(b"^DFA^FS^XFB^FS", _BOX) + _label(b"^DFB^FS^XFA^FS", _BOX) + _label(b"^XFA^FS"),
        "recalls-deep": b"".join(deep) + _label(b"^XFF3000^FS"),
        "recalls-twofold": _label(b"^DFF0^FS", _BOX) + b"".join(twofold) + _label(b"^XFF60^FS"),
        "recalls-often": _label(b"^DFA^FS", _WORD * 5000) + _label(b"^XFA^FS" * 5000),
        "many-numbers": _label(b"^DFA^FS", b"^FO1,1^A0N,20^FN7^FS" * 5000) + _label(b"^XFA^FS", *numbers),
    }


def _barcodes() -> dict[str, bytes]:
    mixed, pairs = b"aB9;" * 800, b"A1" * 1500
    places = [(number % 40 * 20, number // 40 * 20) for number in range(2400)]
    return {
        "codes-apart": _label(b"^BY1", *(b"^FO%d,%d^BCN,9,N^FDA^FS" % place for place in places)),
        "codes-over": _label(*(b"^FO%d,%d^BQN,2,2^FDQA,1^FS" % place for place in places)),
        "maxicodes": _label(*(b"^FO%d,%d^BD4^FD1^FS" % place for place in places)),
        "targets": _label(*(b"^FO%d,%d^GC40,4^FS^FO%d,%d^GC24,4^FS" % (place + place) for place in places)),
        "codes-that-count": _label(b"^PQ190", *(b"^FO1,%d^BCN,20,N^SN1,1^FS" % place[1] for place in places[::99])),
        "wide-bars": _label(
            b"^BY474836050,3,99999999", b"^BJ^FD8^FS^BCN^FD1^FS^BBN^FD1^FS^BKN^FD1^FS^BTN^FD123456,1^FS"
        ),
        "aztec": _label(b"^FO1,1^B0N,10,N,0,N,1,0^FD%s^FS" % (b"a\xffB9" * 800)),
        "pdf417": _label(b"^BY10,3,9999^FO1,1^B7N,9999,8,30,90^FD%s^FS" % mixed),
        "bars": _label(b"^BY10,3,32000^FO1,1^BCN,32000,Y,Y,Y,A^FD%s^FS^B3N,Y,32000,Y,Y^FD%s^FS" % (pairs, pairs)),
        "codablock": _label(b"^BY10^FO1,1^BBN,9999,Y,62,22,F^FD%s^FS" % mixed),
        "digits": _label(*(b"^FO1,1^B%cN^FD%s^FS" % (kind, b"7" * 9000) for kind in b"0123456789ABCDEFIJKLMOPQRSTUXZ")),
    }
