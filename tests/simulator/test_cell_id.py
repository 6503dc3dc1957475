from __future__ import annotations

import numpy as np
import pytest

from simulator.cell_id import ALPHABET, CellIds, check_codes
from simulator.pace import BEGINNING_MS, Pace

PACE = Pace.of(7.3)
IDS = CellIds("desoto", 2, 20, PACE)
DAY_MS = 86_400_000


def is_valid(text: str) -> bool:
    """Check as ISO 7064 tells a reader to, the other way round than a writer's sum."""
    check = 18
    for character in text:
        check = ((check or 36) * 2 % 37 + ALPHABET.index(character)) % 36
    return check == 1


def test_the_check_character_is_that_of_the_standards_example() -> None:
    # The Global Release Identifier standard's own example, MOD 37,36.
    codes = np.array([[ALPHABET.index(c) for c in "A12425GABC1234002"]], dtype=np.uint8)
    assert ALPHABET[check_codes(codes)[0]] == "M"


def test_an_id_tells_site_line_day_winder_and_sequence() -> None:
    # 22 November 2026 is day 326; its first cell but four comes from winder (n % 20) + 1.
    midnight = BEGINNING_MS + 2517 * DAY_MS
    number = PACE.first_from(midnight) + 4
    text = IDS.of(np.array([number]))[0]
    winder = number % 20 + 1
    assert text[:16] == f"D226326{ALPHABET[winder // 36]}{ALPHABET[winder % 36]}0000004"


def test_ids_are_unique_also_over_midnight_and_every_check_is_right() -> None:
    midnight = BEGINNING_MS + 2517 * DAY_MS
    numbers = PACE.between(midnight - 2 * DAY_MS // 10, midnight + 2 * DAY_MS // 10)
    ids = IDS.of(numbers)
    assert len(set(ids)) == len(ids) > 200_000
    assert {len(text) for text in ids} == {17}
    assert all(is_valid(text) for text in ids[::97])
    assert {text[2:7] for text in ids} == {"26325", "26326"}


@pytest.mark.parametrize("place", range(17))
def test_one_wrong_character_is_found(place: int) -> None:
    text = IDS.of(np.array([123_456_789]))[0]
    for character in set(ALPHABET) - {text[place]}:
        assert not is_valid(text[:place] + character + text[place + 1 :])


def test_an_id_does_not_hang_on_the_cells_around_it() -> None:
    numbers = PACE.between(BEGINNING_MS + DAY_MS - 1_000, BEGINNING_MS + DAY_MS + 1_000)
    assert [IDS.of(numbers[i : i + 1])[0] for i in range(len(numbers))] == IDS.of(numbers)


def test_no_cells_have_no_ids() -> None:
    assert IDS.of(np.array([], dtype=np.int64)) == []
