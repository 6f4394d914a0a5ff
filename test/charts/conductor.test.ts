import path from "node:path";
import { expect } from "chai";
import { imageForTests, python } from "../lab-image";
import { CHART } from "./helm";

describe("charts/ironic: files/conductor.py, in the image of Ironic", function () {
    this.timeout(60_000);
    const image = imageForTests("ironic");

    /** Runs Python with files/conductor.py as `conductor`. */
    function conductor(script: string, env: Record<string, string> = {}): unknown {
        const variables = Object.entries({ PYTHONPATH: "/scripts", PYTHONDONTWRITEBYTECODE: "1", ...env }).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
        return python(image(), `import conductor, json\n${script}`, ["-v", `${path.join(CHART, "files")}:/scripts:ro`, ...variables]);
    }

    it("enlarges every server that Ironic makes, by the same class as Ironic's", () => {
        expect(conductor(`
conductor.size_servers(7, 2)
from ironic.common import wsgi_service
server = wsgi_service.wsgi.Server(bind_addr="/tmp/api.sock", wsgi_app=lambda *_: [], server_name="x")
server.prepare()
print(json.dumps([server.request_queue_size, server.requests.min, server.keep_alive_conn_limit, type(server.wsgi_app).__name__]))
server.stop()`)).to.deep.equal([1024, 7, 128, "Readers"]);
    });

    it("lets few reading requests run at once, and never makes others wait for them", () => {
        const most = (method: string, target: string) => conductor(`
import threading
running, most, lock, all_in = 0, 0, threading.Lock(), threading.Barrier(6)
def application(environ, start_response):
    global running, most
    with lock:
        running += 1
        most = max(most, running)
    threading.Event().wait(0.2)
    with lock:
        running -= 1
    return []
readers = conductor.Readers(application, 2)
def ask():
    all_in.wait(10)
    readers({"REQUEST_METHOD": "${method}", "PATH_INFO": "${target}"}, None)
threads = [threading.Thread(target=ask) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join(20) for thread in threads]
print(most)`);
        for (const target of ["/v1/nodes", "/v1/nodes/0a1b", "/v1/nodes/0a1b/firmware", "/v1/ports", "/v1/drivers"]) expect(most("GET", target), target).to.equal(2);
        // Each of these may wait for a conductor, a BMC, or a host's lock.
        for (const [method, target] of [["PATCH", "/v1/nodes/0a1b"], ["GET", "/v1/nodes/0a1b/validate"], ["POST", "/v1/heartbeat/0a1b"], ["POST", "/"]] as const) {
            expect(most(method, target), `${method} ${target}`).to.equal(6);
        }
    });

    it("gives an answer about a host again while its rows are the same, to those who asked the same, and for five minutes", () => {
        expect(conductor(`
rows, asked, now = {}, [], [0.0]
def application(environ, start_response):
    asked.append(environ["PATH_INFO"])
    start_response(environ.get("status", "200 OK"), [("Content-Type", "application/json"), ("Openstack-Request-Id", f"req-{len(asked)}")])
    return [f"answer {len(asked)}".encode()]
answers = conductor.RememberedAnswers(application, rows=lambda query, uuid: rows.get(uuid), clock=lambda: now[0])
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
now[0] = 299.9
result["in time"] = ask()[0]
now[0] = 300.1
result["late"] = ask()[0]
del rows[A]
result["gone"] = [ask()[0], ask()[0]]
rows[A] = [(2,)]
result["refused"] = [ask(status="404 Not Found")[:2], ask()[:2]]
conductor.KNOWN_ANSWERS = 2
for i in range(5):
    ask(HTTP_X=str(i))
result["kept"] = len(answers.answers)
print(json.dumps(result))`)).to.deep.equal({
            first: [["answer 1", "200 OK", true], ["answer 1", "200 OK", false], ["answer 1", "200 OK", false]],
            changed: ["answer 2", "answer 2"],
            others: ["answer 3", "answer 4", "answer 5", "answer 2"],
            parts: [["answer 6", "answer 6"], ["answer 7", "answer 7"], ["answer 8", "answer 8"], ["answer 9", "answer 9"]],
            never: 18,
            "in time": "answer 2",
            late: "answer 28",
            gone: ["answer 29", "answer 30"],
            refused: [["answer 31", "404 Not Found"], ["answer 32", "200 OK"]],
            kept: 2,
        });
    });

    it("asks the database for the rows of each question, and leaves it to Ironic to say that they cannot be read", () => {
        expect(conductor(`
import sqlalchemy, oslo_db.exception
engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
def write(*statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
write("CREATE TABLE nodes (id INTEGER, uuid TEXT, owner TEXT, lessee TEXT)", "CREATE TABLE node_traits (node_id INTEGER, trait TEXT)",
      "CREATE TABLE firmware_information (node_id INTEGER, component TEXT)", "CREATE TABLE bios_settings (node_id INTEGER, name TEXT)",
      "CREATE TABLE ports (id INTEGER, node_id INTEGER)", "INSERT INTO nodes VALUES (7, 'u', NULL, NULL)", "INSERT INTO ports VALUES (3, 7)")
conductor.enginefacade.reader.get_engine = lambda: engine
# SQLite has neither the function nor this style of parameters.
here = lambda query: query.replace("CRC32", "LENGTH").replace("CONCAT(COUNT(*), ' ', ", "(COUNT(*) || ' ' || ").replace("%s", "?")
def look(uuid):
    return [conductor.rows_of(here(query), uuid) for _, query in conductor.QUESTIONS]
result = [look("u"), look("v")]
write("INSERT INTO node_traits VALUES (7, 'CUSTOM_GPU')", "INSERT INTO firmware_information VALUES (7, 'bmc')", "DELETE FROM ports")
result.append(look("u"))
def away():
    raise oslo_db.exception.DBConnectionError()
conductor.enginefacade.reader.get_engine = away
print(json.dumps(result + [look("u")]))`)).to.deep.equal([
            [[[7, "u", null, null, "0 0"]], [[null, null, null, null]], [[null, null, null, null]], [[null, null, 3, 7]]],
            [null, null, null, null],
            [[[7, "u", null, null, "1 10"]], [[null, null, 7, "bmc"]], [[null, null, null, null]], [[null, null, null, null]]],
            [null, null, null, null],
        ]);
    });

    it("remembers signatures as pecan finds them, by function and not by object", () => {
        expect(conductor(`
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
conductor.remember_signatures()
after = [[tuple(pecan.util.getargspec(handler)) for handler in handlers] for _ in range(3)]
again = len(looked)
pecan.util.getargspec(Controller().plain)
print(json.dumps([all(after[i] == [tuple(b) for b in before] for i in range(3)), len(looked) == again, again <= 4]))`)).to.deep.equal([true, true, true]);
    });

    it("judges values as jsonschema does, and each schema once", () => {
        expect(conductor(`
import jsonschema
validate = jsonschema.validate
conductor.remember_schemas()
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
]))`)).to.deep.equal([true, 1, [true, true], 0]);
    });

    it("takes the faster driver where the image has it, and only in place of PyMySQL", () => {
        const url = (value: string, prelude = "") =>
            conductor(`import os\n${prelude}\nconductor.choose_driver()\nprint(json.dumps(os.environ["OS_DATABASE__CONNECTION"]))`, { OS_DATABASE__CONNECTION: value });
        const pymysql = "mysql+pymysql://ironic:pymysql@db:3306/ironic?charset=utf8";
        const without = "conductor.importlib.util.find_spec = lambda name: None";
        expect(url(pymysql, without)).to.equal(pymysql);
        expect(url("sqlite:////tmp/x")).to.equal("sqlite:////tmp/x");
        expect(url(pymysql, "conductor.importlib.util.find_spec = lambda name: name == 'MySQLdb'")).to.equal("mysql+mysqldb://ironic:pymysql@db:3306/ironic?charset=utf8");
    });
});
