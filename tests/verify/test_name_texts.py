"""The names that conditions distinguish: one of each class, and only names that an interface can have."""

import pytest

from evaluator.verify.classes import glob_combinations
from evaluator.verify.name_texts import NameTexts, class_of

GLOBS = [("eth*", "*0"), ("eth0", "virbr*"), ("[!a]*", "??"), ("a/b", "lo", "*"), ("*x*", "*y*"), ("eth[[]0]",)]


@pytest.mark.parametrize("globs", GLOBS)
def test_each_class_of_names_has_different_names(globs):
    found = NameTexts.of(globs)
    assert found.names.keys() <= glob_combinations(globs)
    for combination, names in found.names.items():
        assert len(set(names)) == len(names)
        assert {class_of(globs, name) for name in names} <= {combination}
        assert all(0 < len(name) <= 15 and "/" not in name and " " not in name for name in names)


def test_a_name_is_used_once_and_the_usual_name_comes_first():
    found = NameTexts.of(("docker*", "eth0"))
    assert found.options("nic0", ()) == ("nic0", *found.options("nic0", ())[1:])
    assert {class_of(found.globs, name) for name in found.options("nic0", ())} == {
        (False, False),
        (False, True),
        (True, False),
    }
    assert "eth0" not in found.options("nic0", ("eth0", "nic0"))
    assert len(found.options("nic0", ("eth0", "nic0"))) == 2


def test_a_text_that_no_interface_can_have_as_its_name_has_no_name():
    assert not NameTexts.of(("a/b",)).names.get((True,))
    assert not NameTexts.of(("this-name-is-too-long",)).names[(True,)]
