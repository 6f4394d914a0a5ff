import path from "node:path";
import { expect } from "chai";
import { imageForTests, python } from "../lab-image";
import { CHART, render } from "./helm";

describe("charts/ironic: how BMO is told that Ironic is done with a host, in the image of Ironic", function () {
    this.timeout(60_000);
    const image = imageForTests("ironic");

    /** Runs Python with the chart's files/*.py as modules. */
    const run = (script: string): unknown =>
        python(image(), `import json, threading, time\n${script}`, [
            "-v",
            `${path.join(CHART, "files")}:/scripts:ro`,
            "-e",
            "PYTHONPATH=/scripts",
            "-e",
            "PYTHONDONTWRITEBYTECODE=1",
        ]);

    it("tells of each state in which Ironic waits to be asked, after the host is unlocked, and of no other", () => {
        expect(
            run(`
import concurrent.futures
from unittest import mock
import state_notifier
from ironic import objects
from ironic.common import driver_factory
from ironic.conductor import task_manager
objects.register_all()
log = []
state_notifier.notify_state_changes(lambda *word: log.append(["told", *word]))
node = mock.Mock(uuid="u", name="node", driver="redfish", provision_state="enroll", target_provision_state=None, last_error=None)
node.name = "metal3~host-0000"
def related(_): return mock.patch.object(_, "list_by_node_id", return_value=[])
pool = concurrent.futures.ThreadPoolExecutor(1)
def life(event, work=None, shared=False):
    log.append([event])
    with task_manager.acquire(mock.Mock(), "u", shared=shared, purpose="test") as task:
        if event:
            task.process_event(event, **({"callback": pool.submit, "call_args": (work, task)} if work else {}))
    pool.submit(lambda: None).result()
with mock.patch.object(objects.Node, "reserve", return_value=node), mock.patch.object(objects.Node, "get", return_value=node), \\
        mock.patch.object(objects.Node, "release", side_effect=lambda *_: log.append(["unlocked"])), mock.patch.object(driver_factory, "build_driver_for_task"), \\
        related(objects.Port), related(objects.Portgroup), related(objects.VolumeConnector), related(objects.VolumeTarget), \\
        mock.patch("ironic.conductor.notification_utils.emit_provision_set_notification"):
    life("manage", lambda task: task.process_event("done"))
    life("inspect", lambda task: task.process_event("wait"))
    life("resume", lambda task: None)
    life("fail")
    life(None)
    life(None, shared=True)
    node.name, node.provision_state = None, "deploying"
    life("done")
print(json.dumps(log))`),
        ).to.deep.equal([
            ["manage"],
            ["unlocked"],
            ["told", "metal3~host-0000", "manageable"],
            // Inspection goes on in the agent.
            ["inspect"],
            ["unlocked"],
            ["resume"],
            ["unlocked"],
            ["fail"],
            ["unlocked"],
            ["told", "metal3~host-0000", "inspect failed"],
            // Nothing happened to it; only looked at; none of BMO's.
            [null],
            ["unlocked"],
            [null],
            ["done"],
            ["unlocked"],
        ]);
    });

    it("annotates the host, in its own namespace only, with the token as it is then, and goes on whatever Kubernetes says", () => {
        expect(
            run(`
import contextlib, http.server, io, pathlib, tempfile
import host_annotator, state_notifier
asked, answers = [], {"gone": 404, "forbidden": 403}
class Kubernetes(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_PATCH(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked.append([self.path, self.headers["Authorization"], self.headers["Content-Type"], body, self.client_address[1]])
        self.send_response(answers.get(self.path.rsplit("/", 1)[1], 200))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Kubernetes)
threading.Thread(target=server.serve_forever, daemon=True).start()
account = pathlib.Path(tempfile.mkdtemp())
(account / "ca.crt").touch()
(account / "token").write_text("first\\n")
path = str(account / "hosts.sock")
tell = state_notifier.StateNotifier(path)
tell("metal3~host-0000", "active")  # nobody listens yet
pathlib.Path(path).touch()  # left behind by a sidecar before
printed = io.StringIO()
def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, (asked, printed.getvalue())
        time.sleep(0.01)
with contextlib.redirect_stdout(printed):
    host_annotator.HostAnnotator(path, "metal3", f"http://127.0.0.1:{server.server_port}", account, pause=0.3).start()
    began = time.monotonic()
    tell("metal3~host-0001", "active")
    until(lambda: len(asked) == 1)
    waited = time.monotonic() - began
    (account / "token").write_text("second\\n")
    for name in ["elsewhere~host-0002", "no-namespace", "metal3~gone", "metal3~forbidden"]:
        tell(name, "manageable")
    tell.socket.sendto(b"no JSON", path)
    tell("metal3~host-0003", "deploy failed")
    until(lambda: len(asked) == 4)
annotations = [body["metadata"]["annotations"]["metal3-scale-lab/ironic"].partition(" since ") for *_, body, _ in asked]
print(json.dumps({
    "asked": [[path, token, kind] for path, token, kind, *_ in asked], "states": [state for state, *_ in annotations],
    "times": [since.endswith("+00:00") for *_, since in annotations], "waited": waited >= 0.3, "connections": len({port for *_, port in asked}),
    "printed": [line.split(": ")[1:2] for line in printed.getvalue().splitlines()],
}))`),
        ).to.deep.equal({
            asked: [
                ["host-0001", "first"],
                ["gone", "second"],
                ["forbidden", "second"],
                ["host-0003", "second"],
            ].map(([name, token]) => [
                `/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts/${name}`,
                `Bearer ${token}`,
                "application/merge-patch+json",
            ]),
            states: ["active", "manageable", "manageable", "deploy failed"],
            times: [true, true, true, true],
            waited: true,
            connections: 1,
            printed: [['{"host"'], ["no JSON"]],
        });
    });

    it("never holds the conductor up, however little is read", () => {
        expect(
            run(`
import socket, tempfile
import state_notifier
path = tempfile.mkdtemp() + "/hosts.sock"
inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
inbox.bind(path)
tell = state_notifier.StateNotifier(path)
for number in range(1000):
    tell("metal3~host-%04d" % number, "active")
inbox.setblocking(False)
print(json.dumps(json.loads(inbox.recv(1024))))`),
        ).to.deep.equal({ host: "metal3~host-0000", state: "active" });
    });

    it("is the chart's tellOperator, which plain Ironic does without", () => {
        for (const [values, tells] of [
            [{}, true],
            [{ "conductor.tellOperator": false }, false],
            [{ "conductor.tunedRuntime": false }, false],
        ] as const) {
            const objects = render(values);
            const pod = objects.find(
                ({ kind, metadata }) => kind === "Deployment" && metadata.name.endsWith("conductor-0"),
            )?.["spec"].template.spec;
            const told = [pod.containers[0], pod.initContainers[0]].map(
                ({ env }) => env.find(({ name }: { name: string }) => name === "HOST_SOCKET")?.value,
            );
            expect(told).to.deep.equal(
                tells ? ["/run/conductor/hosts.sock", "/run/conductor/hosts.sock"] : [undefined, undefined],
            );
            const { rules } = objects.find(({ kind }) => kind === "Role") as unknown as {
                rules: { resources: string[]; verbs: string[] }[];
            };
            expect(
                rules.filter(({ resources }) => resources.includes("baremetalhosts")).map(({ verbs }) => verbs),
            ).to.deep.equal(tells ? [["patch"]] : []);
        }
    });
});
