"""The measures of a Zebra printer's scalable font 0: what makes a text come out as wide as on the printer.

Measured facts, not a font: whatever face draws a character, its advance and its ink box are those given here.
"""

from dataclasses import dataclass
from functools import lru_cache

from .faces import Role

#: Baseline below the top of the character cell, and cap height, per unit of character height.
BASELINE = 0.74
CAP_HEIGHT = 0.747

#: Advances of blanks, per unit of character width.
BLANKS = {" ": 0.29, "\u00a0": 0.29}


@dataclass(frozen=True, slots=True)
class Measure:
    """One character per unit of height (y, up from the baseline) or width (x): advance, ink box, and who draws it."""

    role: Role
    drawn_as: str
    advance: float
    left: float
    width: float
    top: float
    bottom: float


_ROLES: dict[str, Role] = {"r": "condensed", "n": "narrow", "d": "sans bold", "s": "sans", "m": "mono bold"}

# Character, the character whose outline is nearest, the face that is nearest, then in thousandths: advance,
# left bearing, ink width, top and bottom of the ink above the baseline.
_TABLE = """
! ! n 290 79 146 745 -5
" " r 480 91 295 748 467
# # r 480 0 480 760 -20
$ $ n 480 26 430 814 -105
% % n 900 33 842 761 -27
& & n 610 39 571 760 -20
' \u2019 n 290 89 139 747 454
( ( m 290 71 239 748 -172
) ) d 290 10 224 736 -166
* * n 480 79 328 754 453
+ + d 900 167 575 611 -19
, , n 290 88 139 137 -154
- - n 900 167 573 351 243
. . n 290 93 138 137 0
/ / n 290 0 306 752 -25
0 0 r 480 31 411 769 -29
1 1 n 480 63 299 744 3
2 2 n 480 23 408 770 -1
3 3 n 480 25 430 767 -18
4 4 d 480 37 430 735 1
5 5 n 480 22 440 747 -13
6 6 n 480 33 422 767 -22
7 7 r 480 29 413 741 2
8 8 n 480 32 416 762 -20
9 9 n 480 31 421 762 -28
: : s 290 84 139 555 2
; ; n 290 87 137 565 -172
< < s 1000 208 586 606 1
= = n 900 166 574 466 139
> > s 1000 203 584 607 1
? ? r 440 9 405 761 -12
@ @ r 900 145 621 703 -127
A A m 550 13 539 753 2
B B d 550 77 436 753 0
C C r 530 46 453 769 -17
D D r 590 65 485 754 -6
E E d 500 70 395 752 -2
F F r 500 68 402 751 11
G G r 590 42 488 768 -20
H H d 610 67 470 747 1
I I n 280 67 143 748 0
J J r 440 13 383 749 -22
K K r 550 75 479 749 0
L L r 480 68 402 746 -2
M M d 760 64 629 748 -8
N N d 610 67 472 748 1
O O r 570 43 489 774 -25
P P m 550 75 460 756 0
Q Q r 570 38 497 769 -128
R R d 590 65 543 766 7
S S r 530 41 452 767 -17
T T n 500 9 485 749 1
U U r 610 63 480 747 -20
V V m 530 21 505 749 -1
W W d 810 37 766 736 -5
X X r 550 22 519 748 4
Y Y d 550 14 542 747 -1
Z Z n 500 35 427 750 -3
[ [ d 290 52 238 746 -169
\\ \\ r 290 0 306 752 -25
] ] d 290 18 230 745 -168
^ ^ d 500 58 398 713 504
_ _ n 500 0 498 -195 -247
` \u2018 n 290 78 138 757 466
a a r 460 33 408 578 -16
b b r 500 64 400 775 -12
c c r 440 38 367 581 -19
d d r 500 42 400 774 -12
e e r 480 36 398 590 2
f f n 280 12 260 766 2
g g r 500 42 392 569 -197
h h r 500 65 381 791 3
i i n 260 64 133 749 3
j j n 260 12 193 746 -188
k k r 440 64 396 756 3
l l n 260 64 132 747 0
m m r 760 67 628 577 2
n n r 500 64 380 576 1
o o r 480 39 405 586 -27
p p r 500 64 399 573 -213
q q m 500 45 397 576 -213
r r r 330 67 259 568 0
s s r 420 27 378 574 -16
t t r 280 10 253 711 -25
u u r 500 59 382 558 -16
v v r 440 -1 437 557 -6
w w d 660 25 622 559 1
x x n 440 7 429 562 -1
y y n 440 9 435 560 -205
z z r 390 12 354 559 -5
{ { d 500 83 331 764 -232
| | n 500 225 51 748 -246
} } n 500 67 339 758 -231
~ ~ d 1000 211 601 382 217
\u00a1 \u00a1 n 290 79 147 565 -184
\u00a2 \u00a2 n 480 29 428 787 -46
\u00a3 \u00a3 n 480 60 406 753 -29
\u00a7 \u00a7 n 480 28 442 767 -159
\u00a8 \u00a8 n 480 124 233 760 631
\u00a9 \u00a9 r 500 34 474 743 272
\u00ab \u00ab n 410 43 318 480 75
\u00ac \u00ac d 900 167 575 454 96
\u00ae \u00ae s 500 39 464 739 271
\u00b1 \u00b1 d 900 168 571 569 -167
\u00b2 \u00b2 r 370 25 297 755 254
\u00b3 \u00b3 n 370 22 299 752 241
\u00b9 \u00b9 r 370 57 195 739 254
\u00ba \u00ba r 370 36 285 758 367
\u00bb \u00bb n 410 43 320 483 77
\u00bc \u00bc n 914 93 714 745 -10
\u00bd \u00bd n 914 93 714 745 -10
\u00be \u00be n 914 93 714 745 -10
\u00d7 \u00d7 d 900 159 582 588 8
\u00d8 \u00d8 d 570 22 542 804 -56
\u00de \u00de d 550 72 463 734 10
\u00f0 \u00f0 n 480 32 407 784 -22
\u2014 \u2014 n 900 49 798 331 236
\u2019 \u2019 n 290 89 139 747 454
\u201c \u201c n 420 63 292 758 464
\u00ee \u00ee d 260 14 232 759 1
\u00ef \u00ef d 260 14 232 759 1
\u00ad - n 900 167 573 351 243
\u2018 \u2018 n 290 78 138 757 466
\u201d \u201d n 420 65 292 758 464
"""


@lru_cache(maxsize=1)
def measures() -> dict[str, Measure]:
    """The measured characters."""
    found = {}
    for row in _TABLE.strip().splitlines():
        char, drawn_as, role, *numbers = row.split(" ")
        advance, left, width, top, bottom = (int(number) / 1000 for number in numbers)
        found[char] = Measure(_ROLES[role], drawn_as, advance, left, width, top, bottom)
    return found
