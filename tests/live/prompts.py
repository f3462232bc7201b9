"""Dynamic prompts, and what a server makes of them."""

from __future__ import annotations

from typing import Final

EXPANDED: Final[dict[str, list[str]]] = {
    "": [""],
    " ": [" "],
    " a fox": [" a fox"],
    "a {b|c} {d|e}": ["a b d", "a b e", "a c d", "a c e"],
    "{a|{b|c}}": ["a", "b", "c"],
    "a } fox": ["a } fox"],
    "{a|b}} fox": ["a} fox", "b} fox"],
    "a | b": ["a | b"],
    "a\tfox": ["a       fox"],
    "{ a | b }": ["a ", "b "],
    "{}": [""],
    "{|a}": ["", "a"],
    # How many
    "{2$$a|b|c}": ["a,b", "a,c", "b,a", "b,c", "c,a", "c,b"],
    "{1-2$$x|y}": ["x", "y", "x,y", "y,x"],
    "{2-1$$x|y}": ["x", "y", "x,y", "y,x"],
    "{-2$$x|y}": ["x", "y", "x,y", "y,x"],
    "{2-$$x|y}": ["x,y", "y,x"],
    "{5$$x|y}": ["x,y", "y,x"],
    "{5-$$x|y}": ["x,y", "y,x"],
    "{0-1$$x|y}": ["", "x", "y"],
    "{ 2$$ x|y}": ["x,y", "y,x"],
    # Separators
    "{2$$ and $$a|b}": ["a and b", "b and a"],
    "{2$$|$$a|b}": ["a|b", "b|a"],
    "{2$$a|b|}": ["a,b", "a", "b,a", "b", "a", "b"],
    "{1$$,$$,|a}": [",", "a"],
    # Options that are alike
    "{a|a}": ["a"],
    "{2$$a|a}": [""],
    "{2$$a|{a|b}}": ["a,b", "b,a"],
    "{2$${a|b}|{a|b}}": [""],
    # Weights
    "{3::a|.5::b|1.::c|+2.5::d}": ["a", "b", "c", "d"],
    "{1 ::a|b}": ["1 ::a", "b"],
    "{٣.٥::a|٣::b}": ["a", "٣::b"],
    "{ 3:: a|b}": [" a", "b"],
    # Comments
    "a # b\nc": ["a  \nc"],
    "{a|b} // c": ["a", "b"],
    "see https://c": ["see https://c"],
    "/* c */{a|b}/* c */": ["a", "b"],
    "{/* c */a /* d */|b}": ["a /* d */", "b"],
    # Variables, wrappers, other ways to sample
    "${a={b|c}}${a} and ${a}": ["b and b", "b and c", "c and b", "c and c"],
    "${a=!{b|c}}${a} and ${a}": ["b and b"],
    "${a:d}": ["d"],
    "%{(...)$${a|b}}": ["(a)", "(b)"],
}
REFUSED: Final[dict[str, tuple[int, int, int]]] = {
    "a {b|c": (2, 1, 3),
    "{a{b|c}": (0, 1, 1),
    "a\n {b": (3, 2, 2),
    "$$": (0, 1, 1),
    "only $5": (5, 1, 6),
    "{a $$ b}": (0, 1, 1),
    "{2$$$$a|b}": (0, 1, 1),
    "{2 $$a|b}": (0, 1, 1),
    "{2$$é$$a|b}": (0, 1, 1),
    "50% off": (2, 1, 3),
    "a__b": (1, 1, 2),
    "__": (0, 1, 1),
    "{a|b} __": (6, 1, 7),
}
"""The position, line and column of what the library does not expect."""
DRAWN: Final[dict[str, list[str]]] = {
    "{a|b}{c|d}": ["bc", "bd", "ac", "bc", "ad", "bc"],
    "{1-2$$3::a|0::b|{c|d}}": ["a", "a", "a,d", "a,d", "a,d", "a,c"],
    "{2$$a}": ["a"] * 6,
}
"""Six random prompts with the seed 3."""


def refusal(prompt: str) -> dict[str, object]:
    """The answer for one of REFUSED."""
    at, line, column = REFUSED[prompt]
    words = f"Expected end of text, found {prompt[at]!r}  (at char {at}), (line:{line}, col:{column})"
    return {"prompts": [prompt], "error": words}
