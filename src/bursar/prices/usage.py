"""The canonical usage record: disjoint token counts, whatever the provider's dialect calls them.

Providers disagree on whether cached tokens are part of the input count (OpenAI, Gemini) or beside it
(Anthropic), and whether reasoning is part of the output. Here every token is counted in exactly one field,
so that a price is a plain sum of field times rate and nothing can be charged twice.
"""

from __future__ import annotations

from msgspec import Struct


class Usage(Struct, frozen=True, gc=False):
    """Disjoint counts of one request; tokens unless the name says otherwise. Zero means zero, not unknown."""

    input: int = 0
    """Fresh text (and document) input, neither read from nor written to a cache."""
    cache_read: int = 0
    cache_write_5m: int = 0
    """Cache writes with the short (default) time to live; also writes whose time to live is not reported."""
    cache_write_1h: int = 0
    input_audio: int = 0
    input_image: int = 0
    input_video: int = 0
    cache_read_audio: int = 0
    cache_read_image: int = 0
    cache_read_video: int = 0
    output: int = 0
    """Visible text output, tool calls included, reasoning excluded."""
    reasoning: int = 0
    """Hidden reasoning, thinking, thoughts: billed as output."""
    output_audio: int = 0
    output_image: int = 0
    output_video: int = 0
    web_searches: int = 0
    """Server-side tool calls that the provider bills by the call."""

    @property
    def total_input(self) -> int:
        """All input tokens, cached or not: what a long-context tier is decided by."""
        return (
            self.input
            + self.cache_read
            + self.cache_write_5m
            + self.cache_write_1h
            + self.input_audio
            + self.input_image
            + self.input_video
            + self.cache_read_audio
            + self.cache_read_image
            + self.cache_read_video
        )

    @property
    def total_output(self) -> int:
        """All output tokens, visible or hidden."""
        return self.output + self.reasoning + self.output_audio + self.output_image + self.output_video


FIELDS: tuple[str, ...] = Usage.__struct_fields__
"""The counts by name, in their order."""
