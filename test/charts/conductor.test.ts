import path from "node:path";
import { expect } from "chai";
import { imageForTests, python } from "../lab-image";
import { CHART } from "./helm";

describe("charts/ironic: conductor.py and what it is made of, in the image of Ironic", function () {
    this.timeout(60_000);
    const image = imageForTests("ironic");

    /** Runs Python with the chart's files/*.py as modules. */
    function conductor(script: string, env: Record<string, string> = {}): unknown {
        const variables = Object.entries({ PYTHONPATH: "/scripts", PYTHONDONTWRITEBYTECODE: "1", ...env }).flatMap(
            ([name, value]) => ["-e", `${name}=${value}`],
        );
        return python(image(), `import conductor, hash_ring_balance, json, response_cache\n${script}`, [
            "-v",
            `${path.join(CHART, "files")}:/scripts:ro`,
            ...variables,
        ]);
    }

    it("leaves Ironic's own command as it is", () => {
        expect(
            conductor(`
import importlib.metadata
from oslo_service import backend
(command,) = importlib.metadata.entry_points(group="console_scripts", name="ironic")
print(json.dumps([callable(command.load()), backend.get_backend_type().value]))`),
        ).to.deep.equal([true, "threading"]);
    });

    it("enlarges every server that Ironic makes, by the same class as Ironic's", () => {
        expect(
            conductor(`
conductor.size_servers(7, 2)
from ironic.common import wsgi_service
server = wsgi_service.wsgi.Server(bind_addr="/tmp/api.sock", wsgi_app=lambda *_: [], server_name="x")
server.prepare()
print(json.dumps([server.request_queue_size, server.requests.min, server.keep_alive_conn_limit, type(server.wsgi_app).__name__]))
server.stop()`),
        ).to.deep.equal([1024, 7, 128, "Readers"]);
    });

    it("lets few reading requests run at once, and never makes others wait for them", () => {
        const reading = ["/v1/nodes", "/v1/nodes/0a1b", "/v1/nodes/0a1b/firmware", "/v1/ports", "/v1/drivers"].map(
            (target) => ["GET", target],
        );
        // Each of these may wait for a conductor, a BMC, or a host's lock.
        const others = [
            ["PATCH", "/v1/nodes/0a1b"],
            ["GET", "/v1/nodes/0a1b/validate"],
            ["POST", "/v1/heartbeat/0a1b"],
            ["POST", "/"],
        ];
        expect(
            conductor(`
import threading
def most(method, target):
    running, highest, lock, all_in = [0], [0], threading.Lock(), threading.Barrier(6)
    def application(environ, start_response):
        with lock:
            running[0] += 1
            highest[0] = max(highest[0], running[0])
        threading.Event().wait(0.2)
        with lock:
            running[0] -= 1
        return []
    readers = conductor.Readers(application, 2)
    def ask():
        all_in.wait(10)
        readers({"REQUEST_METHOD": method, "PATH_INFO": target}, None)
    threads = [threading.Thread(target=ask) for _ in range(6)]
    [thread.start() for thread in threads]
    [thread.join(20) for thread in threads]
    return highest[0]
print(json.dumps([most(*request) for request in ${JSON.stringify([...reading, ...others])}]))`),
        ).to.deep.equal([...reading.map(() => 2), ...others.map(() => 6)]);
    });

    it("gives an answer about a host again while its rows are the same, to those who asked the same", () => {
        expect(
            conductor(`
rows, asked = {}, []
def application(environ, start_response):
    asked.append(environ["PATH_INFO"])
    start_response(environ.get("status", "200 OK"), [("Content-Type", "application/json"), ("Openstack-Request-Id", f"req-{len(asked)}")])
    return [f"answer {len(asked)}".encode()]
answers = response_cache.ResponseCache(application, rows=lambda query, uuid: rows.get(uuid))
A, B = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
def ask(path=f"/v1/nodes/{A}", method="GET", query="", authorization="Basic me", **more):
    said = []
    headers = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    body = b"".join(answers({"PATH_INFO": path, "REQUEST_METHOD": method, "QUERY_STRING": query, **headers, **more}, lambda status, headers, *_: said.append([status, dict(headers)])))
    return body.decode(), said[0][0], "Openstack-Request-Id" in said[0][1]
rows[A] = rows[B] = [(1, "x")]
result = {"first": [ask(), ask(), ask()]}
rows[A] = [(1, "y")]
result["changed"] = [ask()[0], ask()[0]]
result["others"] = [ask(authorization="Basic you")[0], ask(HTTP_X_OPENSTACK_IRONIC_API_VERSION="1.99")[0], ask(f"/v1/nodes/{B}")[0], ask()[0]]
parts = [dict(path=f"/v1/nodes/{A}/firmware"), dict(path=f"/v1/nodes/{A}/bios"), dict(path=f"/v1/nodes/{A}/bios", query="detail=true"), dict(path="/v1/ports", query=f"fields=node_uuid&node_uuid={A}")]
result["parts"] = [[ask(**part)[0], ask(**part)[0]] for part in parts]
before = len(asked)
for arguments in [dict(method="PATCH"), dict(query="fields=uuid"), dict(authorization=None), dict(path="/v1/nodes"), dict(path=f"/v1/nodes/{A}/states"), dict(path="/v1/nodes/name"),
                  dict(path="/v1/ports"), dict(path="/v1/ports", query=f"node_uuid={A}"), dict(path=f"/v1/nodes/{A}/bios/x")]:
    ask(**arguments), ask(**arguments)
result["never"] = len(asked) - before
result["still"] = ask()[0]
del rows[A]
result["gone"] = [ask()[0], ask()[0]]
rows[A] = [(2,)]
result["refused"] = [ask(status="404 Not Found")[:2], ask()[:2]]
response_cache.SIZE = 2
for i in range(5):
    ask(HTTP_X=str(i))
result["kept"] = len(answers.answers)
print(json.dumps(result))`),
        ).to.deep.equal({
            first: [
                ["answer 1", "200 OK", true],
                ["answer 1", "200 OK", false],
                ["answer 1", "200 OK", false],
            ],
            changed: ["answer 2", "answer 2"],
            others: ["answer 3", "answer 4", "answer 5", "answer 2"],
            parts: [
                ["answer 6", "answer 6"],
                ["answer 7", "answer 7"],
                ["answer 8", "answer 8"],
                ["answer 9", "answer 9"],
            ],
            never: 18,
            still: "answer 2",
            gone: ["answer 28", "answer 29"],
            refused: [
                ["answer 30", "404 Not Found"],
                ["answer 31", "200 OK"],
            ],
            kept: 2,
        });
    });

    it("gives new hosts to the conductors in turn, beginning with its own, by Ironic's own hash of their UUIDs", () => {
        expect(
            conductor(`
import io, uuid
from ironic.common import exception
from tooz import hashring
ring = hashring.HashRing(["a", "b", "c"], partitions=32)
def conductor_of(host, identifier):
    if host["driver"] != "redfish":
        raise exception.DriverNotFound(driver_name=host["driver"])
    return next(iter(ring.get_nodes(identifier.encode()))), sorted(ring.nodes)
got = []
def application(environ, start_response):
    got.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    return []
spread = hash_ring_balance.HashRingBalance(application, "b", conductor_of)
def ask(body, method="POST", path="/v1/nodes", **more):
    spread({"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body)), **more}, None)
    return got[-1]
def held(**host):
    body = json.loads(ask(json.dumps({"driver": "redfish", "name": "metal3~host-0000", **host}).encode()))
    assert body == {"driver": "redfish", "name": "metal3~host-0000", **host, "uuid": str(uuid.UUID(body["uuid"]))}
    return conductor_of(body, body["uuid"])[0]
result = {"turns": [held() for _ in range(7)], "with more said": held(extra={"ä": [1]})}
ring.remove_node("c")
result["one gone"] = sorted([held() for _ in range(4)])
spread.own = "nobody"
result["own not there yet"] = sorted(held() for _ in range(2))
asIs = [b'{"driver": "redfish", "uuid": "1be26c0b-03f2-4d2e-ae87-c02d7f33c123"}', b'{"driver": "ipmi"}', b'{"name": "x"}', b'{"driver": 7}', b'[1]', b'{"driver": ', b'\\xff\\xfe', b'']
result["left alone"] = [ask(body) == body for body in asIs]
large = json.dumps({"driver": "redfish", "extra": "x" * hash_ring_balance.HOST_SIZE}).encode()
result["too large"] = ask(large) == large
result["elsewhere"] = [ask(b'{"driver": "redfish"}', **at).decode() for at in [dict(path="/v1/ports"), dict(method="PUT"), dict(path="/")]]
result["no length"] = ask(b'{"driver": "redfish"}', CONTENT_LENGTH="").decode()
print(json.dumps(result))`),
        ).to.deep.equal({
            turns: ["b", "c", "a", "b", "c", "a", "b"],
            "with more said": "c",
            "one gone": ["a", "a", "b", "b"],
            "own not there yet": ["a", "b"],
            "left alone": [true, true, true, true, true, true, true, true],
            "too large": true,
            elsewhere: ['{"driver": "redfish"}', '{"driver": "redfish"}', '{"driver": "redfish"}'],
            "no length": "",
        });
    });

    it("begins a deployment with the agent that inspected only if Ironic knows its address, and boots the host anew if not", () => {
        expect(
            conductor(`
import datetime
from unittest import mock
import agent_address_required
from ironic.common import states
from ironic.conductor import task_manager, utils
from ironic.drivers.modules import agent
def now(ago=0):
    return datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago)
def deployed(inspected=0, address="https://192.0.2.1:9999", heartbeat=None):
    info = {**({"agent_url": address} if address else {}), **({"agent_last_heartbeat": now(heartbeat).strftime("%Y-%m-%dT%H:%M:%S.%f")} if heartbeat is not None else {})}
    node = mock.Mock(uuid="u", power_state=states.POWER_ON, inspection_finished_at=now(inspected), driver_internal_info=info, provision_state=states.DEPLOYING, last_error=None)
    node.del_driver_internal_info.return_value = None
    task = mock.Mock(spec=task_manager.TaskManager)
    task.node, task.shared, task.driver, task.context = node, False, mock.Mock(), mock.Mock()
    task.driver.power.get_power_state.return_value = states.POWER_ON
    with mock.patch.object(utils, "fast_track_able", return_value=True), mock.patch.object(agent.CustomAgentDeploy, "refresh_steps") as refresh, \\
            mock.patch.object(agent.deployments, "validate_deploy_steps"), mock.patch.object(utils, "node_power_action") as power:
        agent.CustomAgentDeploy().deploy(task)
    return ["asked"] * refresh.call_count + [call.args[1] for call in power.call_args_list]
before = deployed(address=None)
agent_address_required.require_address()
print(json.dumps({"Ironic's own": before, "no address": deployed(address=None), "inspected": deployed(), "heard": deployed(inspected=86400, heartbeat=1),
                  "long ago": deployed(inspected=86400, heartbeat=86400), "heard, but no address": deployed(inspected=86400, address=None, heartbeat=1)}))`),
        ).to.deep.equal({
            "Ironic's own": ["asked"],
            "no address": ["rebooting"],
            inspected: ["asked"],
            heard: ["asked"],
            "long ago": ["rebooting"],
            "heard, but no address": ["rebooting"],
        });
    });

    it("asks the database for the rows of each question and the ring for the conductor, and leaves it to Ironic to say that they cannot be had", () => {
        expect(
            conductor(`
import sqlalchemy
from ironic.common import exception
from unittest import mock
engine = sqlalchemy.create_engine("sqlite:////tmp/ironic.sqlite", isolation_level="AUTOCOMMIT", pool_reset_on_return=None, pool_size=1, max_overflow=0, pool_timeout=1)
response_cache.database = lambda: engine
def write(*statements):
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
write("CREATE TABLE nodes (id INTEGER, uuid TEXT, owner TEXT, lessee TEXT, driver TEXT, conductor_group TEXT)", "CREATE TABLE node_traits (node_id INTEGER, trait TEXT)",
      "CREATE TABLE firmware_information (node_id INTEGER, component TEXT)", "CREATE TABLE bios_settings (node_id INTEGER, name TEXT)",
      "CREATE TABLE ports (id INTEGER, node_id INTEGER)", "INSERT INTO nodes VALUES (7, 'u', NULL, NULL, 'redfish', '')", "INSERT INTO ports VALUES (3, 7)")
# SQLite has neither the function nor this style of parameters.
here = lambda query: query.replace("CRC32", "LENGTH").replace("CONCAT(COUNT(*), ' ', ", "(COUNT(*) || ' ' || ").replace("%s", "?")
queries = [query for _, query in response_cache.QUERIES]
response_cache.HOST = here(response_cache.HOST)
holder = mock.Mock(return_value=("192.0.2.1", ["192.0.2.1", "192.0.2.2"]))
response_cache.conductor_of = holder
def look(uuid):
    return [response_cache.rows_of(here(query), uuid) for query in queries]
result = [look("u"), look("v")]
write("INSERT INTO node_traits VALUES (7, 'CUSTOM_GPU')", "INSERT INTO firmware_information VALUES (7, 'bmc')", "DELETE FROM ports")
holder.return_value = ("192.0.2.2", ["192.0.2.2"])
result.append(look("u"))
asked = [call.args for call in holder.call_args_list]
holder.side_effect = exception.DriverNotFound(driver_name="redfish")
result.append(look("u")[0])
holder.side_effect = None
# A connection that was cut off is not used again; with one in all, neither is any kept.
write("ALTER TABLE ports RENAME TO away")
result.append(look("u"))
write("ALTER TABLE away RENAME TO ports")
result.append([rows is not None for rows in look("u")])
response_cache.database = lambda: sqlalchemy.create_engine("sqlite:////nowhere/at.all")
print(json.dumps([*result, look("u"), asked]))`),
        ).to.deep.equal([
            [
                [["redfish", "", 7, "u", null, null, "redfish", "", "0 0"], "192.0.2.1"],
                [[null, null, null, null]],
                [[null, null, null, null]],
                [[null, null, 3, 7]],
            ],
            [null, null, null, null],
            [
                [["redfish", "", 7, "u", null, null, "redfish", "", "1 10"], "192.0.2.2"],
                [[null, null, 7, "bmc"]],
                [[null, null, null, null]],
                [[null, null, null, null]],
            ],
            null,
            [
                [["redfish", "", 7, "u", null, null, "redfish", "", "1 10"], "192.0.2.2"],
                [[null, null, 7, "bmc"]],
                [[null, null, null, null]],
                null,
            ],
            [true, true, true, true],
            [null, null, null, null],
            [
                [{ driver: "redfish", conductor_group: "" }, "u"],
                [{ driver: "redfish", conductor_group: "" }, "u"],
            ],
        ]);
    });

    it("remembers signatures as pecan finds them, by function and not by object", () => {
        expect(
            conductor(`
import functools, pecan.util
def decorate(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper
class Controller:
    def plain(self, ident, fields=None): pass
    @decorate
    def decorated(self, ident, *args, limit=1): pass
    @staticmethod
    def static(a, b=2): pass
handlers = [Controller().plain, Controller().decorated, Controller.static, Controller.plain]
before = [pecan.util.getargspec(handler) for handler in handlers]
looked = []
original = pecan.util._getargspec
pecan.util._getargspec = lambda handler: looked.append(handler) or original(handler)
conductor.cache_signatures()
after = [[tuple(pecan.util.getargspec(handler)) for handler in handlers] for _ in range(3)]
again = len(looked)
pecan.util.getargspec(Controller().plain)
print(json.dumps([all(after[i] == [tuple(b) for b in before] for i in range(3)), len(looked) == again, again <= 4]))`),
        ).to.deep.equal([true, true, true]);
    });

    it("judges values as jsonschema does, and each schema once", () => {
        expect(
            conductor(`
import jsonschema
validate = jsonschema.validate
conductor.cache_schema_checks()
judged = []
check = jsonschema.Draft4Validator.check_schema
jsonschema.Draft4Validator.check_schema = classmethod(lambda cls, schema: judged.append(schema) or check(schema))
schema = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "properties": {"a": {"type": "integer"}}}
def verdict(function, value, schema):
    try:
        return [function(value, schema)]
    except (jsonschema.ValidationError, jsonschema.SchemaError) as error:
        return [type(error).__name__, error.message]
values = [{}, {"a": 1}, {"a": "x"}, [], None, {"a": 1.5}]
mine = [verdict(jsonschema.validate, value, schema) for value in values]
count = len(judged)
broken = {"$schema": schema["$schema"], "type": "nonsense"}
print(json.dumps([
    mine == [verdict(validate, value, schema) for value in values], count,
    [verdict(jsonschema.validate, {}, broken) == verdict(validate, {}, broken) for _ in range(2)],
    # Others of the same identity, one after the other: never an earlier one's verdict.
    [verdict(jsonschema.validate, "x", {"enum": [str(i)]}) for i in range(2000)].count([None]),
]))`),
        ).to.deep.equal([true, 1, [true, true], 0]);
    });

    it("takes the faster driver where the image has it, and only in place of PyMySQL", () => {
        const url = (value: string, prelude = "") =>
            conductor(
                `import os\n${prelude}\nconductor.choose_database_driver()\nprint(json.dumps(os.environ["OS_DATABASE__CONNECTION"]))`,
                { OS_DATABASE__CONNECTION: value },
            );
        const pymysql = "mysql+pymysql://ironic:pymysql@db:3306/ironic?charset=utf8";
        const without = "conductor.importlib.util.find_spec = lambda name: None";
        expect(url(pymysql, without)).to.equal(pymysql);
        expect(url("sqlite:////tmp/x")).to.equal("sqlite:////tmp/x");
        expect(url(pymysql, "conductor.importlib.util.find_spec = lambda name: name == 'MySQLdb'")).to.equal(
            "mysql+mysqldb://ironic:pymysql@db:3306/ironic?charset=utf8",
        );
    });
});
