import { readFileSync, writeFileSync } from "node:fs";
import { expect } from "chai";
import Docker from "dockerode";
import type { Key } from "../../../plan/config/keys";
import { PAIR_PATHS } from "../../../plan/manifests/pair-configuration";
import { imageReference } from "../../../toolchain/images/reference";
import { configure, eventually, NAMESPACE, PREFIX, pulumi, run, STACK } from "../harness";
import { Live } from "../live";
import { SUBSTRATE } from "../substrate";
import { copyOf, keyGroups, type KeyGroup } from "./key-changes";
import { allAvailable, lab, nothingToDo, up } from "./lab";

type Named = Record<string, unknown>;

/** What a restart of anything beneath a host must not change: its user, its power, its state and Ironic's node. */
const hostFacts = async (): Promise<Named> =>
    Object.fromEntries(
        (await lab.live.hosts()).map(({ metadata, spec, status }) => {
            const { provisioning, poweredOn } = (status ?? {}) as { provisioning?: Named; poweredOn?: boolean };
            const { state, ID } = provisioning ?? {};
            return [metadata.name, { user: spec["consumerRef"], poweredOn, state, node: ID }];
        }),
    );

/** Things that are other ones than before or gone, and things that were not there before: names, in order. */
const difference = (before: Named, after: Named): { renewed: string[]; added: string[] } => ({
    renewed: Object.keys(before)
        .filter((name) => after[name] !== before[name])
        .sort(),
    added: Object.keys(after)
        .filter((name) => !(name in before))
        .sort(),
});

/** Waits until all that the keys of a group renew is another one, and holds that nothing else is. */
async function renewedAlone({ changes }: KeyGroup, before: Named): Promise<void> {
    const renews = Object.values(changes).flatMap((change) => change.renews ?? []);
    const adds = Object.values(changes).flatMap((change) => change.adds ?? []);
    const oneOf = (patterns: RegExp[], name: string): boolean => patterns.some((pattern) => pattern.test(name));
    const wanted = Object.keys(before).filter((name) => oneOf(renews, name));
    const seen = async () => {
        const { renewed, added } = difference(before, await lab.live.identities());
        return {
            notRenewed: wanted.filter((name) => !renewed.includes(name)),
            undeclared: [
                ...renewed.filter((name) => !wanted.includes(name)),
                ...added.filter((name) => !oneOf([...renews, ...adds], name)),
            ],
            notAdded: adds.filter((pattern) => !added.some((name) => pattern.test(name))).map(String),
        };
    };
    // A pod whose successor works may still be on its way out.
    await eventually(
        "other ones of all that the keys declare, and of nothing else",
        180,
        async () => Object.values(await seen()).every(({ length }) => length === 0),
        seen,
    );
}

/** The file that a pair's containers have been made with. */
async function pairFile(pair: string): Promise<string> {
    const read = ["cat", PAIR_PATHS.configuration];
    const { code, output } =
        SUBSTRATE.pairs === "pods"
            ? await lab.live.kubectl(["--namespace", NAMESPACE, "exec", `deployment/${pair}`, "--", ...read])
            : await run("docker", ["exec", `${PREFIX}-${pair}-fake-ipa`, ...read], { quiet: true });
    expect(code, output).to.equal(0);
    return output;
}

/** Variables of the one FKAS that releases hosts and assigns them. */
async function fkasVariables(): Promise<Record<string, string | undefined>> {
    const pod = (await lab.live.pods()).find(({ metadata }) => /^fkas-0-/.test(metadata?.name ?? ""));
    const variables = pod?.spec?.containers.flatMap(({ env = [] }) => env) ?? [];
    return Object.fromEntries(variables.map(({ name, value }) => [name, value]));
}

/** Further looks, where keys of a group renew the same things or nothing: each value has arrived. */
const LOOKS: Partial<Record<Key, () => Promise<void>>> = {
    cleaning: async () => {
        const modes = (await lab.live.hosts()).map(({ spec }) => spec["automatedCleaningMode"]);
        expect(modes).to.deep.equal(Array<string>(6).fill("metadata"));
    },
    wait: async () => {
        const { output } = await pulumi(["stack", "output", "fleet"], { quiet: true });
        expect(output).to.include("6 hosts and 0 clusters were where they should be");
    },
    fakeBootSeconds: async () => {
        expect(await pairFile("pair-000")).to.match(/FAKE_IPA_MAX_BOOT_TIME\s*=\s*3\b/);
    },
    fakePowerSeconds: async () => {
        expect(await pairFile("pair-000")).to.match(/SUSHY_TOOLS_MAX_POWER_TIME\s*=\s*1\b/);
    },
    nodesPerPair: async () => {
        expect(await pairFile("pair-002"))
            .to.include("host-0005")
            .and.not.include("host-0006");
    },
    hostsAtOnce: async () => {
        expect(await fkasVariables()).to.include({ FKAS_HOSTS_AT_ONCE: "2" });
        // It pauses nothing that is there.
        for (const { metadata } of [...(await lab.live.hosts()), ...(await lab.live.clusters())]) {
            expect(Object.keys(metadata.annotations ?? {}), metadata.name).to.not.include("cluster.x-k8s.io/paused");
        }
    },
    rolloutsAtOnce: async () => {
        expect(await fkasVariables()).to.include({ FKAS_ROLLOUTS_AT_ONCE: "4" });
    },
};

/** Images that the groups use under another reference. */
const copies = (groups: KeyGroup[]): string[] => [
    ...new Set(
        groups.flatMap(({ changes }) => {
            const { overrides = {} } = JSON.parse(changes.images?.to ?? "{}") as { overrides?: object };
            return Object.keys(overrides);
        }),
    ),
];

/** Groups of keys that are changed where not every step is asked for: in place, and what restarts the pairs. */
const SHORT = 2;

/** Changes each key of the configuration on the lab, and holds the key's declared effects against what happens. */
export function everyKey(): void {
    const groups = keyGroups(SUBSTRATE.name).slice(0, SUBSTRATE.isWhole ? undefined : SHORT);
    const file = `Pulumi.${STACK}.yaml`;
    const docker = new Docker();
    /** The reference under which the nodes get each copy, by the one that the table of changes has. */
    const copied = new Map<string, string>();
    let configuration: string;
    let identities: Named;
    let hosts: Named;

    // No hook of mocha's: it would run before the first step, when there is no lab yet.
    it("has images under another reference, for the key that says so", async () => {
        for (const name of copies(groups)) {
            const image = imageReference(name);
            const registry = SUBSTRATE.registry?.();
            const copy = registry === undefined ? copyOf(name) : `${registry.host}/${copyOf(name)}`;
            await docker.getImage(image).tag({ repo: copy.slice(0, copy.lastIndexOf(":")), tag: "copy" });
            await registry?.put(image, copy);
            copied.set(copyOf(name), copy);
        }
        expect(copied.size).to.be.above(0);
        configuration = readFileSync(file, "utf8");
        identities = await lab.live.identities();
        hosts = await hostFacts();
    });
    after(async () => {
        // A registry that was there has taken its images with it.
        for (const image of SUBSTRATE.registry === undefined ? copied.values() : []) {
            await docker.getImage(image).remove();
        }
    });

    const withCopies = (value: string): string =>
        [...copied].reduce((text, [name, copy]) => text.replaceAll(name, copy), value);

    for (const group of groups) {
        const keys = Object.keys(group.changes) as Key[];
        it(`takes another value of ${keys.join(", ")}: ${group.effect}, and nothing else`, async () => {
            const [had, hostsHad] = [await lab.live.identities(), await hostFacts()];
            const values = Object.entries(group.changes).map(([key, { to }]): [string, string] => [
                key,
                withCopies(to),
            ]);
            await configure(Object.fromEntries(values));
            await up();
            lab.live = new Live();
            await renewedAlone(group, had);
            await allAvailable(lab.live, 2, 180);
            expect(await hostFacts()).to.deep.include(hostsHad);
            for (const key of keys) {
                await LOOKS[key]?.();
            }
            await nothingToDo();
        });
    }

    it("goes back to all the values that it had, in one up: hosts, clusters and machines are the same", async () => {
        writeFileSync(file, configuration);
        await up();
        lab.live = new Live();
        await allAvailable(lab.live, 2, 180);
        const objects = (all: Named): Named =>
            Object.fromEntries(Object.entries(all).filter(([name]) => !/^(pod|container) /.test(name)));
        expect(objects(await lab.live.identities())).to.deep.equal(objects(identities));
        expect(await hostFacts()).to.deep.equal(hosts);
        await nothingToDo();
        lab.identities = await lab.live.identities();
    });
}
