from typing import Any

import pytest

from pe_host.privacy.readers.series.layout import Layout, find_layout, find_lists
from pe_sdk import SourceError, SourceOptions


def _find(header: str, **options: Any) -> Layout:
    return find_layout(header.split(","), SourceOptions(**options), "f.csv")


@pytest.mark.parametrize(
    ("header", "options", "roles", "features"),
    [
        ("id,timestamp,value,label", {}, ("id", "timestamp", "", "label"), ("value",)),
        ("unique_id,ds,y", {}, ("unique_id", "ds", "", ""), ("y",)),
        ("Customer,Time,load", {}, ("Customer", "Time", "Customer", ""), ("load",)),
        ("customer_id,meter,t,a,b", {}, ("meter", "t", "customer_id", ""), ("a", "b")),
        (
            "customer,day,time,load",
            {"id": "day"},
            ("day", "time", "customer", ""),
            ("load",),
        ),
        ("run,load,kind", {"id": "run", "labels": "kind"}, ("run", "", "", "kind"), ("load",)),
        ("unit,cycle,s1,s2", {"time": "cycle"}, ("unit", "cycle", "", ""), ("s1", "s2")),
        ("id,time,load,note", {"values": ("load",)}, ("id", "time", "", ""), ("load",)),
        (",id,t,x", {}, ("id", "t", "", ""), ("x",)),
        ("id,t,client,x", {"client": "client"}, ("id", "t", "client", ""), ("x",)),
    ],
)
def test_long_tables(
    header: str, options: dict[str, Any], roles: tuple[str, ...], features: tuple[str, ...]
) -> None:
    found = _find(header, **options)
    assert found.long and (found.id, found.time, found.client, found.label) == roles
    assert found.features == features == tuple(name for (name,) in found.values)


@pytest.mark.parametrize(
    ("header", "options", "label", "features", "steps"),
    [
        ("label,t0,t1,t2", {}, "label", ("x1",), 3),
        ("0,1,2,3,class", {}, "class", ("x1",), 4),
        (",0,1,2", {}, "", ("x1",), 3),
        ("00:00,00:15,00:30", {}, "", ("x1",), 3),
        ("2024-01-01,2024-01-02,label", {}, "label", ("x1",), 2),
        ("h01,h02,h03,kind", {"labels": "kind"}, "kind", ("x1",), 3),
        ("load_0,load_1,temp_0,temp_1", {}, "", ("load", "temp"), 2),
        ("kwh_00,kwh_01,kwh_02", {}, "", ("kwh",), 3),
        ("id,t1,t2", {}, "", ("x1",), 2),
        ("mon,tue,wed", {"values": ("mon", "tue", "wed")}, "", ("x1",), 3),
        ("mon,tue,wed,label", {"length": 3}, "label", ("x1",), 3),
        ("V1,V2,V3", {"length": 3}, "", ("x1",), 3),
        ("date,h1,h2,h3", {"length": 3}, "", ("x1",), 3),
        ("id,time,s1,s2,s3", {"length": 3}, "", ("x1",), 3),
    ],
)
def test_wide_tables(
    header: str, options: dict[str, Any], label: str, features: tuple[str, ...], steps: int
) -> None:
    found = _find(header, **options)
    assert not found.long and found.label == label
    assert found.features == features
    assert found.steps == steps and all(len(columns) == steps for columns in found.values)
    assert set(found.passed_over) <= {"", "id", "date", "time"}


@pytest.mark.parametrize(
    ("header", "options", "what", "fix"),
    [
        ("age,workclass,income", {}, "tables and text are not supported yet", "--id COLUMN"),
        ("text,label", {}, "tables and text are not supported yet", "lists in Parquet"),
        ("label,1x1,1x2,1x3", {}, "tables and text are not supported yet", "--values"),
        ("timestamp,load", {}, "no column says to which series", "--id"),
        ("time,MT_001,MT_002", {}, "can be the steps of a series or not", "--length 2 if"),
        ("id,time,s1,s2", {}, "can be the steps of a series or not", "--id id --time time"),
        ("label,pixel0,pixel1", {}, "can be the steps of a series or not", "--length 2 if"),
        ("label,temp_1,temp_2,temp_3,hum_2,hum_3,hum_9", {}, "do not count the same steps", "a_1"),
        ("a_0,a_1,b_1,b_2", {"length": 2}, "of 'a', 'b' do not count the same", "--values A,B"),
        ("t1,t2,comment", {}, "not steps of a series: 'comment'", "--labels"),
        ("id,date,time,x", {}, "several columns could be the time", "--time date"),
        ("id,time,x,x", {}, "two columns have the name 'x'", "rename"),
        ("id,time,x", {"labels": "kind"}, "there is no column 'kind'", "'id', 'time', 'x'"),
        ("id,time", {}, "there is no column of values", "--values"),
        ("customer,day,time,load", {}, "features of the series or not: 'day'", "--values load"),
        ("id,time,load,class,kind", {"labels": "class"}, "or not: 'kind'", "--values load"),
        ("id,time,x", {"values": ("id",), "id": "id"}, "'id' cannot be a value", "--values"),
    ],
)
def test_what_names_do_not_decide_is_refused_with_what_does(
    header: str, options: dict[str, Any], what: str, fix: str
) -> None:
    with pytest.raises(SourceError) as caught:
        _find(header, **options)
    assert what in caught.value.what and fix in caught.value.fix
    assert caught.value.where == "f.csv"


def test_the_options_of_a_refusal_decide() -> None:
    assert not _find("time,MT_001,MT_002", length=2).long
    assert _find("id,time,s1,s2", id="id", time="time").long


def test_columns_that_hold_no_numbers_are_passed_over_where_the_file_says_so() -> None:
    names, numeric = ["id", "time", "load", "note"], {"id", "time", "load"}
    found = find_layout(names, SourceOptions(), "f.parquet", numeric)
    assert found.features == ("load",) and found.passed_over == ("note",)


def test_a_person_in_a_column_is_the_unit_of_privacy() -> None:
    """The safer reading is the default; a wide table has it too."""
    for name in ("client", "customer_id", "Patient", "USER ID"):
        assert _find(f"{name},t0,t1").client == name
    assert _find("customer,t0,t1", labels="customer").client == ""


def test_lists() -> None:
    names = ["load", "label", "user", "note", "temperature"]
    found = find_lists(names, ["load", "temperature"], SourceOptions(), "f")
    assert found.lists and found.features == ("load", "temperature")
    assert (found.label, found.client, found.passed_over) == ("label", "user", ("note",))
    one = find_lists(names, ["load", "temperature"], SourceOptions(values=("load",)), "f")
    assert one.features == ("load",) and "temperature" in one.passed_over
    with pytest.raises(SourceError, match="'note' does not hold lists of numbers"):
        find_lists(names, ["load"], SourceOptions(values=("note",)), "f")


def test_the_columns_that_names_have_decided_go_into_the_plan() -> None:
    found = _find("customer,meter,time,load,label")
    filled = found.fill_in(SourceOptions())
    again = find_layout(["customer", "meter", "time", "load", "label"], filled, "f")
    assert again == found and filled.values == ("load",) and filled.client == "customer"
