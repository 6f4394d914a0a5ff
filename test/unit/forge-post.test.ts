import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { Forge, forgeAccess } from "../../cli/forge/forge";
import type { Note } from "../../cli/forge/note";
import { LABEL, postComment, postIssue } from "../../cli/forge/post";
import { publishedReference } from "../../cli/publish-images";

const TOKEN = "t0ken";
const MARKER = "<!-- ours -->";
const note = (more: Partial<Note> = {}): Note => ({ marker: MARKER, body: `${MARKER}\nnew`, open: true, ...more });

interface Entry {
    id: number;
    number?: number;
    body: string;
    user: { type: string };
    pull_request?: object;
}
const entry = (id: number, body: string, more: Partial<Entry> = {}): Entry => ({
    id,
    number: id + 100,
    body,
    user: { type: "Bot" },
    ...more,
});

describe("What is posted on the forge", () => {
    let server: Server;
    let entries: Entry[];
    let sent: [method: string, path: string, body?: Record<string, unknown>][];
    let status: number;
    const forge = (): Forge => {
        const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
        return new Forge(forgeAccess({ GITHUB_API_URL: api, GITHUB_REPOSITORY: "ada/lab", GITHUB_TOKEN: TOKEN }));
    };

    beforeEach(async () => {
        [entries, sent, status] = [[], [], 200];
        server = createServer((request, response) => {
            const chunks: Buffer[] = [];
            request.on("data", (chunk: Buffer) => chunks.push(chunk));
            request.on("end", () => {
                const { method = "", url = "", headers } = request;
                const text = Buffer.concat(chunks).toString();
                if (headers.authorization !== `Bearer ${TOKEN}`) {
                    status = 401;
                }
                if (method !== "GET") {
                    sent.push([method, url, JSON.parse(text)]);
                }
                const query = new URL(url, "http://x").searchParams;
                const [size, page] = [Number(query.get("per_page")), Number(query.get("page"))];
                response.writeHead(status, { "content-type": "application/json" });
                const answer = method === "GET" ? entries.slice((page - 1) * size, page * size) : {};
                response.end(JSON.stringify(status === 200 ? answer : { message: "Resource not accessible" }));
            });
        });
        await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    it("is one comment of a pull request, new at first and written anew from then on", async () => {
        entries = [entry(1, "somebody else's")];
        expect(await postComment(forge(), 12, note())).to.include("new comment");
        entries.push(entry(2, `${MARKER}\nold`));
        expect(await postComment(forge(), 12, note())).to.include("written anew");
        expect(sent).to.deep.equal([
            ["POST", "/repos/ada/lab/issues/12/comments", { body: `${MARKER}\nnew` }],
            ["PATCH", "/repos/ada/lab/issues/comments/2", { body: `${MARKER}\nnew` }],
        ]);
    });

    it("is found on later pages, and never what a person has written with its marker in it", async () => {
        entries = Array.from({ length: 250 }, (_, index) => entry(index, "talk"));
        entries[3] = entry(3, MARKER, { user: { type: "User" } });
        entries[240] = entry(240, MARKER);
        await postComment(forge(), 12, note());
        expect(sent.map(([method, path]) => `${method} ${path}`)).to.deep.equal([
            "PATCH /repos/ada/lab/issues/comments/240",
        ]);
    });

    it("is one issue: opened, written anew, and closed with the last word", async () => {
        const title = "The lab dev has drifted";
        expect(await postIssue(forge(), note({ title }))).to.include("opened");
        // A pull request is an issue as well.
        entries = [entry(1, MARKER, { pull_request: {} }), entry(2, MARKER)];
        expect(await postIssue(forge(), note({ title }))).to.include("102 was written anew");
        expect(await postIssue(forge(), note({ title, open: false, body: "as it should be" }))).to.include("closed");
        expect(sent).to.deep.equal([
            ["POST", "/repos/ada/lab/issues", { title, body: `${MARKER}\nnew`, labels: [LABEL] }],
            ["PATCH", "/repos/ada/lab/issues/102", { title, body: `${MARKER}\nnew` }],
            ["POST", "/repos/ada/lab/issues/102/comments", { body: "as it should be" }],
            ["PATCH", "/repos/ada/lab/issues/102", { state: "closed", state_reason: "completed" }],
        ]);
    });

    it("is nothing where there is nothing to see to", async () => {
        expect(await postIssue(forge(), note({ open: false }))).to.include("no issue is open");
        expect(sent).to.deep.equal([]);
    });

    it("fails with the forge's reason, without the token", async () => {
        status = 403;
        const error = await postComment(forge(), 12, note()).then(
            () => undefined,
            (error: unknown) => error as Error,
        );
        expect(error?.message).to.include("403").and.include("Resource not accessible").and.not.include(TOKEN);
    });

    it("is refused without the variables of a workflow, all of which are named", () =>
        expect(() => forgeAccess({})).to.throw("GITHUB_REPOSITORY and GITHUB_TOKEN must be set"));
});

describe("The reference of a published image", () => {
    it("has a version as its tag, and no capitals", () => {
        expect(publishedReference("fkas", { registry: "ghcr.io/Ada/Lab", tag: "v1.2.0" })).to.equal(
            "ghcr.io/ada/lab/fkas:v1.2.0",
        );
        expect(publishedReference("fkas", { registry: "127.0.0.1:5000/", tag: "v1.2.0-rc.1" })).to.equal(
            "127.0.0.1:5000/fkas:v1.2.0-rc.1",
        );
    });

    for (const tag of ["latest", "main", "1.2.0", "v1.2", "v1.2.0 x"]) {
        it(`is refused with the tag ${tag}`, () =>
            expect(() => publishedReference("fkas", { registry: "ghcr.io/a", tag })).to.throw("--tag"));
    }
});
