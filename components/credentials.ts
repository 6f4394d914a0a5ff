import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import * as bcrypt from "bcryptjs";
import { BMC_USERNAME } from "../plan/identities";

/**
 * The fewest rounds bcrypt knows, as a power of two: a 32-character random password needs no stretching, and Ironic
 * verifies it at every request.
 */
const BCRYPT_ROUNDS = 4;
const SALT_BYTES = 16;

/** Every password of the lab: random, made once, kept as secrets in the stack's state. */
export class Credentials extends pulumi.ComponentResource {
    readonly ironic: { username: string; password: pulumi.Output<string>; htpasswd: pulumi.Output<string> };
    readonly database: { password: pulumi.Output<string>; rootPassword: pulumi.Output<string> };
    readonly bmc: { username: string; password: pulumi.Output<string>; htpasswd: pulumi.Output<string> };

    constructor(name: string, opts?: pulumi.ComponentResourceOptions) {
        super("metal3lab:index:Credentials", name, {}, opts);
        const password = (of: string) =>
            new random.RandomPassword(`${name}-${of}`, { length: 32, special: false }, { parent: this }).result;
        const user = (username: string, secret: pulumi.Output<string>) => ({
            username,
            password: secret,
            htpasswd: pulumi.secret(secret.apply((text) => `${username}:${bcryptHash(text)}`)),
        });
        this.ironic = user("metal3", password("ironic"));
        this.database = { password: password("database"), rootPassword: password("database-root") };
        this.bmc = user(BMC_USERNAME, password("bmc"));
        this.registerOutputs({});
    }
}

/** The bcrypt hash of a password, always the same for the same one: a random salt would be a change at every run. */
export function bcryptHash(password: string): string {
    const salt = createHash("sha256").update(`salt/${password}`).digest().subarray(0, SALT_BYTES);
    const encoded = bcrypt.encodeBase64(salt, SALT_BYTES);
    // Apache's and Python's bcrypt write 2y or 2b for what they compute alike.
    return bcrypt.hashSync(password, `$2b$${String(BCRYPT_ROUNDS).padStart(2, "0")}$${encoded}`);
}
