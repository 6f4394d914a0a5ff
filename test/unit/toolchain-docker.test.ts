import { expect } from "chai";
import { decideDocker, type DockerDecision, type DockerFacts } from "../../toolchain/docker/decision";
import { complaintOf } from "../../toolchain/docker/facts";

const NOTHING: DockerFacts = {
    complaint: "there is no docker command",
    remote: undefined,
    client: false,
    daemon: false,
    daemonRunning: false,
    root: true,
    distribution: ["debian"],
    systemd: false,
};
const INSTALLED: Partial<DockerFacts> = {
    client: true,
    daemon: true,
    complaint: "Cannot connect to the Docker daemon",
};

describe("A Docker that does not answer", () => {
    const table: [
        situation: string,
        facts: Partial<DockerFacts>,
        decision: DockerDecision["do"],
        detail: string | RegExp,
    ][] = [
        [
            "DOCKER_HOST does not answer, though we are root",
            { ...INSTALLED, remote: "tcp://builder:2376", complaint: "no route to host" },
            "give-up",
            /tcp:\/\/builder:2376 does not answer \(no route to host\).*unset DOCKER_HOST/,
        ],
        ["not installed, root, Debian, no init", {}, "install", ""],
        ["not installed, root, Ubuntu, systemd", { distribution: ["ubuntu", "debian"], systemd: true }, "install", ""],
        ["not installed, root, a descendant of Debian", { distribution: ["linuxmint", "ubuntu"] }, "install", ""],
        ["not installed, not root, Debian", { root: false }, "give-up", /sudo apt-get install docker\.io/],
        [
            "not installed, root, Fedora",
            { distribution: ["fedora"] },
            "give-up",
            /on fedora the lab cannot install it.*Docker Engine 20\.10 or newer/,
        ],
        ["not installed, unknown system", { distribution: [] }, "give-up", /on this system/],
        ["only the client is installed", { ...INSTALLED, daemon: false }, "install", ""],
        ["only the daemon is installed", { ...INSTALLED, client: false }, "install", ""],
        ["installed, not running, root, no init", INSTALLED, "start", "dockerd"],
        ["installed, not running, root, systemd", { ...INSTALLED, systemd: true }, "start", "systemctl"],
        [
            "installed, not running, root, Fedora",
            { ...INSTALLED, distribution: ["fedora"], systemd: true },
            "start",
            "systemctl",
        ],
        ["a daemon is starting", { ...INSTALLED, daemonRunning: true }, "wait", ""],
        [
            "installed, not running, not root, systemd",
            { ...INSTALLED, root: false, systemd: true },
            "give-up",
            /sudo systemctl start docker/,
        ],
        ["installed, not running, not root, no init", { ...INSTALLED, root: false }, "give-up", /sudo dockerd/],
        [
            "running, but not for this user",
            {
                ...INSTALLED,
                root: false,
                daemonRunning: true,
                complaint: "Got permission denied while trying to connect",
            },
            "give-up",
            /usermod -aG docker/,
        ],
    ];
    for (const [situation, facts, decision, detail] of table) {
        it(`leads to "${decision}" in this situation: ${situation}`, () => {
            const decided = decideDocker({ ...NOTHING, ...facts });
            expect(decided.do).to.equal(decision);
            if (decided.do === "give-up") {
                expect(decided.message)
                    .to.match(detail as RegExp)
                    .and.not.contain("\n");
            }
            if (decided.do === "start") {
                expect(decided.how).to.equal(detail);
            }
        });
    }
});

describe("The reason why docker info failed", () => {
    it("is the line with the error, and not the client's JSON about itself", () => {
        const denied =
            "permission denied while trying to connect to the Docker daemon socket at " +
            "unix:///var/run/docker.sock: dial unix /var/run/docker.sock: connect: permission denied";
        expect(complaintOf(`{"ID":"","Swarm":{"Error":""},"Warnings":null}\n${denied}\n`)).to.equal(denied);
        expect(
            complaintOf(
                "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
            ),
        ).to.match(/^Cannot connect/);
        expect(complaintOf('{"Error":""}')).to.equal(undefined);
    });
});
