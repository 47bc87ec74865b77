"""Asks a service with the OPA clients of PyPI and prints what they return, as JSON.

Arguments: the port of the service, and a question.
"""

import asyncio
import json
import sys

from opa import OPAClient
from opa.exceptions import PolicyNotFound, PolicyRequestError
from opa_client.opa import OpaClient
from opa_client.opa_async import AsyncOpaClient

port, question = int(sys.argv[1]), json.loads(sys.argv[2])
client = OpaClient(host="127.0.0.1", port=port)
other = OPAClient(url=f"http://127.0.0.1:{port}/")
errors = []
for package, value in (("activenic.decision", {"report": 1}), ("activenic.none", question)):
    try:
        other.check_policy(package, value)
    except (PolicyRequestError, PolicyNotFound) as error:
        errors.append(type(error).__name__)


async def ask() -> object:
    """Ask with the asynchronous client."""
    async with AsyncOpaClient(host="127.0.0.1", port=port) as asynchronous:
        return (await asynchronous.query_rule(question, "activenic", "resolved"))["result"]


print(
    json.dumps(
        {
            "health": [client.check_health(), client.check_connection(), other.check_health()],
            "resolved": client.query_rule(question, "activenic", "resolved")["result"],
            "asynchronous": asyncio.run(ask()),
            "name": other.check_policy("activenic/decision", question)["hostActiveNic"],
            "errors": errors,
        }
    )
)
