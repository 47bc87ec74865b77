"""Runs `activenic fleet decide` on a Spark cluster; needs the extra `spark` too."""

from __future__ import annotations

import argparse

from evaluator.cli.actions.fleet.decide import asked_of, decide_with
from evaluator.cli.exits import Exit
from evaluator.fleet.spark_ranges import spark_engine


def run(options: argparse.Namespace) -> int:
    """Decide the questions on the cluster."""
    asked = asked_of(options)
    settings = (setting.partition("=") for setting in options.spark_conf)
    with spark_engine(options.master, {name: value for name, _, value in settings}) as engine:
        decide_with(engine, asked, options)
    return Exit.DONE
