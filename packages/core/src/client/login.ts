import { collectSigners, loginSignatureInput } from '@jetstream/auth';
import { type ControlMessage, errorCodeFromWire, JetStreamError } from '@jetstream/protocol';
import type { Session } from '../session/session.ts';

export interface LoginRequest {
  user: string;
  hostName: string;
  identityFile: string | undefined;
  configDirectory: string;
}

/**
 * Accepts the server's key, waits for the keys of the channel, and logs in by public key: all keys at hand are offered in one
 * message, so that a login costs one round trip.
 * @returns the account that the server gave
 * @throws JetStreamError `login-refused`, `login-timeout`, or why the session closed
 */
export async function logIn(session: Session, request: LoginRequest): Promise<{ account: string }> {
  const signers = await collectSigners(
    request.identityFile === undefined
      ? { configDirectory: request.configDirectory }
      : { configDirectory: request.configDirectory, identityFile: request.identityFile },
  );
  return await new Promise((resolve, reject) => {
    session.handler = {
      onEstablished: (handshakeHash) => {
        const input = loginSignatureInput(handshakeHash, request.user);
        Promise.all(
          signers.map(async (signer) => ({ publicKey: signer.publicKeyBlob, signature: await signer.sign(input) })),
        ).then((publicKeys) => {
          session.sendControl({ body: { $case: 'login', value: { user: request.user, publicKeys } } });
        }, reject);
      },
      onControl: (message: ControlMessage) => {
        if (message.body?.$case !== 'loginResult') {
          throw new JetStreamError('protocol-violation', 'the server sent something else than the answer to the login');
        }
        const { errorCode, account } = message.body.value;
        if (errorCode === 0) resolve({ account });
        else reject(refused(request, errorCodeFromWire(errorCode) === 'limit-exceeded'));
      },
      onClosed: (error) => reject(error),
    };
    session.drainEvents();
  });
}

function refused({ user, hostName }: LoginRequest, limited: boolean): JetStreamError {
  return new JetStreamError(
    'login-refused',
    limited
      ? `${hostName} refuses logins from here for a while after too many failed ones: try again in a minute`
      : `${hostName} does not let ${user} in: add the line that 'jscp --print-identity' prints to ~${user}/.ssh/authorized_keys there, or to the server's own authorized_keys`,
    { subject: `${user}@${hostName}` },
  );
}
