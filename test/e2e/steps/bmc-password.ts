import { expect } from "chai";
import { addressOf, askBmc, passwordOf } from "../bmc";
import { eventually, NAMESPACE, pulumi } from "../harness";
import { apply, inLab, lab, nothingToDo } from "./lab";

/**
 * Makes a host again with what its user says of it and nothing of its life, and with a wrong password. Its Secret went
 * with it, because BMO owns the Secrets of its hosts.
 */
function makeAgain(name: string, spec: object, secret: { type: string; data: object }): Promise<void> {
    const items = [
        {
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: `${name}-bmc`, namespace: NAMESPACE },
            type: secret.type,
            data: { ...secret.data, password: Buffer.from("wrong").toString("base64") },
        },
        { apiVersion: "metal3.io/v1alpha1", kind: "BareMetalHost", metadata: { name, namespace: NAMESPACE }, spec },
    ];
    return apply({ apiVersion: "v1", kind: "List", items });
}

/** BMCs want the password of their Secret. */
export function bmcPassword(): void {
    it("has BMCs that answer nobody without their password but for the service root", async () => {
        const address = await addressOf(lab.live, "host-0000");
        const password = await passwordOf(lab.live, "host-0000");
        const root = address.slice(0, address.indexOf("Systems"));
        expect((await askBmc(lab.live, { address }))[0]).to.equal(401);
        expect((await askBmc(lab.live, { address, password: "wrong" }))[0]).to.equal(401);
        expect((await askBmc(lab.live, { address, password }))[0]).to.equal(200);
        expect((await askBmc(lab.live, { address: root }))[0]).to.equal(200);
    });

    it("has a registration error for a new host with a wrong password, and takes it when that is mended", async () => {
        // BMO tries the credentials of a host that it does not know yet (docs/upstream/bmo-changed-credentials.md).
        const free = (await lab.live.hosts()).find(({ status }) => status?.provisioning?.state === "available");
        const name = String(free?.metadata.name);
        const found = async () => (await lab.live.hosts()).find(({ metadata }) => metadata.name === name);
        const secret = JSON.parse(await inLab("get", "secret", `${name}-bmc`, "--output", "json"));
        await lab.live.deleteHost(name);
        await eventually(`${name} to be gone`, 120, async () => (await found()) === undefined, found);
        await makeAgain(name, free?.spec as object, secret);
        const status = async () => (await found())?.status;
        await eventually(
            "a registration error",
            120,
            async () => (await status())?.errorType === "registration error",
            status,
        );
        const { code, output } = await pulumi(["up", "--yes", "--skip-preview", "--refresh"]);
        expect(code, output).to.equal(0);
        await eventually(
            `${name} to be available, without an error`,
            240,
            async () => {
                const { errorType = "", provisioning } = (await status()) ?? {};
                return errorType === "" && provisioning?.state === "available";
            },
            status,
        );
        await nothingToDo();
        lab.identities = await lab.live.identities();
    });
}
