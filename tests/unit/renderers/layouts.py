"""Layouts of pages with labels on them, in the manner of carriers and marketplaces, with random measures."""

from collections.abc import Callable
from random import Random

from .pages import A4, LETTER, Label, Pen, Scene, cross, scissors


def half_page(random: Random) -> Scene:
    """A label turned in the upper half, a fold line, instructions and a receipt below (USPS, UPS, FedEx)."""
    size = random.choice((A4, LETTER))
    middle = size[1] / 2
    width, height = random.uniform(138, 151), random.uniform(90, 101)
    x, y = random.uniform(8, size[0] - width - 8), random.uniform(8, middle - height - 8)
    label = Label(
        x,
        y,
        width,
        height,
        random.choice(("framed", "ruled", "panel")),
        random.choice((90, 270)),
        random.randrange(999),
    )
    fold, frame = random.choice(((), (5, 4), (2, 2), (1, 1), None)), random.random() < 0.5

    def rest(pen: Pen) -> None:
        if fold is not None:
            pen.rule(4 if fold else 0, middle, size[0] - (4 if fold else 0), middle, random.choice((0.5, 1)), fold)
        pen.text(20, middle + 12, "Instructions", 14)
        end = pen.prose(20, middle + 18, size[0] - 40, random.randint(4, 12), random)
        if frame:
            pen.box(20, end + 8, 110, 45)
            pen.prose(24, end + 12, 95, 5, random)

    return Scene(size, (label,), rest)


def quarter(random: Random) -> Scene:
    """A label in the top left quarter of A4, a receipt beside it, cut lines with scissors, prose below (Evri)."""
    width, height = random.uniform(86, 94), random.uniform(125, 136)
    manner = random.choice(("framed", "ruled", "panel", "loose"))
    label = Label(random.uniform(4, 6), random.uniform(4, 7), width, height, manner, seed=random.randrange(999))
    dash = random.choice(((1, 1), (3, 2), (0.5, 1.5)))

    def rest(pen: Pen) -> None:
        pen.rule(105, 0 if random.random() < 0.5 else 4, 105, 145, 0.8, dash)
        pen.rule(3, 148.5, 207, 148.5, 0.8, dash)
        scissors(pen, 12, 148.5)
        pen.text(114, 16, "Your receipt", 14)
        end = pen.prose(114, 22, 85, random.randint(5, 15), random, 8)
        pen.text(114, end + 8, "Parcel 1Z999AA1", 10)
        pen.prose(12, 160, 180, random.randint(5, 18), random)

    return Scene(A4, (label,), rest)


def order(random: Random) -> Scene:
    """A label above a packing slip with a table and a small barcode of the order."""
    size = random.choice((A4, LETTER))
    width, height = random.uniform(95, 101), random.uniform(140, 151)
    x = random.choice((8.0, (size[0] - width) / 2))
    label = Label(
        x, random.uniform(6, 10), width, height, random.choice(("framed", "panel", "ruled")), seed=random.randrange(999)
    )

    def rest(pen: Pen) -> None:
        top = label.y + height + random.uniform(8, 14)
        pen.text(12, top + 5, "Packing slip 302-114", 14)
        pen.bars(size[0] - 60, top, 45, 9, random)
        for row in range(random.randint(4, 9)):
            line = top + 16 + row * 7
            pen.rule(12, line, size[0] - 12, line, 0.5)
            pen.text(14, line + 5, f"Item {row}", 9)
            pen.text(60, line + 5, "a thing of some colour and a size", 9)
            pen.text(size[0] - 30, line + 5, "1 pc", 9)

    return Scene(size, (label,), rest)


def centre(random: Random) -> Scene:
    """A framed label in the middle of A4 between a heading and a foot line."""
    width, height = random.uniform(90, 101), random.uniform(120, 151)
    label = Label((210 - width) / 2, (297 - height) / 2, width, height, seed=random.randrange(999))

    def rest(pen: Pen) -> None:
        pen.text(20, 25, "Return label for your order", 18)
        pen.prose(20, 32, 170, 3, random)
        pen.text(90, 288, "page 1 of 1", 8)

    return Scene(A4, (label,), rest)


def several(random: Random) -> Scene:
    """Labels in columns and rows: two on A5s, three, four on A4, with cut lines, cut crosses or nothing between."""
    columns, rows, size = random.choice(
        ((2, 2, A4), (1, 2, A4), (1, 3, A4), (1, 2, LETTER), (2, 2, LETTER), (2, 1, A4[::-1]))
    )
    wide, high = size[0] / columns, size[1] / rows
    manner = random.choice(("framed", "ruled", "panel", "loose"))
    inset = random.uniform(3, 6)
    width, height = (
        min(wide - 2 * inset, 150 if wide > high else 100),
        min(high - 2 * inset, 100 if wide > high else 150),
    )
    between = random.choice(("nothing", "lines", "dashes", "crosses"))
    labels = tuple(
        Label(
            column * wide + inset,
            row * high + inset,
            width,
            height,
            manner,
            0 if height > width else random.choice((0, 90)),
            random.randrange(999),
        )
        for row in range(rows)
        for column in range(columns)
    )

    def rest(pen: Pen) -> None:
        for column in range(1, columns):
            if between in ("lines", "dashes"):
                pen.rule(column * wide, 0, column * wide, size[1], 0.5, (3, 2) if between == "dashes" else ())
        for row in range(1, rows):
            if between in ("lines", "dashes"):
                pen.rule(0, row * high, size[0], row * high, 0.5, (3, 2) if between == "dashes" else ())
        if between == "crosses":
            for column in range(columns + 1):
                for row in range(rows + 1):
                    cross(pen, column * wide, row * high, min(4, inset - 1.2))

    return Scene(size, labels, rest)


def document(random: Random) -> Scene:
    """A page that is no label: prose or a table, with the barcode of the order."""
    size = random.choice((A4, LETTER))

    def rest(pen: Pen) -> None:
        pen.text(18, 22, random.choice(("Packing slip", "Invoice", "Bill of lading")), 18)
        pen.bars(random.uniform(20, 120), 26, random.uniform(40, 70), random.uniform(8, 20), random)
        end = 56.0
        for _ in range(random.randint(2, 5)):
            end = pen.prose(18, end, 170, random.randint(3, 8), random) + random.uniform(3, 12)
        if random.random() < 0.5:
            pen.box(18, end, 174, 30)
            pen.rule(18, end + 8, 192, end + 8)
            pen.prose(20, end + 12, 150, 3, random)

    return Scene(size, (), rest)


def too_large(random: Random) -> Scene:
    """A label of 4 x 8 inches on A4 above or beside prose."""
    label = Label(
        8, 8, random.uniform(96, 101), random.uniform(175, 202), random.choice(("framed", "ruled", "loose", "panel"))
    )

    def rest(pen: Pen) -> None:
        pen.prose(20, 230, 170, 6, random)
        if random.random() < 0.5:
            pen.prose(125, 20, 70, 20, random)

    return Scene(A4, (label,), rest)


def dashed_frame(random: Random) -> Scene:
    """A label in a dashed frame with scissors, prose below."""
    width, height = random.uniform(90, 101), random.uniform(130, 151)
    x, y, white = random.uniform(15, 80), random.uniform(15, 40), random.uniform(4, 7)
    label = Label(x, y, width, height, random.choice(("framed", "ruled", "panel", "loose")), seed=random.randrange(999))
    dash = random.choice(((3, 2), (1, 1), (5, 3)))
    left, top, right, bottom = x - white, y - white, x + width + white, y + height + white

    def rest(pen: Pen) -> None:
        pen.rule(left, top, right, top, 0.7, dash)
        pen.rule(left, bottom, right, bottom, 0.7, dash)
        pen.rule(left, top, left, bottom, 0.7, dash)
        pen.rule(right, top, right, bottom, 0.7, dash)
        scissors(pen, x + 10, top)
        pen.prose(15, y + height + 25, 180, random.randint(3, 9), random)

    return Scene(A4, (label,), rest)


def receipt(random: Random) -> Scene:
    """A label turned in the upper half, a receipt with a barcode of its own below a cut line or in a frame."""
    width, height = random.uniform(140, 150), random.uniform(92, 100)
    manner, turn = random.choice(("framed", "panel", "ruled")), random.choice((90, 270))
    label = Label(10, 10, width, height, manner, turn, random.randrange(999))
    line = random.random() < 0.5

    def rest(pen: Pen) -> None:
        if line:
            pen.rule(3, 148.5, 207, 148.5, 0.7, (3, 2))
        else:
            pen.box(15, 155, random.uniform(80, 110), 60)
        pen.text(20, 165, "Customer receipt", 14)
        pen.bars(20, 170, 60, 12, random)
        pen.prose(20, 190, 70, 4, random)
        pen.prose(15, 230, 180, 6, random)

    return Scene(A4, (label,), rest)


def integrated(random: Random) -> Scene:
    """A delivery note with a label at its foot."""
    manner = random.choice(("framed", "ruled", "panel"))
    width, height = random.uniform(92, 100), random.uniform(110, 118)
    label = Label(random.uniform(8, 100), 170, width, height, manner, seed=random.randrange(999))

    def rest(pen: Pen) -> None:
        pen.text(18, 20, "Delivery note", 18)
        pen.prose(18, 30, 170, 5, random)
        _table(pen, 65, 8)

    return Scene(A4, (label,), rest)


def small(random: Random) -> Scene:
    """Six or eight labels on A4, smaller than the stock."""
    rows = random.choice((3, 4))
    manner, inset = random.choice(("framed", "panel", "ruled")), random.uniform(3, 6)
    high = 297 / rows
    labels = tuple(
        Label(
            column * 105 + inset,
            row * high + inset,
            105 - 2 * inset,
            high - 2 * inset,
            manner,
            0,
            random.randrange(999),
        )
        for row in range(rows)
        for column in range(2)
    )
    return Scene(A4, labels, lambda pen: None)


def form(random: Random) -> Scene:
    """No label: an invoice with framed fields, one with a barcode, or prose around a framed number."""
    prose = random.random() < 0.5

    def rest(pen: Pen) -> None:
        end = pen.prose(18, 20, 174, random.randint(5, 9), random) + 6
        width, height = random.uniform(70, 120), random.uniform(40, 70)
        pen.box(18, end, width, height)
        pen.bars(24, end + 10, width - 14, height - 25, random)
        pen.text(24, end + height - 6, "RMA 0042")
        if prose:
            pen.prose(18, end + height + random.uniform(4, 10), 174, random.randint(6, 14), random)
        else:
            pen.box(18, end + height + 12, 174, 100)
            _table(pen, end + height + 20, 10)

    return Scene(random.choice((A4, LETTER)), (), rest)


def pick_list(random: Random) -> Scene:
    """No label: a packing slip with a barcode for the order and for every item."""

    def rest(pen: Pen) -> None:
        pen.text(15, 20, "Packing slip", 20)
        pen.bars(130, 12, 60, 14, random)
        pen.prose(15, 35, 80, 4, random)
        pen.prose(115, 35, 80, 4, random)
        for row in range(random.randint(3, 12)):
            pen.text(17, 76 + row * 14, "Item of some kind, colour red", 9)
            pen.bars(140, 72 + row * 14, 45, 8, random)
        pen.prose(15, 250, 180, 4, random)

    return Scene(LETTER, (), rest)


def too_large_beside_a_line(random: Random) -> Scene:
    """A label of 4 x 8 inches with a dashed rule inside, beside a cut line."""
    manner = random.choice(("framed", "ruled", "loose"))
    label = Label(5, 8, random.uniform(94, 98), random.uniform(180, 200), manner, seed=random.randrange(999))

    def rest(pen: Pen) -> None:
        pen.rule(105, 4, 105, 293, 0.7, (3, 2))
        middle = 8 + label.height / 2
        pen.rule(6, middle, 4 + label.width, middle, 0.7, (2, 2))
        pen.prose(112, 20, 90, 20, random)

    return Scene(A4, (label,), rest)


def _table(pen: Pen, top: float, rows: int) -> None:
    for row in range(rows):
        pen.rule(18, top + row * 8, 192, top + row * 8)
        pen.text(20, top + row * 8 + 6, "Item of some kind", 9)


#: pages with labels for stock of 4 x 6 inches
WITH_LABELS: dict[str, Callable[[Random], Scene]] = {
    scene.__name__: scene
    for scene in (half_page, quarter, order, centre, several, small, dashed_frame, receipt, integrated)
}
#: pages without
WITHOUT: dict[str, Callable[[Random], Scene]] = {
    scene.__name__: scene for scene in (document, form, pick_list, too_large, too_large_beside_a_line)
}
