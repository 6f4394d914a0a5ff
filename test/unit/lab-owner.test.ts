import { mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { LabTrace } from "../../machine/holder";
import { foreignLabText, isOurs, ownerHere } from "../../machine/owner";
import { ownerLabels, readOwner, type LabOwner } from "../../plan/lab-owner";
import { ensureStateId, readStateId, removeStateId } from "../../toolchain/pulumi/state-id";

const OWNER: LabOwner = {
    id: "7f0e",
    state: "file:///home/a/.local/state/metal3-scale-lab/pulumi",
    checkout: "/home/a/lab",
    user: "a@machine",
};
const asDockerHasThem = (owner: LabOwner): Record<string, string> =>
    Object.fromEntries(ownerLabels(owner).map(({ label, value }) => [label, value]));

describe("The record of who made a lab", () => {
    it("is read back from the labels of the network as it was written", () => {
        const { id, ...withoutId } = OWNER;
        expect(id).to.equal("7f0e");
        for (const owner of [OWNER, withoutId]) {
            expect(readOwner({ "metal3-scale-lab": "m3lab-dev", ...asDockerHasThem(owner) })).to.deep.equal(owner);
        }
    });

    it("is missing in a lab that is older than the record", () => {
        expect(readOwner({ "metal3-scale-lab": "m3lab-dev" })).to.equal(undefined);
        expect(readOwner(null)).to.equal(undefined);
    });
});

describe("A lab on this machine", () => {
    const lab = (more: Partial<LabTrace> = {}): LabTrace => ({ ids: ["net", "node"], ...more });
    const none = new Set<string>();
    const rows: [string, LabTrace, LabOwner, ReadonlySet<string>, boolean][] = [
        ["whose record has the id of this state", lab({ owner: OWNER }), OWNER, none, true],
        ["whose record has another id", lab({ owner: { ...OWNER, id: "0000" } }), OWNER, none, false],
        ["without a record, of which the state knows a container", lab(), OWNER, new Set(["node"]), true],
        ["without a record, of which the state knows nothing", lab(), OWNER, new Set(["gone", "m3lab-dev-var"]), false],
        [
            "whose record says how its bucket was spoken to",
            lab({ owner: { ...OWNER, id: "organization at s3://b?region=us-east-1&endpoint=http://s" } }),
            { ...OWNER, id: "organization at s3://b?endpoint=http://s" },
            none,
            true,
        ],
        [
            "in a bucket of that name elsewhere",
            lab({ owner: { ...OWNER, id: "organization at s3://b?endpoint=http://another" } }),
            { ...OWNER, id: "organization at s3://b?endpoint=http://s" },
            none,
            false,
        ],
        [
            "with another id, of which the state knows a container",
            lab({ owner: { ...OWNER, id: "0" } }),
            OWNER,
            new Set(["node"]),
            true,
        ],
        [
            "with a record, where the id of this state cannot be told",
            lab({ owner: { ...OWNER, id: undefined as never } }),
            { ...OWNER, id: undefined as never },
            none,
            false,
        ],
    ];
    for (const [what, found, here, known, expected] of rows) {
        it(`${what} is ${expected ? "ours" : "somebody else's"}`, () =>
            expect(isOurs(found, here, known)).to.equal(expected));
    }

    it("is told by whose it is, since when, and what to do", () => {
        const since = new Date("2026-11-29T09:40:12Z");
        expect(foreignLabText(lab({ owner: OWNER, since }), "other", "up")).to.equal(
            "a lab of that name is here since 2026-11-29 09:40 UTC, made by a@machine from the checkout " +
                "/home/a/lab with the state file:///home/a/.local/state/metal3-scale-lab/pulumi: " +
                "choose another stack name, or remove that lab and make yours with " +
                "`npm run up -- --take-over --stack other`",
        );
        expect(foreignLabText(lab(), "dev", "down")).to.equal(
            "a lab of that name is here, which this stack's state does not know, and of which " +
                "no record says who made it: leave it to its owner, or remove it with `npm run down -- --take-over`",
        );
    });
});

describe("The id of a state", () => {
    let folder: string;
    let env: NodeJS.ProcessEnv;
    beforeEach(async () => {
        folder = await mkdtemp(join(tmpdir(), "lab-state-id-test-"));
        env = { METAL3_SCALE_LAB_STATE: folder, PULUMI_BACKEND_URL: `file://${folder}/pulumi` };
    });
    afterEach(() => rm(folder, { recursive: true }));

    it("is made once, also by runs at the same time, until the last stack of the folder is removed", async () => {
        expect(await readStateId(env)).to.equal(undefined);
        const [one, other] = await Promise.all([ensureStateId(env), ensureStateId(env)]);
        expect(one)
            .to.match(/^[0-9a-f-]{36}$/)
            .and.to.equal(other);
        expect(await ensureStateId(env)).to.equal(one);
        await removeStateId(env);
        expect(await readStateId(env)).to.equal(undefined);
    });

    it("is that of the lab's own state folder, which only the program makes", async () => {
        expect(await ownerHere(env, false)).to.not.have.property("id");
        const made = await ownerHere(env, true);
        expect(made.id).to.equal(await readStateId(env));
        expect(await ownerHere(env, false)).to.deep.equal(made);
        expect(made).to.include({ state: `file://${folder}/pulumi`, checkout: join(__dirname, "../..") });
    });

    it("is, in Pulumi Cloud, the organization's there, which only the program knows", async () => {
        const shared = { ...env, PULUMI_BACKEND_URL: "https://api.pulumi.com" };
        expect((await ownerHere(shared, true, "acme")).id).to.equal("acme at https://api.pulumi.com");
        expect(await ownerHere(shared, false)).to.not.have.property("id");
        expect(await readStateId(env)).to.equal(undefined);
    });

    it("is, in a bucket or a folder of the person's own, known to the command line as well", async () => {
        const home = { ...env, PULUMI_BACKEND_URL: "file://~" };
        const bucket = { ...env, PULUMI_BACKEND_URL: "s3://bucket" };
        for (const [own, state] of [
            [home, `file://${homedir()}`],
            [bucket, "s3://bucket"],
        ] as const) {
            // In such a backend every stack is of this organization.
            const program = await ownerHere(own, true, "organization");
            expect(program).to.include({ id: `organization at ${state}`, state });
            expect(await ownerHere(own, false)).to.deep.equal(program);
        }
        expect(await readStateId(env)).to.equal(undefined);
    });

    it("is recorded without the password that a backend's address may have", async () => {
        const database = { ...env, PULUMI_BACKEND_URL: "postgres://ada:secret@db.example/state" };
        expect(JSON.stringify(await ownerHere(database, false)))
            .to.include("db.example")
            .and.not.include("secret");
    });
});
