export { NetworkArgs, NetworkState } from "./network";
export type Network = import("./network").Network;
export declare const Network: typeof import("./network").Network;
export * from "./provider";
import * as config from "./config";
import * as types from "./types";
export { config, types, };
