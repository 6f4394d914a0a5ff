// @peculiar/x509 resolves its parts by decorators' metadata, which this provides.
import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import * as ipaddr from "ipaddr.js";

x509.cryptoProvider.set(webcrypto as Crypto);

/** Key of a certificate: `ecdsa` is P-256, `rsa` 2048 bits. */
export type KeyType = "ecdsa" | "rsa";

/** A certificate and its private key (PKCS #8), both in PEM. */
export interface KeyPair {
    cert: string;
    key: string;
}

/** Content of a certificate. */
export interface CertificateSpec {
    /** Common name, 1–64 characters (RFC 5280, ub-common-name). */
    commonName: string;
    /** Organisations of the subject; Kubernetes reads them as groups. */
    organizations?: readonly string[];
    /** DNS names and IP addresses it is valid for. */
    names?: readonly string[];
    /** Extended key usages. A CA has none. */
    usages: readonly ("server" | "client")[];
    /** Default `ecdsa`. */
    keyType?: KeyType;
}

/** How far another machine's clock may be behind this one and still accept a new certificate, milliseconds. */
const CLOCK_SKEW = 60 * 60 * 1000;
const DAY = 24 * 60 * 60 * 1000;

/**
 * Limit of a common name (RFC 5280, ub-common-name). OpenSSL and Go refuse longer ones; service names pass it easily.
 */
export const COMMON_NAME_LIMIT = 64;

const ALGORITHMS = {
    ecdsa: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
    rsa: { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
} as const;

/**
 * A self-signed CA.
 *
 * @param validityDays days from now.
 * @param keyType `rsa` for the CAs that CAPI's in-memory API server signs with, which reads no other.
 */
export async function issueAuthority(
    commonName: string,
    validityDays: number,
    keyType: KeyType = "ecdsa",
): Promise<KeyPair> {
    const keys = await generateKeys(keyType);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        serialNumber: serialNumber(),
        name: subject({ commonName, usages: [] }),
        ...validity(validityDays),
        signingAlgorithm: ALGORITHMS[keyType],
        keys,
        extensions: [
            new x509.BasicConstraintsExtension(true, undefined, true),
            new x509.KeyUsagesExtension(
                x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature,
                true,
            ),
            await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
    });
    return { cert: pem(certificate), key: await privateKeyPem(keys.privateKey) };
}

/**
 * A certificate signed by an authority. It never outlives the authority.
 *
 * @param validityDays days from now.
 */
export async function issueCertificate(
    authority: KeyPair,
    spec: CertificateSpec,
    validityDays: number,
): Promise<KeyPair> {
    const issuer = new x509.X509Certificate(authority.cert);
    const signingKey = await importPrivateKey(authority, issuer);
    const keyType = spec.keyType ?? "ecdsa";
    const keys = await generateKeys(keyType);
    const { notBefore, notAfter } = validity(validityDays);
    const names = spec.names ?? [];
    const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: subject(spec),
        issuer: issuer.subjectName,
        notBefore,
        notAfter: notAfter > issuer.notAfter ? issuer.notAfter : notAfter,
        signingAlgorithm: algorithmOf(issuer),
        publicKey: keys.publicKey,
        signingKey,
        extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(
                x509.KeyUsageFlags.digitalSignature | (keyType === "rsa" ? x509.KeyUsageFlags.keyEncipherment : 0),
                true,
            ),
            new x509.ExtendedKeyUsageExtension(
                spec.usages.map((usage) =>
                    usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
                ),
            ),
            ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names.map(generalName))]),
            await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
            await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ],
    });
    return { cert: pem(certificate), key: await privateKeyPem(keys.privateKey) };
}

/** A bare RSA key pair, for signing Kubernetes' service-account tokens: PKCS #8 and SubjectPublicKeyInfo, in PEM. */
export async function issueSigningKeys(): Promise<{ publicKey: string; privateKey: string }> {
    const keys = await generateKeys("rsa");
    const spki = await webcrypto.subtle.exportKey("spki", keys.publicKey);
    return {
        publicKey: `${x509.PemConverter.encode(spki, x509.PemConverter.PublicKeyTag)}\n`,
        privateKey: await privateKeyPem(keys.privateKey),
    };
}

/**
 * Whether a certificate that was issued earlier can stay: this authority has signed it, it has the wanted content, and
 * it stays valid for some time.
 *
 * @param leastDays days it must still be valid.
 */
export async function stillFits(
    pair: KeyPair,
    authority: KeyPair,
    spec: CertificateSpec,
    leastDays: number,
): Promise<boolean> {
    const certificate = new x509.X509Certificate(pair.cert);
    const issuer = new x509.X509Certificate(authority.cert);
    const alternative = certificate.getExtension(x509.SubjectAlternativeNameExtension);
    const names = (alternative?.names.items ?? []).map((name) => canonicalName(name.value));
    const usages = certificate.getExtension(x509.ExtendedKeyUsageExtension)?.usages ?? [];
    const wantedUsages = spec.usages.map((usage) =>
        usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth,
    );
    return (
        certificate.subject === new x509.Name(subject(spec)).toString() &&
        sameSet(names, (spec.names ?? []).map(canonicalName)) &&
        sameSet(usages.map(String), wantedUsages.map(String)) &&
        certificate.publicKey.algorithm.name === ALGORITHMS[spec.keyType ?? "ecdsa"].name &&
        validForDays(pair, leastDays) &&
        (await certificate.verify({ publicKey: issuer.publicKey, signatureOnly: true }))
    );
}

/** Whether a certificate is valid now and for so many days more. */
export function validForDays(pair: KeyPair, days: number): boolean {
    const certificate = new x509.X509Certificate(pair.cert);
    const now = Date.now();
    return certificate.notBefore.getTime() <= now && certificate.notAfter.getTime() >= now + days * DAY;
}

/** Common name of a certificate in PEM. */
export function commonNameOf(cert: string): string | undefined {
    return new x509.X509Certificate(cert).subjectName.getField("CN")[0];
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
    const a = new Set(left);
    const b = new Set(right);
    return a.size === b.size && [...a].every((item) => b.has(item));
}

/** A name in one spelling: `::1` is read back from a certificate as `0:0:0:0:0:0:0:1`. */
function canonicalName(name: string): string {
    return isIP(name) === 0 ? name.toLowerCase() : ipaddr.parse(name).toNormalizedString();
}

function generalName(name: string): x509.GeneralName {
    return new x509.GeneralName(isIP(name) === 0 ? "dns" : "ip", name);
}

/**
 * 127 random bits as a positive number: RFC 5280 requires a serial number to be positive, unique and at most 20 octets.
 */
function serialNumber(): string {
    const bytes = randomBytes(16);
    bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
    return bytes.toString("hex");
}

function subject(spec: CertificateSpec): x509.JsonName {
    if (spec.commonName === "" || spec.commonName.length > COMMON_NAME_LIMIT) {
        throw new Error(
            `common name ${JSON.stringify(spec.commonName)} must have 1 to ${COMMON_NAME_LIMIT} characters ` +
                `(it has ${spec.commonName.length})`,
        );
    }
    return [...(spec.organizations ?? []).map((organization) => ({ O: [organization] })), { CN: [spec.commonName] }];
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
    const now = Date.now();
    return { notBefore: new Date(now - CLOCK_SKEW), notAfter: new Date(now + days * DAY) };
}

async function generateKeys(keyType: KeyType): Promise<CryptoKeyPair> {
    return await webcrypto.subtle.generateKey(ALGORITHMS[keyType], true, ["sign", "verify"]);
}

function algorithmOf(certificate: x509.X509Certificate): (typeof ALGORITHMS)[KeyType] {
    return certificate.publicKey.algorithm.name === ALGORITHMS.ecdsa.name ? ALGORITHMS.ecdsa : ALGORITHMS.rsa;
}

async function importPrivateKey(pair: KeyPair, certificate: x509.X509Certificate): Promise<CryptoKey> {
    const der = x509.PemConverter.decodeFirst(pair.key);
    return await webcrypto.subtle.importKey("pkcs8", der, algorithmOf(certificate), false, ["sign"]);
}

function pem(certificate: x509.X509Certificate): string {
    return `${certificate.toString("pem")}\n`;
}

async function privateKeyPem(key: CryptoKey): Promise<string> {
    const der = await webcrypto.subtle.exportKey("pkcs8", key);
    return `${x509.PemConverter.encode(der, x509.PemConverter.PrivateKeyTag)}\n`;
}
