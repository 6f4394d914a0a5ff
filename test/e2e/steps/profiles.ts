import { expect } from "chai";
import { PROFILE_LABEL } from "../../../plan/host-profiles/label";
import { profileNamed } from "../../../plan/host-profiles/mix";
import { rootDeviceHints } from "../../../plan/host-profiles/root-device";
import { hostName } from "../../../plan/identities";
import { plan } from "../../../plan/plan";
import { validate } from "../../../plan/validate";
import { configure, eventually, previewedSteps, pulumi, STACK } from "../harness";
import type { LiveObject } from "../live";
import { lab, up } from "./lab";

/** Shares with which the first four hosts, which are there, stay as they are, and two of the next five are others. */
const SHARES = JSON.stringify({ small: 9, rack: 1, storage: 1 });
const NODES = 9;
const OTHERS = { "host-0004": "rack", "host-0008": "storage" };

/** The fields of HardwareData and HostFirmwareSettings that are looked at. */
interface Found {
    hardware?: {
        systemVendor: { manufacturer: string; productName: string };
        ramMebibytes: number;
        cpu: { count: number };
        storage: { model: string; wwn: string; alternateNames?: string[] }[];
        nics: { name: string; mac: string; lldp?: { portID: string; switchSystemName: string } }[];
    };
}

const named = <T extends LiveObject>(objects: readonly T[], name: string): T | undefined =>
    objects.find(({ metadata }) => metadata.name === name);

/** Hosts of several profiles, beside those of a lab that has none. */
export function profiles(): void {
    it("refuses profiles that would make another machine of a host that is there", async () => {
        await configure({ hostProfiles: '{"rack":1}' });
        const { code, output } = await pulumi(["preview"], { quiet: true });
        expect(code, output).to.not.equal(0);
        expect(output).to.include("4 hosts, of which the first is host-0000, would be another machine");
    });

    it("gets hosts of other profiles: labels, root device hints, hardware and BIOS settings are theirs", async () => {
        const config = validate({ hostProfiles: SHARES, nodes: String(NODES) });
        const { hosts: planned } = plan(config, STACK);
        const before = await lab.live.identities();
        const isHost = (name: string): boolean => name.startsWith("host-");
        await configure({ hostProfiles: SHARES, nodes: NODES });
        await up();
        await eventually(
            "every host's hardware",
            600,
            async () => (await lab.live.ofHosts("hardwaredata")).length === NODES,
            () => lab.live.hostStates(),
        );
        const after = await lab.live.identities();
        expect(after).to.include(Object.fromEntries(Object.entries(before).filter(([name]) => isHost(name))));
        const [hosts, data, settings] = await Promise.all([
            lab.live.hosts(),
            lab.live.ofHosts("hardwaredata"),
            lab.live.ofHosts("hostfirmwaresettings"),
        ]);
        for (const { name, profile: profileName, uuid, nics } of planned) {
            expect(profileName, name).to.equal((OTHERS as Record<string, string>)[name] ?? "small");
            const profile = profileNamed(config.hostProfiles, profileName);
            expect(named(hosts, name)?.metadata.labels?.[PROFILE_LABEL], name).to.equal(profileName);
            expect(named(hosts, name)?.spec["rootDeviceHints"], name).to.deep.equal(rootDeviceHints(profile, uuid));
            const { hardware } = (named(data, name)?.spec ?? {}) as Found;
            expect(hardware?.systemVendor, name).to.include({
                manufacturer: profile.manufacturer,
                productName: profile.model,
            });
            expect([hardware?.ramMebibytes, hardware?.cpu.count], name).to.deep.equal([
                profile.memoryGib * 1024,
                profile.cpu.threads,
            ]);
            const disks = profile.disks.flatMap(({ count, model }) => Array<string>(count).fill(model));
            expect(hardware?.storage.map(({ model }) => model).sort(), name).to.deep.equal(disks.sort());
            const found = hardware?.nics.map(({ mac, lldp }) => [mac, lldp?.switchSystemName, lldp?.portID]);
            expect(found?.sort(), name).to.deep.equal(
                nics.map(({ mac, lldp }) => [mac, lldp?.system, lldp?.port]).sort(),
            );
            const biosSettings = (named(settings, name)?.status as { settings?: object } | undefined)?.settings;
            expect(biosSettings ?? {}, name).to.deep.equal(profile.bios ?? {});
        }
    });

    it("lets go of them again, with the hosts that are left as they were", async () => {
        expect((await pulumi(["config", "rm", "hostProfiles"], { quiet: true })).code).to.equal(0);
        await configure({ nodes: 4 });
        await up();
        const left = await lab.live.hosts();
        expect(left.map(({ metadata }) => metadata.name).sort()).to.deep.equal([0, 1, 2, 3].map(hostName));
        expect(left.filter(({ metadata }) => metadata.labels?.[PROFILE_LABEL] !== undefined)).to.deep.equal([]);
        expect(await previewedSteps()).to.deep.equal([]);
    });
}
