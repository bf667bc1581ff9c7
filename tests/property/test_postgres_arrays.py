"""What the ledger hands to PostgreSQL as an array comes out of it as it went in."""

from __future__ import annotations

import psycopg
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.support.profile import size

from bursar.ledger.postgres import array

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
awkward = st.text(st.sampled_from('\\"{},\n\t\b\r /unéNUL '), max_size=8)
numbers = st.integers(-(2**63), 2**63 - 1)


def test_texts_and_numbers_come_back(postgres_server: str) -> None:
    with psycopg.connect(postgres_server) as connection:

        @settings(max_examples=size(200, 5_000))
        @example(["NULL", "", "\\", '"', "\\n", "\\\\n", "\n", "{a,b}", " x "], [0])
        @given(st.lists(texts | awkward, max_size=8), st.lists(numbers, max_size=8))
        def come_back(some: list[str], counts: list[int]) -> None:
            found = connection.execute("SELECT %s::text[], %s::bigint[]", (array(some), array(counts))).fetchone()
            assert found == (some, counts)

        come_back()
