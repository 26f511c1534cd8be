import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

const PREFIX = Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1');

/** An Ed25519 key made by node:crypto alone, so that what reads it is tested against another maker. */
export interface SshKeyPair {
  privateKey: KeyObject;
  blob: Buffer;
  /** The line for authorized_keys. */
  line: string;
  sign(data: Uint8Array): Buffer;
  /** OpenSSH's private key format (PROTOCOL.key), not encrypted. */
  openSshFile(): string;
}

export function sshKeyPair(comment = 'test'): SshKeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  return fromPrivateKey(privateKey, comment);
}

function fromPrivateKey(privateKey: KeyObject, comment: string): SshKeyPair {
  const { d, x } = privateKey.export({
    format: 'jwk',
  });
  const publicBytes = Buffer.from(x!, 'base64url');
  const blob = Buffer.concat([PREFIX, publicBytes]);
  return {
    privateKey,
    blob,
    line: `ssh-ed25519 ${blob.toString('base64')} ${comment}`,
    sign: (data) => sign(null, data, privateKey),
    openSshFile: () => {
      const secret = Buffer.concat([
        Buffer.from([1, 2, 3, 4, 1, 2, 3, 4]),
        blob,
        sshString(Buffer.concat([Buffer.from(d!, 'base64url'), publicBytes])),
        sshString(Buffer.from(comment)),
      ]);
      const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (secret.length % 8)) % 8));
      const body = Buffer.concat([
        Buffer.from('openssh-key-v1\0'),
        sshString(Buffer.from('none')),
        sshString(Buffer.from('none')),
        sshString(Buffer.alloc(0)),
        Buffer.from([0, 0, 0, 1]),
        sshString(blob),
        sshString(Buffer.concat([secret, padding])),
      ]);
      const lines = body.toString('base64').match(/.{1,70}/g)!;
      return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
        '\n',
      );
    },
  };
}

export function sshString(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
