"""A policy and its parameters, in a form that is sent to the workers of a cluster.

The *driver* is the program that sends work to the workers. A worker does not get compiled code. It gets the texts of
the policy, and each process compiles them one time. The worker then compares two values with the values of the driver:
the digest of the policy, and the version of activenic. So a worker with another version never decides a host, because
this version could give other answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from evaluator.base.diagnostic import Diagnostic, QuestionError
from evaluator.base.source import Source
from evaluator.base.version import __version__
from evaluator.engine import Policy
from evaluator.fleet.rows import Asked
from evaluator.policy.load import program_of_texts
from evaluator.policy.parameters import ParameterInput


class PolicyTexts(Struct, frozen=True):
    """The texts of a policy.

    `sources` are the texts of the policy and of its bases; the text of the first base is first. `digest` is the digest
    of the policy. `version` is the version of activenic on the driver.
    """

    sources: tuple[Source, ...]
    digest: str
    version: str


class AskedTexts(Struct, frozen=True):
    """The same as `Asked`, but with the texts of the policy. A process that receives this value calls `load`."""

    texts: PolicyTexts
    parameters: Mapping[str, ParameterInput | None]
    findings: bool
    digest: bool

    @staticmethod
    def of(asked: Asked) -> AskedTexts:
        """Return the value that is sent to the workers."""
        program = asked.policy.program
        pairs = zip(program.texts, program.contents, strict=True)
        sources = tuple(Source(text.name, content) for text, content in pairs)
        texts = PolicyTexts(sources, program.digest, __version__)
        return AskedTexts(texts, dict(asked.parameters), asked.findings, asked.digest)

    def load(self) -> Asked:
        """Return the policy with the parameters. A process compiles the policy only once.

        Raises QuestionError if this process has another version of activenic, or if the digest differs.
        """
        return Asked(_policy_of(self.texts), self.parameters, self.findings, self.digest)


@lru_cache(8)
def _policy_of(texts: PolicyTexts) -> Policy:
    if texts.version != __version__:
        message = f"a Spark worker has activenic {__version__}, but the Spark driver has activenic {texts.version}"
        raise QuestionError(
            [Diagnostic("FLEET_WORKER_VERSION", message, hint="install the same version on all workers")]
        )
    policy = Policy(program_of_texts(texts.sources))
    if policy.digest != texts.digest:
        message = f"the policy has the digest {policy.digest} on a Spark worker, and {texts.digest} on the Spark driver"
        raise QuestionError([Diagnostic("FLEET_POLICY_DIFFERS", message)])
    return policy
