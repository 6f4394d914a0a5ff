"""agent_address_required.py: whether a deployment begins with the running agent (fast track) or with a reboot."""

import datetime
import unittest
from unittest import mock

import agent_address_required
from ironic.common import states
from ironic.conductor import task_manager, utils
from ironic.drivers.modules import agent

DAY = 86400


def ago(seconds):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)


def deploy(inspected=0, address="https://192.0.2.1:9999", heartbeat=None):
    """What Ironic does first, so many seconds after the inspection ended (`inspected`) and after a heartbeat."""
    info = {}
    if address:
        info["agent_url"] = address
    if heartbeat is not None:
        info["agent_last_heartbeat"] = ago(heartbeat).strftime("%Y-%m-%dT%H:%M:%S.%f")
    node = mock.Mock(
        uuid="u",
        power_state=states.POWER_ON,
        inspection_finished_at=ago(inspected),
        driver_internal_info=info,
        provision_state=states.DEPLOYING,
        last_error=None,
    )
    node.del_driver_internal_info.return_value = None
    task = mock.Mock(spec=task_manager.TaskManager)
    task.node, task.shared, task.driver, task.context = node, False, mock.Mock(), mock.Mock()
    task.driver.power.get_power_state.return_value = states.POWER_ON
    with (
        mock.patch.object(utils, "fast_track_able", return_value=True),
        mock.patch.object(agent.CustomAgentDeploy, "refresh_steps") as refresh,
        mock.patch.object(agent.deployments, "validate_deploy_steps"),
        mock.patch.object(utils, "node_power_action") as power,
    ):
        agent.CustomAgentDeploy().deploy(task)
    return refresh.call_count * ["asks the agent"] + [call.args[1] for call in power.call_args_list]


class AgentAddress(unittest.TestCase):
    def setUp(self):
        original = utils.agent_is_alive
        self.addCleanup(setattr, utils, "agent_is_alive", original)

    def test_problem(self):
        """Ironic itself asks an agent whose address it does not know. The patch goes when this fails."""
        self.assertEqual(deploy(address=None), ["asks the agent"])

    def test_fix(self):
        """With the patch Ironic asks a running agent only at a known address, and otherwise reboots the host."""
        agent_address_required.make()
        for name, expected, arguments in (
            ("inspected a moment ago", "asks the agent", {}),
            ("a heartbeat a second ago", "asks the agent", {"inspected": DAY, "heartbeat": 1}),
            ("inspected a moment ago, no address", "rebooting", {"address": None}),
            ("a heartbeat a second ago, no address", "rebooting", {"inspected": DAY, "heartbeat": 1, "address": None}),
            ("nothing for a day", "rebooting", {"inspected": DAY, "heartbeat": DAY}),
        ):
            with self.subTest(name):
                self.assertEqual(deploy(**arguments), [expected])
