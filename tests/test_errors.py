import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor import i18n
from tutor.errors import ImpossibleError, ParameterError, TutorError, UnknownNameError


def test_an_error_is_told_in_the_language_in_use_when_it_is_told() -> None:
    error = ParameterError("error.parameter.range", name="prior", value=2, low=0.0, high=1.0)
    assert str(error) == "prior: 2 is not between 0 and 1."
    i18n.use("ko")
    assert str(error) != "prior: 2 is not between 0 and 1."
    assert "prior" in str(error)
    i18n.use("en")
    assert str(error) == "prior: 2 is not between 0 and 1."


def test_an_error_keeps_its_key_and_values() -> None:
    error = TutorError("error.plain", told="x")
    assert (error.key, error.values, error.args) == ("error.plain", {"told": "x"}, ("error.plain",))


def test_a_value_may_be_called_key_or_self() -> None:
    assert TutorError("error.plain", key=1, self=2, told="x").values["key"] == 1


@given(st.text())
def test_what_is_told_is_not_read_as_a_template(told: str) -> None:
    assert str(TutorError("error.plain", told=told)) == told


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("bays", "bayes"),
        ("BAYES", "bayes, trial, update"),
        ("pdate", "update, bayes"),
        ("", "bayes, trial, update"),
        ("zzzzz", "bayes, trial, update"),
        ("{0}", "bayes, trial, update"),
    ],
)
def test_an_unknown_name_comes_with_the_nearest(name: str, nearest: str) -> None:
    error = UnknownNameError("lesson", name, ["trial", "bayes", "update"])
    assert error.values == {"name": name, "nearest": nearest}
    assert str(error) == f"There is no lesson {name}. Nearest: {nearest}"


def test_of_many_names_only_some_are_told() -> None:
    error = UnknownNameError("task", "zzz", (f"a.{n}" for n in range(100)))
    assert error.values["nearest"].count(",") == 7
    error = UnknownNameError("task", "alpha", [f"alpha{n}" for n in range(100)])
    assert error.values["nearest"].count(",") == 2


@pytest.mark.parametrize("kind", ["lesson", "task", "parameter"])
def test_every_kind_of_name_has_its_message(kind: str) -> None:
    for language in i18n.LANGUAGES:
        i18n.use(language)
        assert "nam" in str(UnknownNameError(kind, "nam", ["name"]))


def test_what_is_impossible_is_told_by_its_name_and_values() -> None:
    error = ImpossibleError("zero_evidence", prior=0.0, result=2)
    assert str(error) == "zero_evidence (prior=0.0, result=2)"


def test_each_kind_can_be_caught_as_an_error_for_people() -> None:
    for kind in (ParameterError, ImpossibleError, UnknownNameError):
        assert issubclass(kind, TutorError)


def test_an_error_whose_message_is_missing_is_told_by_its_key() -> None:
    assert "error.of.a.newer.host" in str(TutorError("error.of.a.newer.host", told="x"))
