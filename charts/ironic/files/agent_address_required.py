"""Makes Ironic boot a host again, instead of failing a deployment, when it does not know the address of the host's
agent.

Problem: fast track (ironic/conductor/utils.py, agent_is_alive) counts an inspection that finished a short while ago as
a sign that the agent is alive, even if no heartbeat of that agent was recorded. That is so while the host is locked:
BMO, told at once that the inspection is done (state_notifier.py), begins the deployment before the next heartbeat. It
is so, too, after the host was powered off and on, as when a first deployment was undone soon after the inspection. The
deployment fails with "Agent driver requires agent_url", and BMO tries again one to two minutes later.

Fix: an agent counts as alive only if its address is known. Otherwise Ironic reboots the host, which takes seconds.
"""

import functools

import ironic.command  # noqa: F401 (must come first: it chooses the threading backend of oslo.service)
from ironic.conductor import utils

ROW = "ironic-agent-address-required"
REPLACES = {
    # Ironic 34.0.0 to 37.0.0, without 35.1.0. Then 38.0.0 and 39.0.0, where a heartbeat without an address counts no
    # more, but an inspection that has just finished still does.
    "ironic.conductor.utils:agent_is_alive": {"3bb08fa514a16a22", "8c8f0f65de9793ad"},
}


def make():
    agent_is_alive = utils.agent_is_alive

    @functools.wraps(agent_is_alive)
    def reachable_and_alive(node, timeout=None):
        return bool(node.driver_internal_info.get("agent_url")) and agent_is_alive(node, timeout)

    utils.agent_is_alive = reachable_and_alive
