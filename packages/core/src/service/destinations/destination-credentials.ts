import type { Parameters } from '@jetstream/api';
import { parsePrivateKey, type SecretBox, type Signer } from '@jetstream/auth';
import type { Credentials } from '../../client/credentials.ts';
import type { OwnerIdentity } from './owner-identity.ts';
import type { DestinationCredentials, DestinationRecord } from './record.ts';
import { vouchesFor } from './vouching.ts';

/** As a caller gives them: one of the first three, or none. */
export type GivenCredentials = Pick<
  Parameters<'send.createDestination'>,
  'password' | 'privateKey' | 'token' | 'tokenPassword'
>;

interface Secret {
  kind: DestinationCredentials['kind'];
  /** Of a password, a key or a token. */
  text: string;
  tokenPassword: string;
}

/** How to log in, and what can be done when that is refused. */
export interface DestinationLogin {
  credentials: Credentials;
  advice: string;
}

/** Credentials of destinations: sealed as long as nobody logs in with them. */
export class CredentialStore {
  readonly #box: SecretBox;
  readonly #identityOf: OwnerIdentity;
  readonly #hostKey: string;

  /** @param hostKey of this server, base64: what other servers know it by */
  constructor(box: SecretBox, identityOf: OwnerIdentity, hostKey: string) {
    this.#box = box;
    this.#identityOf = identityOf;
    this.#hostKey = hostKey;
  }

  /** @throws JetStreamError `invalid-argument`, `login-refused` for a key that cannot be used */
  async check({ privateKey }: GivenCredentials): Promise<void> {
    if (privateKey !== undefined) await keyOf(privateKey);
  }

  /** @throws JetStreamError as `SecretBox.seal` */
  seal(given: GivenCredentials, destinationId: string): DestinationCredentials {
    const secret = secretOf(given);
    const { kind } = secret;
    if (kind === 'none') return { kind };
    return { kind, sealed: this.#box.seal(JSON.stringify(secret), contextOf(destinationId)) };
  }

  /** Whether those of a destination are the ones given; never when they cannot be read any more. */
  isSame({ destinationId, credentials }: DestinationRecord, given: GivenCredentials): boolean {
    const secret = secretOf(given);
    if (secret.kind !== credentials.kind || credentials.kind === 'none')
      return secret.kind === credentials.kind;
    try {
      return this.#box.open(credentials.sealed, contextOf(destinationId)) === JSON.stringify(secret);
    } catch {
      return false;
    }
  }

  /** @throws JetStreamError as `SecretBox.open`; `permission-denied` when the owner is no account any more */
  async loginTo(destination: DestinationRecord): Promise<DestinationLogin> {
    const { destinationId, owner, userName, credentials } = destination;
    const trust = vouchesFor(destination)
      ? `trust this server there: ${trustCommand(this.#hostKey, userName)}`
      : `name ${owner} as userName, for this server speaks for nobody else`;
    const listed = (signer: Signer) =>
      `add the line '${publicKeyLine(signer)}' to ~${userName}/.ssh/authorized_keys there, or ${trust}`;
    if (credentials.kind === 'none') {
      const { signer, why } = await this.#identityOf(owner);
      return {
        credentials: { kind: 'keys', signers: Promise.resolve(signer === undefined ? [] : [signer]) },
        advice:
          signer === undefined
            ? `${trust}, or give the destination a password, privateKey or token (${owner} has no identity to log in with here: ${why})`
            : listed(signer),
      };
    }
    const { text, tokenPassword }: Secret = JSON.parse(
      this.#box.open(credentials.sealed, contextOf(destinationId)),
    );
    switch (credentials.kind) {
      case 'password':
        return {
          credentials: { kind: 'password', password: text },
          advice: 'correct userName or password of the destination',
        };
      case 'token':
        return {
          credentials: { kind: 'token', token: text, password: tokenPassword },
          advice: 'the token may have expired, or have been deleted there: give the destination another one',
        };
      case 'key': {
        const signer = await keyOf(text);
        return {
          credentials: { kind: 'keys', signers: Promise.resolve([signer]) },
          advice: listed(signer),
        };
      }
    }
  }
}

function secretOf({ password, privateKey, token, tokenPassword = '' }: GivenCredentials): Secret {
  const none = { tokenPassword: '' };
  if (password !== undefined) return { kind: 'password', text: password, ...none };
  if (privateKey !== undefined) return { kind: 'key', text: privateKey, ...none };
  if (token !== undefined) return { kind: 'token', text: token, tokenPassword };
  return { kind: 'none', text: '', ...none };
}

/** What a superuser of the other server types there. Whom no account is given for is never root (LG-8). */
function trustCommand(hostKey: string, userName: string): string {
  const command = `jetstream api --superuser addAuthorizedClientAsync --wait --clientPublicKey ${hostKey}`;
  if (userName !== 'root') return `'${command}'`;
  return `'${command} --account root', which makes all users of this server root there`;
}

function contextOf(destinationId: string): string {
  return `destination/${destinationId}`;
}

async function keyOf(text: string): Promise<Signer> {
  // A file that was pasted may have lost, or gained, line ends.
  const lines = text.trim().replaceAll('\r\n', '\n');
  return parsePrivateKey(Buffer.from(`${lines}\n`), 'the privateKey of the destination');
}

function publicKeyLine({ publicKeyBlob, comment }: Signer): string {
  return `ssh-ed25519 ${Buffer.from(publicKeyBlob).toString('base64')} ${comment}`.trim();
}
