"""The traps of the raw formats, on a few lines with the same traps as the full exports."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from simulator.cycler import parse, read_recording
from simulator.recording import CyclerError, Source

DATA = Path(__file__).parents[1] / "data"

NOVONIX = """\
[Summary]
Novonix HPC data file
Cell: Test_Form-CH01-01.csv
Serial Number:\x20
Mass (g): 1.000
Started: 2022-04-11 11:59:59 AM
[End Summary]
[Protocol]
[0: Open_circuit_storage:]
   [Save data when Δt > 1 seconds]
"   [During CV, End step when hold time > 15 hours]"
[End Protocol]
[Data]
"Date and Time,Cycle Number,Step Type,Run Time (h),Current (A),Potential (V),Temperature (°C),\
Circuit Temperature (°C)"
"2022-04-11 11:59:59 AM,1,0,0.0000000,0.0000000000,0.13736417,38.92947006,23.366"
"2022-04-11 12:00:00 PM,1,7,0.0003111,0.0539010466,0.13736194,38.92958832,23.373"
"2022-04-11 12:00:00 PM,1,2,0.0003306,-0.0480000000,3.90000001,38.92704010,23.367"
"""

_NAMES = "Rec#\tCyc#\tStep\tTest (Sec)\tAmp-hr\tAmps\tVolts\tState\tES\tDPt Time\tWF Chg Cap"
_HEAD = (
    "Today's Date 09/01/2020  Date of Test:\t12/16/2019\t Filename:\tE:\\Backup\\P 1\\P.034"
    " Procedure: PreDiag.000\tComment/Barcode: 000229\t"
)


def maccor(*rows: tuple[str, str, str, str, str]) -> bytes:
    """Return an export of rows of seconds, amps, volts, state and clock."""
    lines = [_HEAD, _NAMES]
    for number, (seconds, amps, volts, state, clock) in enumerate(rows, start=1):
        lines.append(f"{number}\t0\t1\t{seconds}\t0.0\t{amps}\t{volts}\t{state}\t1\t{clock}\tN/A")
    return "\r\n".join([*lines, ""]).encode("ascii")


CLOCK = "12/16/2019 14:03:25"
REST = ("0.0000", "0.0000000000", "3.45922026", "R", CLOCK)
CHARGE = ("30.0100", "0.1382467384", "4.19996948", "C", CLOCK)
DISCHARGE = ("30.0300", "-0.6981002518", "4.18020905", "D", CLOCK)
UNSIGNED = ("30.0300", "0.6981002518", "4.18020905", "D", CLOCK)


def broken(content: bytes) -> str:
    with pytest.raises(CyclerError) as caught:
        parse("cell.034", content)
    return str(caught.value)


def test_a_novonix_export_is_known_by_its_content_and_keeps_every_value() -> None:
    recording = parse("any name.txt", NOVONIX.encode())
    assert recording.source is Source.NOVONIX
    assert recording.cell == "Test_Form-CH01-01"
    assert recording.voltage_v.tolist() == [0.13736417, 0.13736194, 3.90000001]
    assert recording.current_a.tolist() == [0.0, 0.0539010466, -0.048]
    assert recording.temperature_cel.tolist() == [38.92947006, 38.92958832, 38.9270401]
    assert recording.moved == 0


def test_novonix_times_are_the_run_time_exactly_not_the_one_second_clock() -> None:
    assert parse("x", NOVONIX.encode()).time_us.tolist() == [0, 1_119_960, 1_190_160]


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("12:00:00 PM", 12), ("12:00:00 AM", 0), ("4:00:00 AM", 4), ("04:00:00 PM", 16)],
)
def test_novonix_clocks_count_twelve_hours_twice(clock: str, hour: int) -> None:
    recording = parse("x", NOVONIX.replace("11:59:59 AM,1", f"{clock},1").encode())
    assert recording.started == datetime(2022, 4, 11, hour, tzinfo=UTC)


def test_novonix_text_may_be_latin_1_with_a_byte_that_looks_like_a_line_end() -> None:
    content = NOVONIX.replace("Δ", "\x85").replace("Mass", "Maß").encode("latin-1")
    assert parse("x", content).temperature_cel[0] == 38.92947006


def test_novonix_rows_may_carry_values_without_a_name() -> None:
    assert len(parse("x", NOVONIX.replace("23.373", "23.373,1,0").encode())) == 3


def test_novonix_rows_may_stand_without_quotes() -> None:
    assert len(parse("x", NOVONIX.replace('"', "").encode())) == 3


def test_the_serial_number_names_the_cell_where_there_is_one() -> None:
    assert parse("x", NOVONIX.replace("Number: ", "Number: S-77").encode()).cell == "S-77"


def test_a_maccor_export_is_known_by_its_content_and_keeps_every_value() -> None:
    recording = parse("x.csv", maccor(REST, CHARGE, DISCHARGE))
    assert recording.source is Source.MACCOR
    assert recording.cell == "000229"
    assert recording.time_us.tolist() == [0, 30_010_000, 30_030_000]
    assert recording.voltage_v.tolist() == [3.45922026, 4.19996948, 4.18020905]
    assert recording.current_a.tolist() == [0.0, 0.1382467384, -0.6981002518]
    assert np.isnan(recording.temperature_cel).all()
    assert not recording.has_temperature


def test_maccor_current_without_sign_takes_it_from_the_state() -> None:
    still = ("40.0000", "0.0000000000", "4.18", "D", CLOCK)
    current = parse("x", maccor(REST, CHARGE, UNSIGNED, still)).current_a
    assert current.tolist() == [0.0, 0.1382467384, -0.6981002518, 0.0]
    assert not np.signbit(current[3])


def test_maccor_current_with_sign_is_kept_as_it_is() -> None:
    overshoot = ("40.0000", "0.0001000000", "4.18", "D", CLOCK)
    current = parse("x", maccor(CHARGE, DISCHARGE, overshoot)).current_a
    assert current.tolist() == [0.1382467384, -0.6981002518, 0.0001]


def test_maccor_current_of_an_unknown_state_is_not_guessed() -> None:
    pulse = ("40.0000", "0.5", "4.18", "P", CLOCK)
    text = broken(maccor(CHARGE, UNSIGNED, pulse))
    assert "line 5" in text
    assert "'State' is 'P'" in text
    assert len(parse("x", maccor(CHARGE, DISCHARGE, pulse))) == 3


@pytest.mark.parametrize("seconds", ["82,621.2500", '"82,621.2500"', "1,082,621.2500"])
def test_maccor_numbers_may_have_thousands_separators_and_quotes(seconds: str) -> None:
    recording = parse("x", maccor(REST, (seconds, *CHARGE[1:])))
    assert recording.time_us[1] == int(seconds.strip('"').replace(",", "").replace(".", "")) * 100


def test_a_comma_that_may_be_a_decimal_comma_is_refused() -> None:
    text = broken(maccor(REST, ("30.0", "0.1", "4,199", "C", CLOCK)))
    assert "line 4" in text
    assert "'Volts' is '4,199'" in text


def test_maccor_clocks_that_repeat_or_go_back_do_not_touch_the_times() -> None:
    back = ("30.0400", "0.0000000000", "4.18", "R", "12/16/2019 13:03:25")
    assert parse("x", maccor(REST, CHARGE, DISCHARGE, back)).time_us[-1] == 30_040_000


def test_maccor_dates_without_a_zone_are_read_as_of_the_zone_given() -> None:
    started = parse("x", maccor(REST), ZoneInfo("America/Chicago")).started
    assert started == datetime(2019, 12, 16, 20, 3, 25, tzinfo=UTC)


def test_a_maccor_date_that_lacks_its_time_means_midnight() -> None:
    started = parse("x", maccor((*REST[:4], "12/16/2019"))).started
    assert started == datetime(2019, 12, 16, tzinfo=UTC)


def test_samples_of_one_time_stand_a_microsecond_apart_and_are_counted() -> None:
    twice = ("30.0100", "0.0", "4.1", "R", CLOCK)
    recording = parse("x", maccor(REST, CHARGE, twice, twice, DISCHARGE))
    assert recording.time_us.tolist() == [0, 30_010_000, 30_010_001, 30_010_002, 30_030_000]
    assert recording.moved == 2


def test_times_that_run_backwards_are_refused_with_their_line() -> None:
    text = broken(maccor(REST, DISCHARGE, CHARGE))
    assert "cell.034, line 5: time runs backwards, from 30.030000 s to 30.010000 s" in text


@pytest.mark.parametrize("wrong", ["nan", "inf", "1e999", "1_0", "0x1p3", "", "N/A", "abc"])
def test_what_is_no_finite_number_is_refused_with_its_line_and_column(wrong: str) -> None:
    text = broken(maccor(REST, ("30.0", "0.1", wrong, "C", CLOCK)))
    assert text.startswith(f"cell.034, line 4: 'Volts' is {wrong!r}, expected a number")


def test_a_line_that_is_cut_off_is_refused() -> None:
    content = maccor(REST, CHARGE).rstrip()[:-20]
    assert "line 4" in broken(content)
    assert "cut off" in broken(content)
    assert "line 17" in broken(NOVONIX.encode()[:-60])


def test_decimal_commas_in_a_novonix_export_are_refused() -> None:
    rows = NOVONIX.split('ure (°C)"\n')
    text = broken(f'{rows[0]}ure (°C)"\n{rows[1].replace(".", ",")}'.encode())
    assert "line 15: 13 values, expected 8 to 12" in text


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "line 1: neither a Novonix export"),
        (b"\x00\xff\xfe\x80", "line 1: neither a Novonix export"),
        (b"a,b\n1,2\n", "neither a Novonix export (begins with [Summary]), nor a Maccor"),
        (
            NOVONIX.split("[Data]", maxsplit=1)[0].encode(),
            "line 12: the file ends without a [Data] block",
        ),
        (NOVONIX.split('"Date and', maxsplit=1)[0].encode(), "nothing follows [Data]"),
        (NOVONIX.split('"2022', maxsplit=1)[0].encode(), "no row follows"),
        (NOVONIX.replace("Potential", "Pot").encode(), "line 14: no column 'Potential (V)'"),
        (NOVONIX.replace("11:59:59 AM,", "23:59:59,").encode(), "like '2022-04-11 4:24:05 AM'"),
        (maccor(), "no row follows"),
        (maccor(REST).replace(b"Amps", b"mA"), "line 2: no column 'Amps'"),
        (maccor((*REST[:4], "16.12.2019 14:03")), "line 3: 'DPt Time' is '16.12.2019 14:03'"),
        (b"time_s,voltage_v\n0,1\n", "line 1: no column 'current_a'"),
        (b"time_s,voltage_v,current_a\n", "no row follows"),
        (b"time_s,voltage_v,current_a\n0,1\n", "line 2: 2 values, expected 3"),
    ],
)
def test_a_malformed_file_says_where_and_what_was_expected(content: bytes, expected: str) -> None:
    assert expected in broken(content)


def test_a_tidy_file_may_lack_temperatures_here_and_there() -> None:
    content = "time_s,voltage_v,current_a,temperature_cel\n0.00001,3.5,-1,\n1,3.25,1e-3,25.5\n"
    recording = parse("folder.of/cell-1.csv", content.encode("utf-8-sig"))
    assert recording.source is Source.TIDY
    assert recording.cell == "cell-1"
    assert recording.started is None
    assert recording.time_us.tolist() == [10, 1_000_000]
    assert recording.duration_us == 999_990
    assert recording.has_temperature
    assert np.isnan(recording.temperature_cel[0])


def test_the_columns_of_a_recording_cannot_be_changed() -> None:
    recording = parse("x", maccor(REST))
    with pytest.raises(ValueError, match="read-only"):
        recording.voltage_v[0] = 1.0


@pytest.mark.parametrize(
    ("name", "rows", "last_us", "voltage", "current"),
    [
        (
            "maccor_diagnostic.csv",
            454,
            56_806_730_000,
            (2.70000763, 4.20004578),
            (-0.6985580224, 4.8455024033),
        ),
        (
            "novonix_formation.csv",
            300,
            62_764_470_000,
            (0.1371027, 3.42744146),
            (0.0, 0.0539010466),
        ),
    ],
)
def test_the_measured_extracts_are_whole(
    name: str, rows: int, last_us: int, voltage: tuple[float, float], current: tuple[float, float]
) -> None:
    recording = read_recording(DATA / name)
    assert len(recording) == rows
    assert recording.time_us[-1] == last_us
    assert (recording.voltage_v.min(), recording.voltage_v.max()) == voltage
    assert (recording.current_a.min(), recording.current_a.max()) == current
    assert recording.moved == 0
