"""unbidden measures what an AI agent does unbidden."""

__version__ = "0.1.0"
