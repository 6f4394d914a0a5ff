"""What the BMCs of hosts with a profile say of them, beside what sushy-tools' fake driver has.

The configuration file names the profile of a system (`profile` in SUSHY_EMULATOR_FAKE_SYSTEMS) and describes profiles
in SUSHY_TOOLS_HARDWARE:

    {NAME: {"manufacturer", "model", "memory_gib", "processors": [{"model", "vendor", "cores", "threads"}],
            "bios_version", "bmc_version" or None, "bios": {ATTRIBUTE: VALUE} or None}}

Systems without a profile are as sushy-tools has them. The configuration decides, not the state that sushy-tools keeps:
a host of another profile may have had the name before. BIOS settings and versions that a client changes are in that
state, with the profile that they are of.

The fake driver has none of the methods that stand here, for which sushy-tools' base class answers that they are not
supported. What is changed is looked for first, so that a version that is made otherwise fails at its start.
"""

from jinja2 import ChoiceLoader, DictLoader
from sushy_tools import error

MANUFACTURER = '"Manufacturer": "Sushy Emulator",'

# In the place of the line above, for a system with a profile.
IDENTITY = (
    """{% set machine = lab_machine(uuid) %}
    {%- if machine %}
    "Manufacturer": {{ machine["manufacturer"]|tojson }},
    "Model": {{ machine["model"]|tojson }},
    "SerialNumber": {{ uuid|string|tojson }},
    {%- else %}
    """
    + MANUFACTURER
    + """
    {%- endif %}"""
)


class Machines:
    """The hardware of systems by their UUID, as the configuration has it."""

    def __init__(self, config):
        hardware = config.get("SUSHY_TOOLS_HARDWARE") or {}
        systems = config.get("SUSHY_EMULATOR_FAKE_SYSTEMS") or []
        self._profiles = {each["uuid"]: each["profile"] for each in systems if each.get("profile") in hardware}
        self._nics = {each["uuid"]: each["nics"] for each in systems}
        self._hardware = hardware

    def __bool__(self):
        return bool(self._profiles)

    def profile(self, uuid):
        """Name of the profile of a system, or None."""
        return self._profiles.get(uuid)

    def get(self, uuid):
        """The hardware of a system, or None."""
        return self._hardware.get(self._profiles.get(uuid))

    def nics(self, uuid):
        return self._nics[uuid]


def _methods(machines):
    """Methods of a driver of systems that the fake driver lacks."""

    def machine(self, identity):
        found = machines.get(self._get(identity)["uuid"])
        if found is None:
            raise error.NotSupportedError("Not implemented")
        return found

    def kept(self, identity, what):
        """What a client has changed. What is of a host that had another profile does not count."""
        system = self._get(identity)
        changed = system.get(what) or {}
        return changed["values"] if changed.get("profile") == machines.profile(system["uuid"]) else {}

    def keep(self, identity, what, values):
        uuid = self._get(identity)["uuid"]
        self._update(identity, **{what: {"profile": machines.profile(uuid), "values": values}})

    def get_total_memory(self, identity):
        return machine(self, identity)["memory_gib"]

    def get_total_cpus(self, identity):
        return sum(each["threads"] for each in machine(self, identity)["processors"])

    def get_processors(self, identity):
        # Its template reads the id in both spellings.
        return [
            {"id": f"CPU{number}", "Id": f"CPU{number}", "socket": f"CPU {number}", **each}
            for number, each in enumerate(machine(self, identity)["processors"])
        ]

    def get_bios(self, identity):
        bios = machine(self, identity)["bios"]
        if bios is None:
            raise error.NotSupportedError("Not implemented")
        return {**bios, **kept(self, identity, "bios")}

    def set_bios(self, identity, attributes):
        known = get_bios(self, identity)
        unknown = sorted(set(attributes or {}) - set(known))
        if unknown:
            raise error.BadRequest(f"There is no BIOS attribute {', '.join(unknown)}")
        keep(self, identity, "bios", {**kept(self, identity, "bios"), **(attributes or {})})

    def reset_bios(self, identity):
        get_bios(self, identity)
        keep(self, identity, "bios", {})

    def get_versions(self, identity):
        return {"BiosVersion": machine(self, identity)["bios_version"], **kept(self, identity, "versions")}

    def set_versions(self, identity, firmware_versions):
        get_versions(self, identity)
        keep(self, identity, "versions", firmware_versions)

    def reset_versions(self, identity):
        get_versions(self, identity)
        keep(self, identity, "versions", {})

    return [
        *(get_total_memory, get_total_cpus, get_processors),
        *(get_bios, set_bios, reset_bios, get_versions, set_versions, reset_versions),
    ]


def _extend_driver(driver, machines):
    for method in _methods(machines):
        name = method.__name__
        if name in vars(driver):
            raise RuntimeError(f"sushy-tools' fake driver has {name} itself: {__name__} is for another version")
        setattr(driver, name, method)
    nics_of_state = driver.get_nics

    def get_nics(self, identity):
        uuid = self._get(identity)["uuid"]
        if machines.get(uuid) is None:
            return nics_of_state(self, identity)
        return [{"id": nic["mac"], "mac": nic["mac"]} for nic in machines.nics(uuid)]

    driver.get_nics = get_nics


def _extend_template(app, machines):
    environment = app.jinja_env
    source = environment.loader.get_source(environment, "system.json")[0]
    if source.count(MANUFACTURER) != 1:
        raise RuntimeError(f"sushy-tools' template of a system is not the one that {__name__} is for")
    changed = DictLoader({"system.json": source.replace(MANUFACTURER, IDENTITY)})
    environment.loader = ChoiceLoader([changed, environment.loader])
    environment.globals["lab_machine"] = machines.get


def _extend_manager(main, machines):
    jsonify = main.jsonify

    def with_firmware(obj_type, obj_version, obj):
        """A BMC has the UUID of its system."""
        machine = machines.get(obj.get("UUID")) if obj_type == "Manager" else None
        if machine and machine["bmc_version"] and "FirmwareVersion" in obj:
            obj["FirmwareVersion"] = machine["bmc_version"]
        return jsonify(obj_type, obj_version, obj)

    main.jsonify = with_firmware


def apply(main, driver):
    """Changes sushy-tools, if a system has a profile.

    @param main the module sushy_tools.emulator.main
    @param driver the class of the fake driver
    """
    machines = Machines(main.app.config)
    if machines:
        _extend_driver(driver, machines)
        _extend_template(main.app, machines)
        _extend_manager(main, machines)
