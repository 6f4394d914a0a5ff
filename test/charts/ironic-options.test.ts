import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { imageForTests, python } from "../lab-image";
import { find, renderConductors } from "./helm";
import { IRONIC_IMAGES } from "./ironic-images";

/** Prints the options of /ironic.conf that Ironic does not have, or whose value it refuses. */
const SCRIPT = `
import configparser, json
import ironic.command
from ironic.conf import CONF
from oslo_db import options as database
from oslo_log import log
from oslo_middleware import http_proxy_to_wsgi
database.set_defaults(CONF)
log.register_options(CONF)
CONF.register_opts(http_proxy_to_wsgi.OPTS, group="oslo_middleware")
CONF(["--config-file", "/conf/ironic.conf"], project="ironic", default_config_files=[])
parser = configparser.RawConfigParser(default_section="none")
parser.read("/conf/ironic.conf")
problems, count = [], 0
for section in parser.sections():
    group = CONF if section == "DEFAULT" else getattr(CONF, section)
    for option in parser.options(section):
        count += 1
        try:
            getattr(group, option)
        except Exception as error:
            problems.append(f"{section}.{option}: {error}")
print(json.dumps({"count": count, "problems": problems}))`;

for (const ironic of IRONIC_IMAGES) {
    describe(`charts/ironic: ironic.conf, in the image ${ironic}`, function () {
        this.timeout(60_000);
        const image = imageForTests(ironic);

        for (const [name, values] of [
            ["", {}],
            [" without the API proxy", { "conductor.apiProxy.enabled": false }],
        ] as const) {
            it(`Ironic has every option of ironic.conf${name} and accepts its value`, () => {
                const folder = mkdtempSync(path.join(os.tmpdir(), "ironic-conf-"));
                try {
                    const { data } = find(renderConductors(1, values), "ConfigMap", "ironic-conductor-0");
                    writeFileSync(path.join(folder, "ironic.conf"), data["ironic.conf"]);
                    const { count, problems } = python(image(), SCRIPT, [
                        "-v",
                        `${folder}:/conf:ro`,
                        "--user",
                        "0",
                    ]) as {
                        count: number;
                        problems: string[];
                    };
                    expect(problems).to.deep.equal([]);
                    expect(count).to.be.above(50);
                } finally {
                    rmSync(folder, { recursive: true });
                }
            });
        }
    });
}
