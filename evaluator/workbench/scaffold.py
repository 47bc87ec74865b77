"""The files of a new policy: the policy, its tests and a page about the policy. The new files pass every check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from evaluator.base.diagnostic import Diagnostic, PolicyError
from evaluator.base.shipped import read_shipped
from evaluator.base.text import quote, quote_path, reason_of
from evaluator.policy.source.find import shipped_names

BASES = ("strict", "empty")
_SCHEMAS = (".schemas/policy.schema.json", ".schemas/policy-test.schema.json")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_EXTENDING = """policy: {name}
extends: {base}
description: {title}, based on {base}.
rules:
  # An example: bridges of containers are never the hostActiveNic. Change this rule, or remove the rule and its tests.
  - name: ignore-container-bridges
    after: owns-host-address
    rule: discard nic when nic.name like ["docker0", "virbr*", "cni*"]
"""
_OF_ITS_OWN = """policy: {name}
description: {title}.
rules:
  - name: owns-host-address
    rule: match nic when nic.addresses overlaps host.addresses

  - name: one-interface
    rule: ambiguous when count(candidates) > 1
    code: SEVERAL_INTERFACES
    message: "several interfaces own host addresses: {{candidates.addresses}}"
    hint: use one address of the host
"""
_TESTS_OF_EXTENDING = """policy: ./{name}.yaml
tests:
  - name: the bond owns the host address
    given: bond0 over ens1, ens2 has 192.0.2.10/24
    host: 192.0.2.10
    want: resolved bond0

  - name: a container bridge with the same address is ignored
    given: ens1 has 192.0.2.10/24; bridge docker0 has 192.0.2.10/24
    host: 192.0.2.10
    want: resolved ens1
"""
_TESTS_OF_ITS_OWN = """policy: ./{name}.yaml
tests:
  - name: the owner of the host address
    given: ens1 has 192.0.2.10/24; ens2 has 192.0.2.20/24
    host: 192.0.2.10
    want: resolved ens1

  - name: two owners
    given: ens1 has 192.0.2.10/24; ens2 has 192.0.2.10/24
    host: 192.0.2.10
    want: ambiguous
"""
_PAGE = """# {title}

`{name}.yaml` is a policy of activenic: it decides which interface of a host owns the host address.

    activenic check --strict {name}.yaml
    activenic test {name}.test.yaml
    activenic fmt --check {name}.yaml
    activenic decide REPORT --address IP --policy ./{name}.yaml
"""


def files_of(name: str, base: str) -> Mapping[str, str]:
    """Return the texts of a new policy's files by their names. Raises PolicyError if the name is not allowed.

    The schemas of the two YAML files are copied too, and a comment in each file names its schema. So an editor with a
    language server for YAML can complete and check the keys without network access.
    """
    if _NAME.fullmatch(name) is None or name in shipped_names():
        message = f"{quote(name)} cannot be the name of a new policy"
        hint = (
            "a shipped policy has this name"
            if name in shipped_names()
            else "lower-case letters, digits and hyphens: my-site"
        )
        raise PolicyError([Diagnostic("POLICY_NAME", message, hint=hint)])
    texts = (_OF_ITS_OWN, _TESTS_OF_ITS_OWN) if base == "empty" else (_EXTENDING, _TESTS_OF_EXTENDING)
    title = name.replace("-", " ").capitalize()
    files: dict[str, str] = {}
    for file, schema, text in zip((f"{name}.yaml", f"{name}.test.yaml"), _SCHEMAS, texts, strict=True):
        files[file] = f"# yaml-language-server: $schema={schema}\n" + text.format(name=name, base=base, title=title)
    files["README.md"] = _PAGE.format(name=name, title=title)
    return files | {schema: read_shipped("schemas", Path(schema).name).decode() for schema in _SCHEMAS}


def write_new(folder: Path, name: str, base: str) -> tuple[Path, ...]:
    """Write the files of a new policy into a new folder, which has the name of the policy.

    Raises PolicyError if the folder exists or cannot be written.
    """
    texts, target = files_of(name, base), folder / name
    try:
        target.mkdir()
        for file, text in texts.items():
            (target / file).parent.mkdir(exist_ok=True)
            (target / file).write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{quote_path(target)} cannot be created: {reason_of(error)}"
        raise PolicyError([Diagnostic("POLICY_UNWRITABLE", message)]) from None
    return tuple(target / file for file in texts)
