"""Parameters that a notebook does not have, and values of another type, are refused."""

import IPython
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.notebook_parameters import check_parameters, faults

PARAMETERS = """SOURCE: str = "sample"  # a folder
EPOCHS: int = 12  # rounds
SHARE: float = 0.5  # of all
ALL: bool = True  # all of them"""
VALUES = {"SOURCE": "sample", "EPOCHS": 12, "SHARE": .5, "ALL": True}


def handed(**values):
    """The faults of a notebook that papermill hands these values to."""
    cell = "\n".join(["# Parameters", *(f"{name} = {value!r}" for name, value in values.items())])
    return faults(["", "import os", PARAMETERS, cell, "check_parameters()"], VALUES | values)


def test_a_name_that_the_notebook_does_not_have_is_refused_with_the_nearest():
    (fault,) = handed(SOURC="x")
    assert "no parameter SOURC" in fault and "did you mean SOURCE?" in fault
    (fault,) = handed(zzz=1)
    assert "zzz" in fault and "mean" not in fault and "EPOCHS" in fault
    assert "did you mean SOURCE?" in handed(source="x")[0]


@pytest.mark.parametrize("name, value", [("EPOCHS", "12"), ("EPOCHS", 1.5), ("EPOCHS", True), ("SOURCE", 1999),
                                         ("SOURCE", None), ("SHARE", "many"), ("ALL", 1)])
def test_a_value_of_another_type_is_refused(name, value):
    (fault,) = handed(**{name: value})
    assert fault.startswith(f"{name} must be ") and repr(value) in fault


@pytest.mark.parametrize("values", [{}, {"SOURCE": "x", "EPOCHS": 1}, {"SHARE": 1}, {"ALL": False}])
def test_what_the_notebook_has_is_accepted(values):
    assert handed(**values) == []


@given(st.lists(st.text() | st.sampled_from(["%pip install x", "X: str = 1; f(", "# Parameters\nA = 1"]), max_size=5))
def test_cells_of_any_text_do_no_harm_where_nothing_was_handed_over(cells):
    """In Jupyter, whatever a user ran before, and whichever cells."""
    assert faults([*cells, PARAMETERS, "check_parameters()"], VALUES) == []


def test_a_cell_that_a_user_ran_before_the_parameters_is_not_papermills():
    assert faults(["# Parameters\nMINE = 1", PARAMETERS], VALUES) == []
    assert faults(["# Parameters\nMINE = 1"], {}) == []


def test_a_plain_script_is_not_checked(monkeypatch):
    monkeypatch.setattr(IPython, "get_ipython", lambda: None)
    check_parameters()


def test_in_ipython_the_cells_that_ran_are_checked(monkeypatch):
    class Shell:
        user_ns = VALUES | {"In": [PARAMETERS, "# Parameters\nEPOCH = 3"]}
    monkeypatch.setattr(IPython, "get_ipython", Shell)
    with pytest.raises(ValueError, match="did you mean EPOCHS"):
        check_parameters()
