/** The port of a switch as it announces itself by LLDP (IEEE 802.1AB). */
export interface SwitchPort {
    /** MAC address of the switch. */
    chassis: string;
    /** Name of the switch. */
    system: string;
    /** Name of the port. */
    port: string;
    /** Untagged VLAN of the port. */
    vlan?: number | undefined;
}

/** A TLV as ironic-python-agent reports it: its type, and its value in hexadecimal digits. */
export type Tlv = [type: number, value: string];

/** Types of TLVs, and the subtypes of ids that are used here. */
const TYPE = { end: 0, chassis: 1, port: 2, ttl: 3, portDescription: 4, systemName: 5, organisation: 127 };
const CHASSIS_IS_MAC = "04";
const PORT_IS_INTERFACE_NAME = "05";
/** Seconds for which an announcement holds: four of the usual intervals of 30 s. */
const TTL_SECONDS = 120;
/** The TLV of IEEE 802.1 that has the untagged VLAN of a port: its organisation and its subtype. */
const PORT_VLAN_ID = "0080c2" + "01";

const text = (value: string): string => Buffer.from(value, "utf8").toString("hex");
const short = (value: number): string => value.toString(16).padStart(4, "0");

/** What an agent hears at a NIC that is connected to this port. */
export const lldpOf = ({ chassis, system, port, vlan }: SwitchPort): Tlv[] => [
    [TYPE.chassis, CHASSIS_IS_MAC + chassis.replaceAll(":", "").toLowerCase()],
    [TYPE.port, PORT_IS_INTERFACE_NAME + text(port)],
    [TYPE.ttl, short(TTL_SECONDS)],
    [TYPE.portDescription, text(`${port} of ${system}`)],
    [TYPE.systemName, text(system)],
    ...(vlan === undefined ? [] : [[TYPE.organisation, PORT_VLAN_ID + short(vlan)] satisfies Tlv]),
    [TYPE.end, ""],
];
