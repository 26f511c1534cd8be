import { createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type SshKeyPair, sshString } from './ssh-key-pair.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const FAILURE = 5;

export interface FakeAgent {
  socket: string;
  connectionsOpen(): number;
}

/**
 * An SSH agent as small as can be.
 * @param answer what to answer with instead: bytes, or 'silence'
 * @param refuseToSign answers every request for a signature with a failure
 */
export async function fakeAgent(
  keys: readonly SshKeyPair[],
  { answer, refuseToSign = false }: { answer?: Uint8Array | 'silence'; refuseToSign?: boolean } = {},
): Promise<FakeAgent> {
  const socket = join(temporaryDirectory(), 'agent');
  let open = 0;
  const server = createServer((connection) => {
    open++;
    connection.on('close', () => open--);
    connection.on('error', () => undefined);
    connection.on('data', (request) => {
      if (answer === 'silence') return;
      connection.write(answer ?? respond(request, keys, refuseToSign));
    });
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  return { socket, connectionsOpen: () => open };
}

function respond(request: Buffer, keys: readonly SshKeyPair[], refuseToSign: boolean): Buffer {
  const type = request[4];
  if (type === REQUEST_IDENTITIES) {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(keys.length);
    const listed = keys.flatMap((key) => [sshString(key.blob), sshString(Buffer.from('from the agent'))]);
    return sshString(Buffer.concat([Buffer.from([IDENTITIES_ANSWER]), count, ...listed]));
  }
  if (type === SIGN_REQUEST && !refuseToSign) {
    const blobEnd = 9 + request.readUInt32BE(5);
    const data = request.subarray(blobEnd + 4, blobEnd + 4 + request.readUInt32BE(blobEnd));
    const key = keys.find((candidate) => candidate.blob.equals(request.subarray(9, blobEnd)));
    if (key !== undefined) {
      const signature = Buffer.concat([sshString(Buffer.from('ssh-ed25519')), sshString(key.sign(data))]);
      return sshString(Buffer.concat([Buffer.from([SIGN_RESPONSE]), sshString(signature)]));
    }
  }
  return sshString(Buffer.from([FAILURE]));
}
