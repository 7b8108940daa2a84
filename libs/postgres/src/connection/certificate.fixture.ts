import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** PEM texts for one test run; no key is kept anywhere. */
export interface TestCertificates {
  readonly ca: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate authority and a server certificate for the host name `host` (RFC 5280). */
export function createCertificates(host: string): TestCertificates {
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const server = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isCa = extension([0x55, 0x1d, 0x13], sequence(boolean(true)));
  const altName = extension([0x55, 0x1d, 0x11], sequence(tagged(0x82, Buffer.from(host))));
  const issuer = { name: 'Test CA', key: ca.privateKey };
  return {
    ca: certificate({ subject: 'Test CA', key: ca.publicKey, extension: isCa }, issuer),
    certificate: certificate({ subject: host, key: server.publicKey, extension: altName }, issuer),
    privateKey: server.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

interface Holder {
  readonly subject: string;
  readonly key: KeyObject;
  readonly extension: Buffer;
}

function certificate(holder: Holder, issuer: { name: string; key: KeyObject }): string {
  const toBeSigned = sequence(
    tagged(0xa0, integer(2)),
    integer(Math.floor(Math.random() * 0x7fffffff)),
    ECDSA_WITH_SHA256,
    name(issuer.name),
    sequence(utcTime('200101000000Z'), utcTime('491231235959Z')),
    name(holder.subject),
    holder.key.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(holder.extension)),
  );
  const signature = Buffer.concat([Buffer.of(0), sign('sha256', toBeSigned, issuer.key)]);
  const der = sequence(toBeSigned, ECDSA_WITH_SHA256, tagged(0x03, signature));
  const lines = der
    .toString('base64')
    .match(/.{1,64}/g)!
    .join('\n');
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const ECDSA_WITH_SHA256 = sequence(oid([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]));

function name(commonName: string): Buffer {
  const attribute = sequence(oid([0x55, 0x04, 0x03]), tagged(0x0c, Buffer.from(commonName)));
  return sequence(tagged(0x31, attribute));
}

function extension(id: number[], value: Buffer): Buffer {
  return sequence(oid(id), boolean(true), tagged(0x04, value));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function oid(bytes: number[]): Buffer {
  return tagged(0x06, Buffer.from(bytes));
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.of(value ? 0xff : 0));
}

function utcTime(text: string): Buffer {
  return tagged(0x17, Buffer.from(text));
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return tagged(0x02, (bytes[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), bytes]) : bytes);
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
