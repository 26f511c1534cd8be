import { JetStreamError } from '@jetstream/protocol';
import { NoiseSymmetricState } from './noise-symmetric-state.ts';
import { X25519_BYTES, type X25519KeyPair, x25519, x25519KeyPair } from './x25519.ts';

export const NOISE_PROTOCOL_NAME = 'Noise_XX_25519_AESGCM_SHA256';
/** Noise specification §3. */
export const MAX_NOISE_MESSAGE_BYTES = 65_535;

export type NoiseRole = 'initiator' | 'responder';

export interface NoiseXXOptions {
  role: NoiseRole;
  /** Must be the same at both ends. */
  prologue: Uint8Array;
  staticKey: X25519KeyPair;
  /** 32 fresh random bytes, for this handshake only. */
  ephemeralPrivateKey: Uint8Array;
}

/** Secrets after the handshake, 32 bytes each. */
export interface NoiseSecrets {
  send: Uint8Array;
  receive: Uint8Array;
}

type Token = 'e' | 's' | 'ee' | 'es' | 'se';

/** Pattern XX (Noise specification §7.5); the initiator writes the first and the last message. */
const MESSAGES: readonly (readonly Token[])[] = [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']];

/**
 * One handshake `Noise_XX_25519_AESGCM_SHA256` (Noise specification, revision 34, §5.3). Both sides prove their static key
 * and agree on secrets; neither static key is sent in the clear.
 *
 * Every failure throws JetStreamError `handshake-failed`. A message that fails to read changes nothing, so that the
 * genuine one can still be read after a forged one.
 */
export class NoiseXX {
  readonly #initiator: boolean;
  readonly #staticKey: X25519KeyPair;
  readonly #ephemeralKey: X25519KeyPair;
  #symmetric: NoiseSymmetricState;
  #remoteEphemeral: Uint8Array | undefined;
  #remoteStatic: Uint8Array | undefined;
  #messageIndex = 0;

  constructor(options: NoiseXXOptions) {
    this.#initiator = options.role === 'initiator';
    this.#staticKey = options.staticKey;
    this.#ephemeralKey = x25519KeyPair(options.ephemeralPrivateKey);
    this.#symmetric = new NoiseSymmetricState(NOISE_PROTOCOL_NAME);
    this.#symmetric.mixHash(options.prologue);
  }

  /** The next message, with `payload` in it: readable by anyone in message 1, encrypted in 2, and for the responder alone in 3. */
  writeMessage(payload: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const token of this.#nextMessage(this.#initiator)) {
      if (token === 'e') {
        this.#symmetric.mixHash(this.#ephemeralKey.publicKey);
        parts.push(this.#ephemeralKey.publicKey);
      } else if (token === 's') {
        parts.push(this.#symmetric.encryptAndHash(this.#staticKey.publicKey));
      } else {
        this.#symmetric.mixKey(this.#sharedSecret(token, this.#remoteEphemeral, this.#remoteStatic));
      }
    }
    parts.push(this.#symmetric.encryptAndHash(payload));
    const message = new Uint8Array(Buffer.concat(parts));
    if (message.length > MAX_NOISE_MESSAGE_BYTES) throw failed('a handshake message is too long');
    this.#messageIndex++;
    return message;
  }

  /** @returns the payload */
  readMessage(message: Uint8Array): Uint8Array {
    const tokens = this.#nextMessage(!this.#initiator);
    if (message.length > MAX_NOISE_MESSAGE_BYTES) throw failed('a handshake message is too long');
    const symmetric = this.#symmetric.clone();
    let remoteEphemeral = this.#remoteEphemeral;
    let remoteStatic = this.#remoteStatic;
    let rest = message;
    for (const token of tokens) {
      if (token === 'e') {
        [remoteEphemeral, rest] = take(rest, X25519_BYTES);
        symmetric.mixHash(remoteEphemeral);
      } else if (token === 's') {
        const [sealed, after] = take(rest, X25519_BYTES + symmetric.tagBytes);
        remoteStatic = new Uint8Array(symmetric.decryptAndHash(sealed));
        rest = after;
      } else {
        symmetric.mixKey(this.#sharedSecret(token, remoteEphemeral, remoteStatic));
      }
    }
    const payload = symmetric.decryptAndHash(rest);
    this.#symmetric = symmetric;
    this.#remoteEphemeral = remoteEphemeral;
    this.#remoteStatic = remoteStatic;
    this.#messageIndex++;
    return new Uint8Array(payload);
  }

  get isComplete(): boolean {
    return this.#messageIndex === MESSAGES.length;
  }

  /** The peer's proven static public key, 32 bytes: known to the initiator after message 2, to the responder after message 3. */
  get remoteStatic(): Uint8Array | undefined {
    return this.#remoteStatic;
  }

  /** 32 bytes, the same at both ends and in no other handshake. Final when the handshake is complete. */
  get handshakeHash(): Uint8Array {
    return new Uint8Array(this.#symmetric.handshakeHash);
  }

  split(): NoiseSecrets {
    if (!this.isComplete) throw failed('the handshake is not complete');
    const [initiatorSends, responderSends] = this.#symmetric.split();
    return this.#initiator
      ? { send: initiatorSends, receive: responderSends }
      : { send: responderSends, receive: initiatorSends };
  }

  #nextMessage(initiatorsTurn: boolean): readonly Token[] {
    const tokens = MESSAGES[this.#messageIndex];
    const isInitiators = this.#messageIndex % 2 === 0;
    if (tokens === undefined || isInitiators !== initiatorsTurn)
      throw failed('a handshake message out of turn');
    return tokens;
  }

  /** `es` is the initiator's ephemeral with the responder's static key, `se` the other way round. */
  #sharedSecret(
    token: 'ee' | 'es' | 'se',
    remoteEphemeral: Uint8Array | undefined,
    remoteStatic: Uint8Array | undefined,
  ): Uint8Array {
    const ours =
      token === 'ee' || (token === 'es') === this.#initiator ? this.#ephemeralKey : this.#staticKey;
    const theirs = token === 'ee' || (token === 'es') !== this.#initiator ? remoteEphemeral : remoteStatic;
    if (theirs === undefined) throw failed('a handshake message out of turn');
    return x25519(ours.privateKey, theirs);
  }
}

function take(bytes: Uint8Array, length: number): [Uint8Array, Uint8Array] {
  if (bytes.length < length) throw failed('a handshake message is cut short');
  // A copy: the datagram's memory is used again, and `slice` of a Buffer would share it.
  return [new Uint8Array(bytes.subarray(0, length)), bytes.subarray(length)];
}

function failed(message: string): JetStreamError {
  return new JetStreamError('handshake-failed', message);
}
