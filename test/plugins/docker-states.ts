/** The recorded states of other plugins, for objects that a test makes in Docker. */
import { IMAGE, PREFIX, SUBNET, address } from "./docker-machine";
import { recordedStates } from "./states";

export const NAMES = {
    network: `${PREFIX}-n`,
    volume: `${PREFIX}-v`,
    container: `${PREFIX}-c`,
    address: address(10),
    label: PREFIX,
};
export const STATES = recordedStates(NAMES, SUBNET, address(1), IMAGE);
