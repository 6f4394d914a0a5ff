/**
 * The tables against the types of the installed npm packages: what is served, and what is said not to be, is all there
 * is.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import * as ts from "typescript";
import { commandProvider } from "../../plugins/command/provider";
import { dockerProvider } from "../../plugins/docker/provider";
import { randomProvider } from "../../plugins/random/provider";
import { ProviderDefinition } from "../../plugins/shared/definition";
import { ObjectType, PropertyTable, PropertyType } from "../../plugins/shared/property";
import { schemaOf } from "../../plugins/shared/schema";

interface Member {
    optional: boolean;
    type: string;
}
type Members = Record<string, Member>;

function packageFile(name: string, file: string): ts.SourceFile {
    const path = join(dirname(require.resolve(`@pulumi/${name}/package.json`)), file);
    return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.ES2022);
}

function interfaceMembers(source: ts.SourceFile, name: string): Members {
    const found = source.statements.find(
        (statement): statement is ts.InterfaceDeclaration =>
            ts.isInterfaceDeclaration(statement) && statement.name.text === name,
    );
    if (found === undefined) {
        throw new Error(`${source.fileName} has no interface ${name}`);
    }
    return Object.fromEntries(
        found.members
            .filter(ts.isPropertySignature)
            .map((member) => [
                (member.name as ts.Identifier).text,
                { optional: member.questionToken !== undefined, type: member.type?.getText(source) ?? "" },
            ]),
    );
}

function classOutputs(source: ts.SourceFile, name: string): Members {
    const found = source.statements.find(
        (statement): statement is ts.ClassDeclaration =>
            ts.isClassDeclaration(statement) && statement.name?.text === name,
    );
    const elements: readonly ts.ClassElement[] = found?.members ?? [];
    const members = elements
        .filter((element) => ts.isPropertyDeclaration(element))
        .filter((member) => member.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ReadonlyKeyword));
    return Object.fromEntries(
        members.map((member) => [
            (member.name as ts.Identifier).text,
            { optional: false, type: member.type?.getText(source) ?? "" },
        ]),
    );
}

/** The shape of a type, however it is spelled: what the table must agree with. */
function shapeOf(type: string): string {
    const bare = type.replace(/\s+/g, " ").replace(/pulumi\.Input<|pulumi\.Output<|>| \| undefined/g, "");
    if (bare.endsWith("[]")) {
        return "list";
    }
    if (bare.startsWith("{")) {
        return "map";
    }
    return bare.startsWith("inputs.") ? "object" : bare.startsWith("enums.") ? "string" : bare;
}

function tableShape(type: PropertyType): string {
    if (typeof type === "string") {
        return type === "integer" ? "number" : type;
    }
    return "list" in type ? "list" : "map" in type ? "map" : "object";
}

function expectSame(members: Members, table: PropertyTable, notServed: readonly string[], where: string): void {
    expect([...Object.keys(table), ...notServed].sort(), where).to.deep.equal(Object.keys(members).sort());
    for (const [name, property] of Object.entries(table)) {
        expect(tableShape(property.type), `${where}.${name}`).to.equal(shapeOf(members[name]?.type ?? ""));
        expect(property.required ?? false, `${where}.${name} is required`).to.equal(!members[name]?.optional);
    }
}

const RESOURCES: {
    provider: ProviderDefinition;
    file: string;
    name: string;
    token: string;
    outputsNotServed?: string[];
}[] = [
    { provider: dockerProvider, file: "container.d.ts", name: "Container", token: "docker:index/container:Container" },
    { provider: dockerProvider, file: "network.d.ts", name: "Network", token: "docker:index/network:Network" },
    { provider: dockerProvider, file: "volume.d.ts", name: "Volume", token: "docker:index/volume:Volume" },
    {
        provider: randomProvider,
        file: "randomPassword.d.ts",
        name: "RandomPassword",
        token: "random:index/randomPassword:RandomPassword",
    },
    {
        provider: commandProvider,
        file: "local/command.d.ts",
        name: "Command",
        token: "command:local:Command",
        // They belong to archivePaths and assetPaths.
        outputsNotServed: ["archive", "assets"],
    },
];

describe("plugin tables against the npm packages' types", () => {
    for (const { provider, file, name, token, outputsNotServed = [] } of RESOURCES) {
        const resource = provider.resources.find((candidate) => candidate.token === token);

        it(`${token}: inputs, optional or required, and their shapes`, () => {
            expectSame(
                interfaceMembers(packageFile(provider.name, file), `${name}Args`),
                resource?.inputs ?? {},
                resource?.notServed ?? [],
                name,
            );
        });

        it(`${token}: outputs`, () => {
            const outputs = { ...resource?.inputs, ...resource?.outputs };
            expect([...Object.keys(outputs), ...(resource?.notServed ?? []), ...outputsNotServed].sort()).to.deep.equal(
                Object.keys(classOutputs(packageFile(provider.name, file), name)).sort(),
            );
        });
    }

    it("nested types of docker: members, optional or required, and their shapes", () => {
        const source = packageFile("docker", "types/input.d.ts");
        const seen = new Map<string, ObjectType>();
        const collect = (type: PropertyType): void => {
            if (typeof type === "string") {
                return;
            }
            if ("list" in type) {
                collect(type.list);
            } else if ("map" in type) {
                collect(type.map);
            } else {
                seen.set(type.object.split(":").at(-1) as string, type);
                Object.values(type.properties).forEach((property) => collect(property.type));
            }
        };
        dockerProvider.resources.forEach((resource) =>
            Object.values({ ...resource.inputs, ...resource.outputs }).forEach((property) => collect(property.type)),
        );
        expect([...seen.keys()]).to.include.members([
            "ContainerPort",
            "ContainerUpload",
            "NetworkIpamConfig",
            "VolumeLabel",
        ]);
        seen.forEach((type, name) =>
            expectSame(interfaceMembers(source, name), type.properties, type.notServed ?? [], name),
        );
    });

    it("docker configuration: host, and every other key named as not served", () => {
        const members = interfaceMembers(packageFile("docker", "provider.d.ts"), "ProviderArgs");
        expect([...Object.keys(dockerProvider.config), ...dockerProvider.configNotServed].sort()).to.deep.equal(
            Object.keys(members).sort(),
        );
    });

    for (const provider of [dockerProvider, randomProvider, commandProvider]) {
        it(`${provider.name}: the plugin has the version its npm package asks for`, () => {
            const manifest = JSON.parse(
                readFileSync(require.resolve(`@pulumi/${provider.name}/package.json`), "utf8"),
            ) as { pulumi: { version: string } };
            expect(provider.version).to.equal(manifest.pulumi.version);
        });
    }

    it("the schema has every resource under its token, with types resolved", () => {
        const schema = JSON.parse(schemaOf(dockerProvider)) as {
            resources: Record<string, { requiredInputs: string[] }>;
            types: Record<string, unknown>;
        };
        expect(Object.keys(schema.resources)).to.have.members(
            dockerProvider.resources.map((resource) => resource.token),
        );
        expect(schema.resources["docker:index/container:Container"]?.requiredInputs).to.deep.equal(["image"]);
        for (const reference of JSON.stringify(schema).matchAll(/"\$ref":"#\/types\/([^"]+)"/g)) {
            expect(schema.types).to.have.property(reference[1] as string);
        }
    });
});
