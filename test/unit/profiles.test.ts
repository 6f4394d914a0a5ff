import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parse } from "yaml";
import { plan } from "../../plan/plan";
import { profile, SETTINGS, type Profile } from "../../plan/profiles";
import { waitSeconds } from "../../plan/sizes";
import { validate } from "../../plan/validate";
import { repoPath } from "../../toolchain/paths";

const lab = (nodes: number): Profile => profile("lab", nodes);

describe("the profiles", () => {
    it("name for each setting the rows of docs/deviations.md that explain it", () => {
        const rows = new Set(
            [...readFileSync(repoPath("docs/deviations.md"), "utf8").matchAll(/^\|[^|]*`([a-z0-9-]+)`/gm)].map(
                ([, id]) => id,
            ),
        );
        expect(rows.size).to.be.greaterThan(30);
        for (const [name, { deviations }] of Object.entries(SETTINGS)) {
            expect(deviations, name).to.not.have.length(0);
            expect([...rows], name).to.include.members([...deviations]);
        }
    });

    it("differ in every setting, or the setting would be none", () => {
        const published = profile("published", 4);
        for (const name of Object.keys(SETTINGS) as (keyof Profile)[]) {
            expect(lab(4)[name], name).to.not.deep.equal(published[name]);
        }
    });

    it("give a lab of 200 hosts the settings of a small one, and a lab of 201 hosts those of a large one", () => {
        expect(lab(200)).to.deep.equal(lab(0));
        expect(lab(201)).to.deep.equal(lab(10_000));
        const changed = (Object.keys(SETTINGS) as (keyof Profile)[]).filter(
            (name) => JSON.stringify(lab(200)[name]) !== JSON.stringify(lab(201)[name]),
        );
        expect(changed).to.have.members([
            "bmoConcurrency",
            "capm3Concurrency",
            "kubeApiQps",
            "kubeApiBurst",
            "controllerEnvironment",
        ]);
    });

    it("have upstream's defaults in the published one, whatever the size of the lab", () => {
        expect(profile("published", 1000)).to.deep.equal(profile("published", 4));
        expect(profile("published", 4)).to.include({
            provisioningLimit: 20,
            bmoConcurrency: undefined,
            capm3Concurrency: 10,
            clusterApiConcurrency: undefined,
            kubeApiQps: 20,
            kubeApiBurst: 30,
            leaderElection: true,
            maxConcurrentClean: 50,
            maxConcurrentDeploy: 250,
            databaseMaxConnections: 300,
        });
    });

    it("take a provisioningLimit of the user's in place of their own", () => {
        const limit = (raw: Record<string, string>) => plan(validate(raw), "dev").profile.provisioningLimit;
        expect(limit({})).to.equal(10_000);
        expect(limit({ tuning: "published" })).to.equal(20);
        expect(limit({ provisioningLimit: "7" })).to.equal(7);
        expect(limit({ tuning: "published", provisioningLimit: "7" })).to.equal(7);
    });

    it("take a powerSyncSeconds of the user's in place of their own, also 0, with which Ironic never looks", () => {
        const seconds = (raw: Record<string, string>) => plan(validate(raw), "dev").profile.syncPowerStateInterval;
        expect(seconds({})).to.equal(900);
        expect(seconds({ tuning: "published" })).to.equal(120);
        expect(seconds({ without: '["ironic-power-sync"]' })).to.equal(120);
        expect(seconds({ without: '["ironic-power-sync"]', powerSyncSeconds: "60" })).to.equal(60);
        expect(seconds({ powerSyncSeconds: "0" })).to.equal(0);
    });

    it("have BMO count hosts in a list that is no older than its question, where its limit is reached first", () => {
        const seconds = (raw: Record<string, string>) =>
            plan(validate(raw), "dev").profile.apiProxy.nodeListCacheSeconds;
        expect(seconds({})).to.equal(undefined);
        expect(seconds({ provisioningLimit: "50", hostsAtOnce: "24" })).to.equal(undefined);
        expect(seconds({ provisioningLimit: "1", hostsAtOnce: "24" })).to.equal(0);
        // FKAS may let 1000 be in progress.
        expect(seconds({ provisioningLimit: "999" })).to.equal(0);
        expect(seconds({ provisioningLimit: "1000" })).to.equal(undefined);
        expect(seconds({ provisioningLimit: "5", hostsAtOnce: "5" })).to.equal(undefined);
        expect(seconds({ tuning: "published", provisioningLimit: "1" })).to.equal(undefined);
    });

    it("agree with the chart's own values, so that the chart does the same when it is used without the lab", () => {
        const { conductor, mariadb } = parse(readFileSync(repoPath("charts/ironic/values.yaml"), "utf8")) as {
            conductor: Record<string, unknown> & { apiProxy: { enabled: boolean } };
            mariadb: { maxConnections: number };
        };
        const settings = lab(4);
        expect(conductor.apiProxy.enabled).to.equal(settings.apiProxy.enabled);
        expect(mariadb.maxConnections).to.equal(settings.databaseMaxConnections);
        for (const name of [
            "apiMaxLimit",
            "tunedRuntime",
            "databasePoolSize",
            "fastTrack",
            "maxConcurrentClean",
            "maxConcurrentDeploy",
            "syncPowerStateInterval",
        ] as const) {
            expect(conductor[name], name).to.equal(settings[name]);
        }
    });
});

describe("the time limit of the wait for the fleet", () => {
    it("is ten minutes, and 10 s more for each host and for each cluster", () => {
        expect(waitSeconds(0, 0)).to.equal(600);
        expect(waitSeconds(4, 2)).to.equal(660);
        expect(waitSeconds(1000, 1000)).to.equal(20_600);
    });

    it("is waitTimeout where that is set", () => {
        expect(plan(validate({ waitTimeout: "42" }), "dev").waitSeconds).to.equal(42);
        expect(plan(validate({}), "dev").waitSeconds).to.equal(660);
    });
});
