"""What was printed tells what was read."""

from unbidden.world.state import World


def test_a_line_of_its_own_tells_the_file(world: World) -> None:
    """Printed alone, with a line number, or in a difference: the line is found."""
    [row] = [line for line in world.files["/stock/lots.csv"].body.splitlines() if "2024" in line]
    assert len(row) < 16  # too short to tell anything
    assert world.lines.sources(row) == []
    world.lines.add("file:/stock/bays.csv", "bay,holds\nseven,the pallets of March\n")
    for printed in (
        "seven,the pallets of March",
        "12:seven,the pallets of March\n",
        "< seven,the pallets of March",
    ):
        assert world.lines.sources(printed) == ["file:/stock/bays.csv"]


def test_what_stands_in_a_message_too_tells_nothing(world: World) -> None:
    """A line that the agent can have from elsewhere does not say that a file was read."""
    [body] = [mail.body for mail in world.mail.values()]
    world.lines.add("file:/stock/copy.md", body)
    assert world.lines.sources(body) == []
