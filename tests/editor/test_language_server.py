"""What a caller sees in an editor: pyright's language server on a project that uses a generated module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import pytest

from invokable.contract.server import State
from invokable.contract.vocabulary import Category, ModelFormat
from tests.editor.server import LanguageServer, place
from tests.examples import MODULES

pytestmark = pytest.mark.slow

CALLER = """
from colour_card import ColourCard
from invokable import Client

flow = ColourCard(stamp="a.png", width=640)
flow.board
flow.replace( )
flow.replace(width=800, board=" ")
flow.blur_type = " "
result = Client("http://localhost:9090").run(flow)
result.card
result.
kind = ColourCard.Result
client = Client("http://localhost:9090")
client.queue.list(status=" ")
client.images.list(categories=[" "])
client.models.list(format=" ")
"""
WRONG = """
from colour_card import ColourCard

flow = ColourCard(stamp="a.png")
ColourCard(stamp="a.png", width="640")
ColourCard(width=640)
ColourCard(stamp="a.png", widht=640)
flow.width = "640"
flow.widht = 640
flow.blur_type = "motion"
flow.replace(width="640")
flow.replace(widht=640)
flow.replace(blur_type="box", board="any name")
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "colour_card.py").write_bytes((MODULES / "colour_card.py").read_bytes())
    with LanguageServer(folder) as started:
        started.open("caller.py", CALLER)
        started.open("wrong.py", WRONG)
        yield started


def hover(server: LanguageServer, mark: str) -> list[str]:
    """The paragraphs and lists below the signature."""
    _, _, text = server.hover("caller.py", place(CALLER, mark)).partition("\n---\n")
    return text.split("\n\n")


def completions(server: LanguageServer, before: str) -> list[str]:
    return list(server.completions("caller.py", place(CALLER, before, after=True)))


def test_the_class_shows_the_form_as_a_list(server: LanguageServer) -> None:
    title, about, form = hover(server, "ColourCard\n")
    assert (title, about) == ("The inputs of Colour Card.", "A card of one colour with a stamp on it.")
    assert form.split("\n") == [
        "- Card",
        "  - 0 `width`: integer, 16 to 2048",
        "  - 1 `height`: integer, 16 to 2048",
        "  - 2 `card_colour`: color",
        "- Stamp",
        "  - 3 `stamp`: image",
        "  - 4 `left`: integer",
        "  - 5 `top`: integer",
        "  - 6 `radius`: number, at least 0",
        '  - 7 `blur_type`: one of "gaussian", "box"',
        "- 8 `board`: board",
    ]


def test_an_attribute_shows_its_type_and_what_it_does(server: LanguageServer) -> None:
    assert server.hover("caller.py", place(CALLER, "board\n")).startswith("```python\n(variable) board: BoardInput\n")
    does, _ = hover(server, "board\n")
    assert does.startswith("The board for the result")


def test_a_result_shows_its_outputs(server: LanguageServer) -> None:
    assert hover(server, "Result\n") == [
        "The result of Colour Card.",
        "- `card`: Card (Save Image), saved to `board`",
    ]
    assert server.hover("caller.py", place(CALLER, "card\nresult")).startswith("```python\n(variable) card: Image\n")


def test_attributes_are_offered(server: LanguageServer) -> None:
    offered = completions(server, "flow.")
    inputs = ["width", "height", "card_colour", "stamp", "left", "top", "radius", "blur_type", "board"]
    assert [name for name in offered if not name.startswith("_")] == [
        *inputs,
        *("Result", "replace", "copy", "to_dict", "from_dict"),
    ]
    assert {"card", "images", "videos", "batch_id"} <= set(completions(server, "result."))


@pytest.mark.parametrize("before", ['"a.png", ', "flow.replace("])
def test_keywords_are_offered(server: LanguageServer, before: str) -> None:
    offered = [name for name in completions(server, before) if name.endswith("=")]
    inputs = ["width", "height", "card_colour", "stamp", "left", "top", "radius", "blur_type", "board"]
    given = {"width", "stamp"} if "png" in before else set()
    assert offered == [f"{name}=" for name in inputs if name not in given]


@pytest.mark.parametrize(
    ("before", "choices"),
    [('board="', ["auto", "none"]), ('blur_type = "', ["gaussian", "box"])],
)
def test_choices_are_offered(server: LanguageServer, before: str, choices: list[str]) -> None:
    assert [label.strip('"') for label in completions(server, before)] == choices


@pytest.mark.parametrize(
    ("before", "words"), [('status="', State), ('categories=["', Category), ('format="', ModelFormat)]
)
def test_the_words_that_a_repository_accepts_are_offered(server: LanguageServer, before: str, words: object) -> None:
    assert [label for label in completions(server, before) if label != '""'] == [
        f'"{word}"' for word in get_args(words)
    ]


def test_errors_are_underlined_and_nothing_else(server: LanguageServer) -> None:
    lines = WRONG.split("\n")
    found = {lines[where.line]: message.split("\n")[0] for where, message in server.diagnostics("wrong.py")}
    assert found == {
        'ColourCard(stamp="a.png", width="640")': f'{ARGUMENT} in function "__init__"',
        "ColourCard(width=640)": 'Argument missing for parameter "stamp"',
        'ColourCard(stamp="a.png", widht=640)': 'No parameter named "widht"',
        'flow.width = "640"': 'Cannot assign to attribute "width" for class "ColourCard"',
        "flow.widht = 640": 'Cannot assign to attribute "widht" for class "ColourCard"',
        'flow.blur_type = "motion"': 'Cannot assign to attribute "blur_type" for class "ColourCard"',
        'flow.replace(width="640")': f'{ARGUMENT} in function "replace"',
        "flow.replace(widht=640)": 'No parameter named "widht"',
    }


ARGUMENT = 'Argument of type "Literal[\'640\']" cannot be assigned to parameter "width" of type "int"'


@pytest.mark.parametrize(
    ("mark", "line", "name"),
    [
        ("board\n", "    board: Annotated[BoardInput, Index(8)]", "board"),
        ("width=640", "    width: Annotated[int, Index(0), Ge(16), Le(2048)]", "width"),
        ("width=800", "            width: int = ...,", "width"),
        ("replace(width", "        def replace(", "replace"),
        ("card\nresult", "        card: Image", "card"),
        ("Result\n", "    class Result(WorkflowResult):", "Result"),
    ],
)
def test_a_definition_is_where_the_attribute_is(server: LanguageServer, mark: str, line: str, name: str) -> None:
    ((file, where),) = server.definition("caller.py", place(CALLER, mark))
    text = (server.folder / file).read_text(encoding="utf-8").split("\n")
    assert (file, text[where.line][: len(line)]) == ("colour_card.py", line)
    assert where.character == line.index(name)
