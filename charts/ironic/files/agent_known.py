"""Ironic takes an inspection that ended a moment ago for a sign that the host's agent can be asked, even if none of that agent's heartbeats was recorded (they are
not while the host is locked). BMO, told at once that inspection is done (host_news.py), then begins a deployment before the next heartbeat, and it fails: "Agent
driver requires agent_url". BMO tries again after two minutes. Without an agent's address the host is booted anew instead, which takes seconds.
"""

import functools

import ironic.command  # noqa: F401 (first of all: it chooses how oslo.service runs threads, and the others would choose otherwise)
from ironic.conductor import utils


def require_address():
    """Has Ironic take only an agent whose address it knows for alive."""
    agent_is_alive = utils.agent_is_alive

    @functools.wraps(agent_is_alive)
    def known_and_alive(node, timeout=None):
        return bool(node.driver_internal_info.get("agent_url")) and agent_is_alive(node, timeout)

    utils.agent_is_alive = known_and_alive
