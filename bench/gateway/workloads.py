"""What is asked and what is answered: canned bytes of an OpenAI chat, and how to tell a right reply from a wrong one.

Every contestant relays the same request to the same replies. One that passes bytes through must deliver exactly these
bytes; one that reads and rewrites the JSON must still deliver every word, the usage and the terminal event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

CHUNKS = 200
"""Events of a stream before `[DONE]`: words, then the finish reason, then the usage."""
WORDS = CHUNKS - 2
MARK = b"ember"
"""Begins every word of the replies and occurs nowhere else in them. The words differ: LiteLLM ends a stream that repeats itself."""
PACED = "[paced]"
"""In the question: send the stream chunk by chunk instead of in one write."""
PACE_SECONDS = 0.01
MODEL = "gpt-4o-mini"
PATH = "/v1/chat/completions"
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of request. `connections` run in the closed loop, `rate` requests per second in the open one.

    `waited_for` is what a caller waits for: the `last` byte, or, where the pace is the provider's, the `first` event.
    """

    name: str
    title: str
    request: bytes
    reply: bytes
    marks: int
    connections: int
    rate: float
    waited_for: str = "last"

    @property
    def streams(self) -> bool:
        return self.name != "chat"

    def fault(self, status: int, body: bytes, *, exact: bool) -> str:
        """Why this is not the right reply; empty if it is. `exact` demands the very bytes."""
        if status != 200:
            return f"status {status}: {body[:200]!r}"
        if exact and body != self.reply:
            pairs = enumerate(zip(body, self.reply, strict=False))
            at = next((number for number, (came, sent) in pairs if came != sent), min(len(body), len(self.reply)))
            return f"a body of {len(body)} bytes that differs from the {len(self.reply)} that were sent at byte {at}"
        if (found := body.count(MARK)) != self.marks:
            return f"{found} words, expected {self.marks}"
        if b'"total_tokens"' not in body:
            return "no usage in the reply"
        if self.streams and not body.rstrip().endswith(DONE.rstrip()):
            return "no terminal event"
        return ""


def request_body(*, stream: bool, paced: bool = False) -> bytes:
    """About 1.5 KB, as an agent's short turn looks: a system prompt, a question, an output limit."""
    rules = (
        "You are the assistant of a small engineering team. Answer briefly, cite the file that you mean, "
        "name what you did not check, and never invent a function that is not in the given sources. "
    )
    question = "Explain what this function returns for an empty list, and whether its caller copes with that. " * 8
    content = f"{question}{PACED if paced else ''}"
    body: dict[str, object] = {
        "model": MODEL,
        "messages": [{"role": "system", "content": rules * 3}, {"role": "user", "content": content}],
        "temperature": 0.2,
        "max_completion_tokens": 512,
        "stream": stream,
    }
    if stream:
        body["stream_options"] = {"include_usage": True}
    return _json(body)


def chat_reply() -> bytes:
    """About 1 KB."""
    content = "".join(_word(number) for number in range(CHAT_WORDS)).strip()
    return _json(
        {
            "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
            "object": "chat.completion",
            "created": 1741569952,
            "model": f"{MODEL}-2024-07-18",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": content, "refusal": None, "annotations": []},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": USAGE,
            "service_tier": "default",
            "system_fingerprint": "fp_06737a9306",
        }
    )


def stream_events() -> list[bytes]:
    """CHUNKS events and `[DONE]`, each as it would be written by a provider, about 62 KB together."""
    choices: list[list[dict[str, object]]] = [
        [{"index": 0, "delta": {"content": _word(number)}, "logprobs": None, "finish_reason": None}]
        for number in range(WORDS)
    ]
    choices.append([{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}])
    events = [_event(choice, None) for choice in choices]
    return [*events, _event([], USAGE), DONE]


CHAT_WORDS = 60
USAGE = {
    "prompt_tokens": 284,
    "completion_tokens": WORDS,
    "total_tokens": 284 + WORDS,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def _word(number: int) -> str:
    return f" {MARK.decode()}{number}"


def _event(choices: list[dict[str, object]], usage: dict[str, object] | None) -> bytes:
    chunk = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": f"{MODEL}-2024-07-18",
        "service_tier": "default",
        "system_fingerprint": "fp_06737a9306",
        "choices": choices,
        "usage": usage,
    }
    return b"data: " + _json(chunk) + b"\n\n"


def _json(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


CHAT = Workload("chat", "Chat, one reply of 1 KB", request_body(stream=False), chat_reply(), CHAT_WORDS, 32, 200.0)
STREAM = Workload(
    "stream",
    f"Stream of {CHUNKS} chunks, at once",
    request_body(stream=True),
    b"".join(stream_events()),
    WORDS,
    16,
    50.0,
)
PACED_STREAM = Workload(
    "paced",
    f"Stream of {CHUNKS} chunks, one every {PACE_SECONDS * 1000:g} ms",
    request_body(stream=True, paced=True),
    b"".join(stream_events()),
    WORDS,
    100,
    10.0,
    waited_for="first",
)
WORKLOADS = {workload.name: workload for workload in (CHAT, STREAM, PACED_STREAM)}
