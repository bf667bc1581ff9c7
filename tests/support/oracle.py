"""The price library as an oracle: our disjoint usage in its inclusive terms."""

from __future__ import annotations

from genai_prices import types

from bursar.prices.usage import Usage


def as_library_usage(usage: Usage) -> types.Usage:
    """The same usage as genai-prices counts it: totals that contain their parts."""
    return types.Usage(
        input_tokens=usage.total_input,
        output_tokens=usage.total_output,
        cache_read_tokens=usage.cache_read + usage.cache_read_audio + usage.cache_read_image + usage.cache_read_video,
        cache_write_tokens=usage.cache_write_5m + usage.cache_write_1h,
        cache_write_1h_tokens=usage.cache_write_1h,
        input_audio_tokens=usage.input_audio + usage.cache_read_audio,
        cache_audio_read_tokens=usage.cache_read_audio,
        input_image_tokens=usage.input_image + usage.cache_read_image,
        cache_image_read_tokens=usage.cache_read_image,
        input_video_tokens=usage.input_video + usage.cache_read_video,
        cache_video_read_tokens=usage.cache_read_video,
        output_audio_tokens=usage.output_audio,
        output_image_tokens=usage.output_image,
        output_video_tokens=usage.output_video,
        output_reasoning_tokens=usage.reasoning,
        web_searches=usage.web_searches,
    )
