import { randomBytes } from 'node:crypto';
import type { RatePolicy } from '@jetstream/congestion';
import { JetStreamError } from '@jetstream/protocol';
import type { KnownPath } from '../contract.ts';
import { Lanes } from '../lane/lanes.ts';
import { Session } from '../session/session.ts';

/** A second address is tried while the first has not answered for so long (RFC 8305). */
const NEXT_ADDRESS_AFTER_MS = 300;
/** Blocks that one client holds for receiving: 512 MiB at the very most, allocated only when a long fast path needs them. */
const CLIENT_MAX_BLOCKS = 512;

export interface ClientLaneOptions {
  congestion: 'bbr' | 'cubic';
  ratePolicy: RatePolicy;
  handshakeTimeoutMs: number;
  remembersPaths: boolean;
  /** Does without native functions in the network thread. */
  portable: boolean;
  /** Own UDP port. Default 0: any that is free. */
  port?: number;
  /** X25519. Default: a fresh one, which tells the server nothing; users are known by what they log in with. */
  staticPrivateKey?: Uint8Array;
}

/** Starts the network thread of a client. */
export function startClientLanes(
  options: ClientLaneOptions,
  onPathSeen: (path: KnownPath) => void,
): Promise<Lanes> {
  return Lanes.start(
    {
      port: 0,
      staticPrivateKey: randomBytes(32),
      ...options,
      count: 1,
      host: undefined,
      acceptIncoming: false,
      maxBlocks: CLIENT_MAX_BLOCKS,
    },
    { onIncoming: () => undefined, onPathSeen, onPathError: () => undefined },
  );
}

export interface ConnectRequest {
  addresses: readonly string[];
  port: number;
  hostName: string;
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** A session whose server has shown its key; the key is not accepted yet. */
export interface AnsweredSession {
  session: Session;
  serverKey: Uint8Array;
}

/**
 * Starts a handshake with each address in turn; the first that answers wins, the others are dropped.
 * @throws JetStreamError `host-unreachable` when none answers in time, `version-mismatch`, `cancelled`
 */
export async function connectToFirst(lanes: Lanes, request: ConnectRequest): Promise<AnsweredSession> {
  const sessions = new Set<Session>();
  return await new Promise<AnsweredSession>((resolve, reject) => {
    let next = 0;
    let timer: NodeJS.Timeout | undefined;
    let lastError: JetStreamError | undefined;
    let settled = false;
    const deadline = setTimeout(() => giveUp(lastError ?? unreachable(request)), request.timeoutMs);
    const onAbort = () => giveUp(new JetStreamError('cancelled', 'cancelled while connecting'));
    request.signal?.addEventListener('abort', onAbort);

    const settle = (winner: Session | undefined) => {
      settled = true;
      clearTimeout(timer);
      clearTimeout(deadline);
      request.signal?.removeEventListener('abort', onAbort);
      for (const session of sessions) if (session !== winner) session.close('none', '');
    };
    const giveUp = (error: JetStreamError) => {
      settle(undefined);
      reject(error);
    };
    const tryNext = () => {
      const address = request.addresses[next++];
      if (address === undefined) return;
      const session: Session = new Session(lanes.connect({ address, port: request.port }), {
        onPeerKey: (serverKey) => {
          if (settled) return;
          settle(session);
          resolve({ session, serverKey });
        },
        onControl: () => undefined,
        onClosed: (error) => {
          sessions.delete(session);
          if (settled) return;
          if (error.code === 'version-mismatch' || error.code === 'handshake-failed') lastError = error;
          if (next < request.addresses.length) tryNext();
          else if (sessions.size === 0) giveUp(lastError ?? unreachable(request));
        },
      });
      sessions.add(session);
      timer = setTimeout(tryNext, NEXT_ADDRESS_AFTER_MS);
    };
    if (request.signal?.aborted === true) onAbort();
    else tryNext();
  });
}

function unreachable({ addresses, port, hostName, timeoutMs }: ConnectRequest): JetStreamError {
  const tried = addresses
    .map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`))
    .join(', ');
  return new JetStreamError(
    'host-unreachable',
    `no answer from ${hostName} within ${timeoutMs / 1000} s (tried UDP ${tried}): check that a JetStream server runs there and that the firewall lets UDP ${port} through`,
    { subject: hostName },
  );
}
