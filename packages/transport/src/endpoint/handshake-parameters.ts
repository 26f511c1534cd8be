import {
  AeadAlgorithm,
  CONNECTION_ID_BYTES,
  decodeHandshakeParameters,
  encodeHandshakeParameters,
  type HandshakeParameters,
  JetStreamError,
  PROTOCOL_VERSION,
} from '@jetstream/protocol';
import {
  type EndpointSettings,
  INITIAL_BLOCK_CREDIT,
  INITIAL_STREAM_CREDIT_BYTES,
  type PeerParameters,
} from '../handshake-driver.ts';

const MAX_SOFTWARE_LENGTH = 100;

/** Noise prologue (PROTOCOL.md §1.2): binds the handshake to the version and to the client's connection id. */
export function noisePrologue(clientConnectionId: Uint8Array): Uint8Array {
  const prologue = Buffer.alloc(PROLOGUE_LABEL.length + 4 + CONNECTION_ID_BYTES);
  prologue.write(PROLOGUE_LABEL, 'ascii');
  prologue.writeUInt32BE(PROTOCOL_VERSION, PROLOGUE_LABEL.length);
  prologue.set(clientConnectionId, PROLOGUE_LABEL.length + 4);
  return prologue;
}

const PROLOGUE_LABEL = 'jetstream';

/** Payload of message 1, which anybody can read: nothing but the AEADs that the client can do, best first. */
export function encodeOffer(algorithms: readonly AeadAlgorithm[]): Uint8Array {
  return encodeHandshakeParameters({ ...NOTHING, aeads: [...algorithms] });
}

/**
 * Payload of messages 2 and 3.
 * @param picked message 2: the AEAD picked
 */
export function encodeOwnParameters(
  settings: EndpointSettings,
  connectionId: Uint8Array,
  picked?: AeadAlgorithm,
): Uint8Array {
  return encodeHandshakeParameters({
    connectionId,
    aeads: picked === undefined ? [] : [picked],
    initialStreamCredit: INITIAL_STREAM_CREDIT_BYTES,
    initialBlockCredit: INITIAL_BLOCK_CREDIT,
    maxDatagramBytes: settings.maxDatagramBytes,
    idleTimeoutMs: settings.idleTimeoutMs,
    software: printable(settings.software),
  });
}

/**
 * Server (HS-10): what both machines do fast. One without instructions for AES names ChaCha20-Poly1305 first: AES would hold it
 * up much more than ChaCha20 does the other. Else the first of the client's list that this machine can do.
 * @throws JetStreamError `handshake-failed` when there is none
 */
export function pickAead(payload: Uint8Array, ours: readonly AeadAlgorithm[]): AeadAlgorithm {
  const { aeads } = decodeHandshakeParameters(payload);
  const shared = aeads.filter((offered): offered is AeadAlgorithm => ours.some((own) => own === offered));
  const wanted = ours[0] === AeadAlgorithm.ChaCha20Poly1305 && shared.includes(ours[0]) ? ours[0] : undefined;
  const picked = wanted ?? shared[0];
  if (picked === undefined) throw failed('client and server have no AEAD in common');
  return picked;
}

/** What message 2 or 3 told, checked. */
export interface ParsedParameters {
  connectionId: Uint8Array;
  aeads: readonly number[];
  peer: PeerParameters;
}

/**
 * @param headerConnectionId source connection id of the packet that carried the payload
 * @throws JetStreamError `handshake-failed` when the ids differ (HS-9), `protocol-violation` for values out of range
 */
export function parseParameters(
  payload: Uint8Array,
  headerConnectionId: Uint8Array,
  settings: EndpointSettings,
): ParsedParameters {
  const parameters = decodeHandshakeParameters(payload);
  if (Buffer.compare(parameters.connectionId, headerConnectionId) !== 0) {
    throw failed('the connection id of the packet differs from the one in the handshake');
  }
  return {
    connectionId: parameters.connectionId,
    aeads: parameters.aeads,
    peer: {
      initialStreamCreditBytes: parameters.initialStreamCredit,
      initialBlockCredit: parameters.initialBlockCredit,
      maxDatagramBytes: parameters.maxDatagramBytes,
      // 0 is "not told", and must not come to mean "at once" or "never".
      idleTimeoutMs: Math.min(settings.idleTimeoutMs, parameters.idleTimeoutMs || settings.idleTimeoutMs),
      software: printable(parameters.software),
    },
  };
}

/** Client (HS-10): the AEAD that the server picked, one of ours. */
export function checkPickedAead(aeads: readonly number[], ours: readonly AeadAlgorithm[]): AeadAlgorithm {
  const picked = ours.find((algorithm) => algorithm === aeads[0]);
  if (picked === undefined || aeads.length !== 1)
    throw failed('the server picked an AEAD that was not offered');
  return picked;
}

const NOTHING: HandshakeParameters = {
  connectionId: new Uint8Array(0),
  aeads: [],
  initialStreamCredit: 0,
  initialBlockCredit: 0,
  maxDatagramBytes: 0,
  idleTimeoutMs: 0,
  software: '',
};

/** It ends in logs and on terminals: no control characters, no direction overrides. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SOFTWARE_LENGTH);
}

function failed(message: string): JetStreamError {
  return new JetStreamError('handshake-failed', message);
}
