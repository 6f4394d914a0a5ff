import { createPrivateKey, createPublicKey, createSign, createVerify, X509Certificate } from "node:crypto";
import { expect } from "chai";
import type { KeyPair } from "../../tasks/pki/certificates";
import { nodeInputSchema, pkiInputSchema, type Pki } from "../../tasks/pki/input";
import { createNodeCertificates, createPki } from "../../tasks/pki/pki";

describe("The PKI of a lab", function () {
    this.timeout(30_000);
    const input = pkiInputSchema.parse({
        name: "metal3-scale-lab test",
        kubernetes: {
            apiServerNames: ["127.0.0.1", "10.96.0.1", "kubernetes.default.svc"],
            nodes: { "node-0": ["node-0", "192.168.222.2"] },
        },
        servers: { ironic: { names: ["192.168.222.100"] } },
    });
    let pki: Pki;
    before(async () => {
        pki = await createPki(input);
    });

    const parts = (of: Pki): Record<string, [KeyPair | undefined, KeyPair | undefined, string]> => ({
        apiServer: [of.kubernetes?.apiServer, of.kubernetes?.clusterCa, "CN=kube-apiserver"],
        kubeletClient: [
            of.kubernetes?.apiServerKubeletClient,
            of.kubernetes?.clusterCa,
            "O=system:masters\nCN=kube-apiserver-kubelet-client",
        ],
        admin: [of.kubernetes?.admin, of.kubernetes?.clusterCa, "O=system:masters\nCN=kubernetes-admin"],
        controllerManager: [
            of.kubernetes?.controllerManager,
            of.kubernetes?.clusterCa,
            "CN=system:kube-controller-manager",
        ],
        scheduler: [of.kubernetes?.scheduler, of.kubernetes?.clusterCa, "CN=system:kube-scheduler"],
        kubeProxy: [of.kubernetes?.kubeProxy, of.kubernetes?.clusterCa, "CN=system:kube-proxy"],
        kubelet: [
            of.kubernetes?.kubelets["node-0"]?.client,
            of.kubernetes?.clusterCa,
            "O=system:nodes\nCN=system:node:node-0",
        ],
        kubeletServer: [
            of.kubernetes?.kubelets["node-0"]?.server,
            of.kubernetes?.clusterCa,
            "O=system:nodes\nCN=system:node:node-0",
        ],
        frontProxy: [of.kubernetes?.frontProxyClient, of.kubernetes?.frontProxyCa, "CN=front-proxy-client"],
        ironic: [of.servers.ironic, of.ca, "CN=ironic"],
    });

    it("has certificates of the same kind for a node that joins later, and keeps those that fit", async () => {
        const authority = pki.kubernetes?.clusterCa as KeyPair;
        const joining = (names: string[]) => nodeInputSchema.parse({ node: "worker-1", names, authority });
        const issued = await createNodeCertificates(joining(["worker-1", "192.168.222.3"]));
        const first = pki.kubernetes?.kubelets["node-0"] ?? issued;
        for (const key of ["client", "server"] as const) {
            const [certificate, like] = [issued, first].map((each) => new X509Certificate(each[key].cert));
            expect(certificate?.checkIssued(new X509Certificate(authority.cert)), key).to.equal(true);
            expect(certificate?.checkPrivateKey(createPrivateKey(issued[key].key)), key).to.equal(true);
            expect(certificate?.subject, key).to.equal("O=system:nodes\nCN=system:node:worker-1");
            expect(certificate?.keyUsage, key).to.deep.equal(like?.keyUsage);
        }
        expect(new X509Certificate(issued.server.cert).subjectAltName).to.equal(
            "DNS:worker-1, IP Address:192.168.222.3",
        );
        expect(await createNodeCertificates(joining(["worker-1", "192.168.222.3"]), issued)).to.deep.equal(issued);
        const moved = await createNodeCertificates(joining(["worker-1", "192.168.222.4"]), issued);
        expect(moved.client).to.deep.equal(issued.client);
        expect(moved.server).to.not.deep.equal(issued.server);
    });

    it("has certificates that are each signed by their own CA and name their owner", () => {
        for (const [name, [pair, ca, subject]] of Object.entries(parts(pki))) {
            const certificate = new X509Certificate(pair?.cert ?? "");
            const authority = new X509Certificate(ca?.cert ?? "");
            expect(certificate.checkIssued(authority), name).to.equal(true);
            expect(certificate.verify(authority.publicKey), name).to.equal(true);
            expect(certificate.checkPrivateKey(createPrivateKey(pair?.key ?? "")), name).to.equal(true);
            expect(certificate.subject, name).to.equal(subject);
            expect(certificate.ca, name).to.equal(false);
        }
        const authorities = [pki.ca, pki.kubernetes?.clusterCa, pki.kubernetes?.frontProxyCa];
        expect(new Set(authorities.map((pair) => pair?.cert)).size).to.equal(3);
        expect(authorities.every((pair) => new X509Certificate(pair?.cert ?? "").ca)).to.equal(true);
    });

    it("has a pair of RSA keys for service accounts", () => {
        const { privateKey = "", publicKey = "" } = pki.kubernetes?.serviceAccount ?? {};
        const signature = createSign("sha256").update("token").sign(createPrivateKey(privateKey));
        expect(createVerify("sha256").update("token").verify(createPublicKey(publicKey), signature)).to.equal(true);
        expect(createPublicKey(publicKey).asymmetricKeyType).to.equal("rsa");
    });

    it("issues nothing again for the same input", async () => {
        expect(await createPki(input, pki)).to.deep.equal(pki);
    });

    it("renews only the one certificate that gets another name", async () => {
        const servers = {
            ironic: { names: ["192.168.222.100", "192.168.222.101"] },
            images: { names: ["192.168.222.1"] },
        };
        const next = await createPki(pkiInputSchema.parse({ ...input, servers }), pki);
        expect(next.servers.ironic?.cert).not.to.equal(pki.servers.ironic?.cert);
        expect(new X509Certificate(next.servers.ironic?.cert ?? "").subjectAltName).to.equal(
            "IP Address:192.168.222.100, IP Address:192.168.222.101",
        );
        expect({ ...next, servers: {} }).to.deep.equal({ ...pki, servers: {} });
    });

    it("renews what a new CA signs, and nothing else", async () => {
        const next = await createPki({ ...input, name: "another" }, pki);
        expect(next.servers.ironic?.cert).not.to.equal(pki.servers.ironic?.cert);
        expect(next.kubernetes?.apiServer).to.deep.equal(pki.kubernetes?.apiServer);
    });
});
