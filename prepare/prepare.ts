import * as pulumi from "@pulumi/pulumi";
import type { LayerContext } from "../components/context";
import type { LabArgs } from "../components/lab";
import { substrateNeeds } from "../machine/needs";
import { ownerHere } from "../machine/owner";
import { PREFLIGHTS } from "../machine/preflight";
import type { WantedLab } from "../machine/wanted-lab";
import { grows } from "../plan/change/leaving";
import type { LivingLab } from "../plan/change/living-lab";
import { renameProblems } from "../plan/change/renamed";
import { changeSummary } from "../plan/change/summary";
import type { LabConfig } from "../plan/config/keys";
import type { LabOwner } from "../plan/lab-owner";
import { ironicValues } from "../plan/manifests/ironic-values";
import { plan } from "../plan/plan";
import type { Problem } from "../plan/problem";
import { ConfigurationError, validate, validRest } from "../plan/validate";
import { Cache } from "../toolchain/cache/cache";
import { goTarget } from "../toolchain/go/targets";
import { imageChoices, versionSets } from "../toolchain/images/recipes";
import { ensureIpaImage } from "../toolchain/ipa/image";
import { OPERATOR, providerPath } from "../toolchain/manifests/entry";
import { readBareMetalOperator } from "../toolchain/manifests/rendered";
import { cacheRoot } from "../toolchain/paths";
import { renderChart } from "./chart";
import { existingClusterProblems } from "./existing";
import { foreignLabProblems } from "./foreign-lab";
import { Images } from "./images";
import { readLivingLab } from "./living-lab";
import { restoreNodeImages } from "./node-images";
import { pauseProblems } from "./paused";
import { predictionOf } from "./prediction";
import { startStoppedLab, stoppedNodeProblems } from "./stopped-lab";
import { settleNodes } from "./workers";

/**
 * Reads and validates the configuration, also against the lab that is there, and looks at the machine unless this is a
 * preview: a preview also runs where no lab could stand.
 * @throws ConfigurationError with every problem of both.
 */
export async function prepare(): Promise<LabArgs> {
    const problems: Problem[] = [];
    const living = await readLivingLab();
    let config: LabConfig | undefined;
    try {
        config = validate(rawConfiguration(), { ...imageChoices(), living });
    } catch (error) {
        if (!(error instanceof ConfigurationError)) {
            throw error;
        }
        problems.push(...error.problems);
    }
    problems.push(...renameProblems(living));
    const owner = await ownerHere(process.env, true, pulumi.getOrganization());
    const wanted = config && wantedLab(config, owner, living);
    // The cluster is looked at although another key is wrong, so that one message has both.
    const rest = config ?? validRest(rawConfiguration(), problems);
    const looked = wanted ?? (rest && wantedLab(rest, owner, living));
    problems.push(...(looked ? await existingClusterProblems(looked, living, problems) : []));
    if (pulumi.runtime.isDryRun()) {
        problems.push(...(wanted ? await stoppedNodeProblems(wanted.plan.prefix) : []));
        // A preview also runs where neither Docker nor another holder of labs answers.
        problems.push(...(wanted ? await foreignLabProblems(wanted.plan.prefix, owner).catch(() => []) : []));
    } else {
        problems.push(...(wanted ? await foreignLabProblems(wanted.plan.prefix, owner) : []));
        const { substrate } = rest ?? validate({});
        problems.push(...(await PREFLIGHTS[substrate](wanted)));
        // Only for a lab that can be made: the files are large.
        problems.push(...(problems.length === 0 && wanted ? await ipaProblems(wanted) : []));
    }
    if (problems.length > 0 || wanted === undefined) {
        throw new ConfigurationError(problems);
    }
    if (!pulumi.runtime.isDryRun()) {
        await startStoppedLab(wanted.plan.prefix);
    }
    // The lab's own API server is asked, so this comes after the start of what stood still.
    const pauses = await pauseProblems(living, wanted.plan);
    if (pauses.length > 0) {
        throw new ConfigurationError(pauses);
    }
    if (pulumi.runtime.isDryRun()) {
        const summary = changeSummary(living, wanted.plan, wanted.config, versionSets());
        const lines = [summary, predictionOf(living, wanted.plan, wanted.config)];
        lines.filter((line) => line !== undefined).forEach((line) => void pulumi.log.info(line));
    } else {
        await restoreNodeImages(wanted);
        await settleNodes(wanted);
    }
    const { plan: planned, images } = wanted;
    const bmo = images.version("bmo");
    const manifests = providerPath(new Cache(cacheRoot()), OPERATOR, { ...(bmo && { bmo }) });
    return {
        config: wanted.config,
        plan: planned,
        images,
        owner,
        operatorManifests: await readBareMetalOperator(manifests),
        ...(wanted.cluster === undefined ? {} : { cluster: wanted.cluster }),
        ironicChart: await renderChart({
            path: "charts/ironic",
            releaseName: "ironic",
            namespace: planned.namespace,
            values: ironicValues(planned, images, wanted.config),
            kubeVersion: goTarget("kube").version,
        }),
    };
}

/** Collects the files of the Ironic Python agent, where the lab is to have them. */
async function ipaProblems({ config, images }: LayerContext): Promise<Problem[]> {
    if (config.ipa === undefined) {
        return [];
    }
    const report = (line: string): void => void pulumi.log.info(line);
    return ensureIpaImage(config.ipa, images.local("image-server"), { cache: new Cache(cacheRoot()), report });
}

function wantedLab(config: LabConfig, owner: LabOwner, living: LivingLab): WantedLab & LayerContext {
    const images = Images.of(config);
    const builtImages = [...images.built(), ...substrateNeeds(config).moreImages.map((name) => images.local(name))];
    const planned = plan(config, pulumi.getStack());
    return { config, plan: planned, grows: grows(living, planned), images, owner, builtImages };
}

/** Every key of this project's namespace, known or not, as Pulumi holds it. */
function rawConfiguration(): Record<string, string> {
    const namespace = `${pulumi.getProject()}:`;
    return Object.fromEntries(
        Object.entries(pulumi.runtime.allConfig())
            .filter(([key]) => key.startsWith(namespace))
            .map(([key, value]) => [key.slice(namespace.length), value]),
    );
}
