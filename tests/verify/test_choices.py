"""The enumeration of choices: every combination that is read, and no other."""

from evaluator.verify.choices import Choices


def test_every_combination_of_the_choices_that_are_read_is_one_run():
    choices, seen = Choices(), []
    for _ in choices.runs():
        first = choices.choose(("first",), "abc")
        seen.append((first, choices.choose(("second",), "xy") if first != "b" else ""))
    assert seen == [("a", "x"), ("a", "y"), ("b", ""), ("c", "x"), ("c", "y")]


def test_after_a_restart_fewer_choices_can_be_read():
    choices, seen = Choices(), []
    for number, _ in enumerate(choices.runs()):
        if number == 0:
            choices.choose(("first",), "abc")
        seen.append(choices.choose(("second",), "xy"))
        if number == 0:
            choices.restart()
    assert seen == ["x", "x", "y"]
