import edge from "./data/edge.json";
import rack from "./data/rack.json";
import small from "./data/small.json";
import storage from "./data/storage.json";
import { hostProfile, type HostProfile } from "./definition";

/** The profile of every host where none is chosen. fake-ipa knows it by itself, so that it is in no configuration. */
export const DEFAULT_PROFILE = "small";

/** The profiles that the lab has, as they are written. */
export const WRITTEN: Readonly<Record<string, object>> = { small, rack, storage, edge };

/** The same, with all that follows from what is written. */
export const SHIPPED: Readonly<Record<string, HostProfile>> = Object.fromEntries(
    Object.entries(WRITTEN).map(([name, written]) => [name, hostProfile.parse(written)]),
);
