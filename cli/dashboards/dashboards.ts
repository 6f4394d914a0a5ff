import { controllers } from "./controllers";
import { ironic } from "./ironic";
import { lab } from "./lab";
import type { Dashboard } from "./panel";

/** The dashboards that are handed out in `metrics/dashboards`. */
export const DASHBOARDS: readonly Dashboard[] = [lab, controllers, ironic];
