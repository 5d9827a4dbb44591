"""The sandboxed template engine."""

import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unbidden.errors import ContentError
from unbidden.reading import Place, read_document
from unbidden.templates import bounded, render_text, render_tree

NAMES = {"firm": SimpleNamespace(name="Hallam", domain="hallam.example"), "lot": 4711, "word": "expired"}

FREE = st.text().filter(lambda text: not any(mark in text for mark in ("{{", "{%", "{#")))
TREES = st.recursive(
    FREE | st.integers() | st.booleans() | st.none(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
)


def _complain(what: str, place: Place) -> ContentError:
    return ContentError(what, where=f"file:{'.'.join(str(part) for part in place)}")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ firm.name }}", "Hallam"),
        ("lot {{ lot }} at {{ firm.domain }}", "lot 4711 at hallam.example"),
        ("{% if lot > 4000 %}high{% else %}low{% endif %}", "high"),
        ("{# for editors only #}said", "said"),
        ("{{ word|upper }}\n", "EXPIRED\n"),
        ("a }} brace, a { brace and 100 %", "a }} brace, a { brace and 100 %"),
    ],
)
def test_a_template_fills_in_names_and_chooses(template: str, text: str) -> None:
    """Names, conditions, comments and filters work, and a last line break stays."""
    assert render_text(template, NAMES, _complain) == text


@given(TREES)
def test_what_holds_no_template_is_returned_as_it_is(tree: Any) -> None:
    """Texts without marks, numbers and their nesting come back equal."""
    assert render_tree(tree, NAMES, _complain) == tree


def test_every_text_of_a_tree_is_rendered() -> None:
    """Texts at any depth are rendered; keys and numbers are not."""
    tree = {"to": ["x@{{ firm.domain }}", {"lot": "{{ lot }}", "n": 1}], "{{ lot }}": None}
    want = {"to": ["x@hallam.example", {"lot": "4711", "n": 1}], "{{ lot }}": None}
    assert render_tree(tree, NAMES, _complain) == want


@pytest.mark.parametrize(
    "template",
    [
        "{{ nobody }}",
        "{{ firm.nothing }}",
        "{{ nobody.name }}",
        "{% if nobody %}x{% endif %}",
        "{{ f(lot) }}",
    ],
)
def test_an_undefined_name_is_an_error(template: str) -> None:
    """A slip in a name never becomes an empty text; the names there are are listed."""
    with pytest.raises(ContentError, match=r"names known here: firm, lot, word"):
        render_text(template, NAMES, _complain)


@pytest.mark.parametrize(
    "template",
    [
        "{{ firm.__class__ }}",
        "{{ firm['__class__'] }}",
        "{{ firm|attr('__class__') }}",
        "{{ firm.__dict__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ lot.__class__.__base__.__subclasses__() }}",
        "{{ '{0.__class__}'.format(firm) }}",
        "{{ ['__class__']|map('attr', '__class__')|list|first }}",
        "{{ self._TemplateReference__context }}",
        "{{ nobody.__init__.__globals__ }}",
    ],
)
def test_templates_cannot_reach_attributes_of_the_machinery(template: str) -> None:
    """No spelling leads from a name to a class, and from there to the host."""
    with pytest.raises(ContentError):
        render_text(template, NAMES, _complain)


@pytest.mark.parametrize(
    "template",
    [
        "{{ range(3)|list }}",
        "{{ cycler('a') }}",
        "{{ lipsum() }}",
        "{{ dict(a=1) }}",
        "{{ namespace(a=1) }}",
        "{{ joiner() }}",
        "{% include 'x' %}",
        "{% import 'x' as x %}",
        "{% extends 'x' %}",
    ],
)
def test_templates_can_call_nothing_built_in(template: str) -> None:
    """There are no global functions, and no other files."""
    with pytest.raises(ContentError):
        render_text(template, NAMES, _complain)


@pytest.mark.parametrize("call", ["append(1)", "clear()", "pop()", "extend([1])"])
def test_templates_change_nothing(call: str) -> None:
    """A list that a template is given stays as it was."""
    names = {"items": ["a"]}
    with pytest.raises(ContentError):
        render_text("{{ items." + call + " }}", names, _complain)
    assert names == {"items": ["a"]}


@pytest.mark.parametrize(
    "template",
    [
        "{{ lot",
        "{% if lot %}",
        "{{ lot|nofilter }}",
        "{{ lot / 0 }}",
        "{{ lot + word }}",
        "{{ word[0][1] }}",
        "{{ '%d'|format(word) }}",
        "{{ lot|dictsort }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    ],
)
def test_every_failure_of_a_template_is_a_complaint(template: str) -> None:
    """Whatever a template does wrong, its author gets one message instead of a traceback."""
    with pytest.raises(ContentError, match=r"the template fails"):
        render_text(template, NAMES, _complain)


BIG = {"big": "x" * 250_000, "lot": 4711}


@pytest.mark.parametrize(
    "template",
    [
        "{% if " + " ~ ".join(["big"] * 8_000) + " == 1 %}x{% endif %}",
        "{% if big + big == 1 %}x{% endif %}",
        "{{ '" + "{0}" * 10_000 + "'.format(big) }}",
        "{% if '{0}{0}{0}{0}{0}{0}'.format(big) == 1 %}x{% endif %}",
        "{{ '{}{}{}'.format('{}{}{}'.format(big, big, big), big, big) }}",
        "{% if big|lower == 1 %}x{% endif %}" * 300,
        "{% if " + " == ".join(["big"] * 300) + " %}x{% endif %}",
        "{% if " + " and ".join(["big"] * 10_000) + " %}x{% endif %}",
        "{{ " + " * ".join(["lot"] * 100) + " }}",
        "{% if lot %}" * 150 + "x" + "{% endif %}" * 150,
        "{{ big|counted }}",
    ],
    ids=[
        "joined", "added", "formatted", "formatted in a condition", "formatted twice", "filtered in conditions", "compared",
        "many parts", "a large number", "conditions within conditions", "our own filter",
    ],
)  # fmt: skip
def test_what_a_template_makes_is_bounded_whether_it_is_printed_or_not(template: str) -> None:
    """A condition's texts are counted too, and nothing is made that is larger than what may be printed."""
    tracemalloc.start()
    try:
        with pytest.raises(ContentError, match=r"the template fails"), bounded():
            render_text(template, BIG, _complain)
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()


def test_texts_of_ordinary_length_are_compared_and_formatted() -> None:
    """What is counted is as it would be without."""
    template = "{% if word|upper == 'EXPIRED' and 1 + lot * 2 > 9 %}{{ '{:,} {}'.format(lot, word|trim('d')) }}{% endif %}"
    assert render_text(template, NAMES, _complain) == "4,711 expire"


def test_a_failure_names_the_line(tmp_path: Path) -> None:
    """The complaint is made for the place of the failing text, so that it names the file's line."""
    path = tmp_path / "one.yaml"
    path.write_text(
        "mail:\n  - subject: fine\n    to:\n      - a\n      - '{{ nobody }}'\n", encoding="utf-8"
    )
    document = read_document(path)
    with pytest.raises(ContentError) as caught:
        render_tree(document.data, NAMES, document.error)
    assert caught.value.where == f"{path}:5"
