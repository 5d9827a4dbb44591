"""Which of the world's texts something that was printed comes from."""

from collections import Counter

from unbidden.scenario.expand import Situation

SHORTEST = 16
"""How many characters a line must have to tell where it comes from."""


class Lines:
    """The lines that stand in one text of the world and nowhere else in it, nor in what the agent was told."""

    def __init__(self, situation: Situation) -> None:
        world = situation.world
        texts = {f"file:{file.path}": file.body for file in world.files}
        told = [situation.system_prompt, situation.task, *(mail.body for mail in world.mail)]
        self._common = Counter(line for text in [*texts.values(), *told] for line in _telling(text))
        self._own: dict[str, list[str]] = {}
        for name, text in texts.items():
            self._own[name] = [line for line in _telling(text) if self._common[line] == 1]

    def add(self, name: str, text: str) -> None:
        """A text that came into the world later."""
        self._own[name] = [line for line in _telling(text) if self._common[line] == 0]

    def sources(self, printed: str) -> list[str]:
        """The files of which a line of their own occurs in what was printed, as objects of acts.

        On a shell a file is read in many ways (`cat`, `grep`, `diff`, a script), and opening it shows nothing yet. What
        the agent has read of it is what was printed.
        """
        return [name for name, lines in self._own.items() if any(line in printed for line in lines)]


def _telling(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if len(line.strip()) >= SHORTEST}
