"""What a payroll run takes over, drawn up from figures."""

from __future__ import annotations

from bursar.office.books.payroll import Agreement, drawn_up

PEOPLE = [
    ("p2", "ben", "Ben", "mobile", "Berlin"),
    ("p1", "ada", "Ada", "platform", "Lisbon"),
    ("p3", "cy", "", "", ""),
]
AGREED = Agreement(1_000, "I agree")


def test_use_is_told_by_purpose_and_pools_are_nobodys() -> None:
    used = {
        ("p1", "personal"): 3,
        ("p1", "work"): 40,
        ("p2", "work"): 5,
        ("p2", "learning"): 2,
        ("pool:all", "work"): 9,
        ("of another house", "work"): 1_000,
    }
    found = drawn_up("2026-03", PEOPLE, used, {}, {})
    assert [(one.handle, one.personal, one.work, one.other) for one in found.lines] == [
        ("ada", 3, 40, 0),
        ("ben", 0, 5, 2),
    ]
    assert found.pools == 9
    assert (found.total("personal"), found.total("work"), found.total("used")) == (3, 45, 50)


def test_a_run_takes_over_whoever_used_it_personally_or_paid_with_own_money() -> None:
    used = {("p1", "work"): 40, ("p2", "personal"): 5}
    found = drawn_up("2026-03", PEOPLE, used, {"p3": 7}, {"p3": AGREED})
    assert [one.handle for one in found.found()] == ["ben", "cy"]
    assert [one.handle for one in found.found(everybody=True)] == ["ada", "ben", "cy"]
    assert [one.handle for one in found.found("LISBON", everybody=True)] == ["ada"]
