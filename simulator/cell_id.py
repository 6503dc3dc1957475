"""Cell ids of 17 characters: `D 1 26 326 01 0012345 K` without the spaces.

Site, line, year, day of the year, winder, sequence of the day on the line, and a check character
after ISO 7064 MOD 37,36. The day is a day of UTC: its length never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from simulator.noise import Ints
from simulator.pace import BEGINNING_MS, Pace

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LENGTH = 17

_CHARACTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_BASE = len(ALPHABET)
_DAY_MS = 86_400_000
_FIRST_DAY = date(2020, 1, 1)

#: The four digits of each number below 10,000.
_DIGITS = np.array([[n // 10**k % 10 for k in (3, 2, 1, 0)] for n in range(10_000)], dtype=np.uint8)
#: One step of the check: from the product so far and a character's code to the next product.
_STEP = np.array(
    [
        [((p + c) % _BASE or _BASE) * 2 % (_BASE + 1) for c in range(_BASE)]
        for p in range(_BASE + 1)
    ],
    dtype=np.uint8,
)


@dataclass(frozen=True)
class CellIds:
    """Makes the ids of the cells of one line.

    *line_number* counts the plant's lines from 1; cell *n* comes from winder
    `n % winders` + 1 and carries it as two characters to the base 36.
    """

    site: str
    line_number: int
    winders: int
    pace: Pace

    def of(self, numbers: Ints) -> list[str]:
        """Return the ids of the cells *numbers*."""
        codes = np.empty((len(numbers), LENGTH), dtype=np.uint8)
        codes[:, 0] = ALPHABET.index(self.site[0].upper())
        codes[:, 1] = self.line_number % _BASE
        days = (self.pace.times_ms(numbers) - BEGINNING_MS) // _DAY_MS
        sequence = np.empty_like(numbers)
        for day in np.unique(days).tolist():
            today = days == day
            codes[today, 2:7] = [int(digit) for digit in _year_and_day(day)]
            sequence[today] = numbers[today] - self.pace.first_from(BEGINNING_MS + day * _DAY_MS)
        winder = numbers % self.winders + 1
        codes[:, 7] = winder // _BASE % _BASE
        codes[:, 8] = winder % _BASE
        codes[:, 9:12] = _DIGITS[sequence // 10_000 % 1_000, 1:]
        codes[:, 12:16] = _DIGITS[sequence % 10_000]
        codes[:, 16] = check_codes(codes[:, :16])
        text = _CHARACTERS[codes].tobytes().decode("ascii")
        return [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]


def check_codes(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the check code of each row after ISO 7064 MOD 37,36 (hybrid system)."""
    product = np.full(len(codes), _BASE, dtype=np.uint8)
    for column in codes.T:
        product = _STEP[product, column]
    return (_BASE + 1 - product) % _BASE


def _year_and_day(day: int) -> str:
    return (_FIRST_DAY + timedelta(days=day)).strftime("%y%j")
