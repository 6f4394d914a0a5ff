import os
import tempfile
import types
import unittest

folder = tempfile.mkdtemp()
os.environ["SUSHY_EMULATOR_CONFIG"] = os.path.join(folder, "conf.py")

WITH, WITHOUT = (f"{digit}1111111-1111-4111-8111-111111111111" for digit in "12")
RACK = {
    "manufacturer": "Example Servers",
    "model": 'RS "2200"',
    "memory_gib": 512,
    "processors": [{"model": "Xeon", "vendor": "Intel", "cores": 32, "threads": 64}] * 2,
    "bios_version": "2.14.1",
    "bmc_version": "6.10.80",
    "bios": {"BootMode": "Uefi", "ProcTurboMode": "Enabled"},
}
NICS = [{"mac": "02:00:00:00:00:01", "ip": "100.64.0.1"}, {"mac": "06:00:00:00:00:01", "ip": ""}]


def system(uuid, **more):
    return {"uuid": uuid, "name": uuid[0], "power_state": "Off", "external_notifier": False, "nics": NICS, **more}


with open(os.environ["SUSHY_EMULATOR_CONFIG"], "w") as file:
    file.write(
        f"SUSHY_EMULATOR_FAKE_DRIVER = True\nSUSHY_EMULATOR_STATE_DIR = {folder!r}\n"
        f"SUSHY_EMULATOR_FAKE_SYSTEMS = {[system(WITH, profile='rack'), system(WITHOUT)]!r}\n"
        f"SUSHY_TOOLS_HARDWARE = {dict(rack=RACK)!r}\n"
    )

# Both read the configuration when they are loaded.
import host_profiles  # noqa: E402
from sushy_tools.emulator import main  # noqa: E402
from sushy_tools.emulator.resources.systems import fakedriver  # noqa: E402

BEFORE = {WITHOUT: main.app.test_client().get(f"/redfish/v1/Systems/{WITHOUT}").get_json()}
host_profiles.apply(main, fakedriver.FakeDriver)
client = main.app.test_client()


def get(path, status=200):
    answer = client.get(f"/redfish/v1/{path}")
    assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text}"
    return answer.get_json()


def attributes():
    return get(f"Systems/{WITH}/BIOS")["Attributes"]


class SystemTest(unittest.TestCase):
    def test_identity(self):
        """A system with a profile says who made it, what it is, and what is in it."""
        found = get(f"Systems/{WITH}")
        self.assertEqual((found["Manufacturer"], found["Model"]), ("Example Servers", 'RS "2200"'))
        self.assertEqual(found["SerialNumber"], WITH)
        self.assertEqual(found["BiosVersion"], "2.14.1")
        self.assertEqual(found["MemorySummary"]["TotalSystemMemoryGiB"], 512)
        self.assertEqual(found["ProcessorSummary"]["Count"], 128)

    def test_processors(self):
        """Each socket is a processor of its own."""
        members = get(f"Systems/{WITH}/Processors")["Members"]
        self.assertEqual(len(members), 2)
        found = get(members[1]["@odata.id"].removeprefix("/redfish/v1/"))
        self.assertEqual((found["Model"], found["TotalCores"]), ("Xeon", "32"))

    def test_manager(self):
        """The BMC of a host with a profile has the firmware of the profile, another has sushy-tools' own."""
        self.assertEqual(get(f"Managers/{WITH}")["FirmwareVersion"], "6.10.80")
        self.assertEqual(get(f"Managers/{WITHOUT}")["FirmwareVersion"], "1.00")

    def test_without(self):
        """A system without a profile answers as sushy-tools alone does."""
        self.assertEqual(get(f"Systems/{WITHOUT}"), BEFORE[WITHOUT])
        get(f"Systems/{WITHOUT}/BIOS", 501)

    def test_nics(self):
        """NICs are those of the configuration, whatever a host of the name had before."""
        driver = main.app.systems
        driver._update(WITH, nics=NICS[:1])
        self.assertEqual([nic["mac"] for nic in driver.get_nics(WITH)], [nic["mac"] for nic in NICS])
        self.assertEqual(len(get(f"Systems/{WITH}/EthernetInterfaces")["Members"]), 2)


class BiosTest(unittest.TestCase):
    def tearDown(self):
        client.post(f"/redfish/v1/Systems/{WITH}/BIOS/Actions/Bios.ResetBios")

    def change(self, **values):
        return client.patch(f"/redfish/v1/Systems/{WITH}/BIOS/Settings", json={"Attributes": values}).status_code

    def test_attributes(self):
        """BIOS settings are the profile's, and a client may change them and reset them."""
        self.assertEqual(attributes(), RACK["bios"])
        self.assertEqual(self.change(ProcTurboMode="Disabled"), 204)
        self.assertEqual(attributes(), {"BootMode": "Uefi", "ProcTurboMode": "Disabled"})
        self.assertEqual(get(f"Systems/{WITH}/BIOS/Settings")["Attributes"], attributes())
        client.post(f"/redfish/v1/Systems/{WITH}/BIOS/Actions/Bios.ResetBios")
        self.assertEqual(attributes(), RACK["bios"])

    def test_unknown(self):
        """A setting that the BIOS does not have is refused, and the others with it."""
        self.assertEqual(self.change(Turbo="On", ProcTurboMode="Disabled"), 400)
        self.assertEqual(attributes(), RACK["bios"])

    def test_other_profile(self):
        """What was changed of a host of another profile is not that of the one that came in its place."""
        main.app.systems._update(WITH, bios={"profile": "storage", "values": {"BootMode": "Bios"}})
        self.assertEqual(attributes(), RACK["bios"])

    def test_update(self):
        """An update of the firmware, as sushy-tools plays it, counts the version of the BIOS up."""
        body = {"ImageURI": "http://192.0.2.1/bios", "Targets": [f"/redfish/v1/Systems/{WITH}"]}
        answer = client.post("/redfish/v1/UpdateService/Actions/UpdateService.SimpleUpdate", json=body)
        self.assertEqual(answer.status_code, 204)
        self.assertEqual(get(f"Systems/{WITH}")["BiosVersion"], "2.15.1")
        main.app.systems.reset_versions(WITH)
        self.assertEqual(get(f"Systems/{WITH}")["BiosVersion"], "2.14.1")


class VersionTest(unittest.TestCase):
    def test_other_version(self):
        """A sushy-tools whose fake driver has a method of these itself is refused, with the name of the method."""
        with self.assertRaisesRegex(RuntimeError, "has get_total_memory itself"):
            host_profiles.apply(main, fakedriver.FakeDriver)

    def test_other_template(self):
        """A sushy-tools with another template of a system is refused."""
        loader = types.SimpleNamespace(get_source=lambda _, name: ("{}", name, None))
        app = types.SimpleNamespace(jinja_env=types.SimpleNamespace(loader=loader, globals={}))
        with self.assertRaisesRegex(RuntimeError, "template of a system"):
            host_profiles._extend_template(app, None)

    def test_no_profile(self):
        """Nothing is changed where no system has a profile."""
        other = types.SimpleNamespace(app=types.SimpleNamespace(config={"SUSHY_EMULATOR_FAKE_SYSTEMS": [system("u")]}))
        host_profiles.apply(other, None)
        self.assertEqual(vars(other.app), {"config": {"SUSHY_EMULATOR_FAKE_SYSTEMS": [system("u")]}})
