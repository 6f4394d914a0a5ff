import { isUniform, type Mix } from "./mix";

/** Label of a BareMetalHost that says its profile. */
export const PROFILE_LABEL = "metal3-scale-lab/profile";

/** Labels of a host. A lab whose hosts are all of the default profile has none: its hosts are as they always were. */
export const profileLabels = (mix: Mix, profile: string): Record<string, string> | undefined =>
    isUniform(mix) ? undefined : { [PROFILE_LABEL]: profile };
